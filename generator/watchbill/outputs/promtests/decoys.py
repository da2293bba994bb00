"""Series that a rule must not count: of another job, of what the signal excludes, of another environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from watchbill.model.bundle import Environment
from watchbill.model.examples import ExampleSeries
from watchbill.model.signals import Signal
from watchbill.naming import TARGET_LABELS
from watchbill.promql import literals

MORE = 7  # times as many events as the rule's own series have: enough to be seen in any sum
HIGHER = Decimal("1.5")
Place = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Decoy:
    """A change of labels that takes a series out of a signal; only series that carry the label `needs` have such."""

    labels: Mapping[str, str]
    needs: str = ""


def decoys(signal: Signal, *, excluded: bool = True) -> Iterable[Decoy]:
    """List one for each matcher of the target, and one for each label of which values are left out."""
    for matcher in signal.matchers:
        if matcher.label not in TARGET_LABELS:
            yield Decoy({matcher.label: f"{literals(matcher)[0]}-of-others"})
    for matcher in signal.excluded.values() if excluded else ():
        yield Decoy({matcher.label: literals(matcher)[0]}, needs=matcher.label)


def at_fault(series: ExampleSeries, *, higher: bool) -> ExampleSeries:
    """Let a series be at fault all the time, and louder than what is meant; one that would be gone stays healthy.

    Levels are `higher` only where more is worse.
    """
    pattern = series.firing if series.firing.present else series.healthy
    level = pattern.level * HIGHER if higher and pattern.level is not None else pattern.level
    loud = replace(pattern, slope=pattern.slope * MORE, level=level)
    return replace(series, healthy=loud, just_below=loud, firing=loud)


def elsewhere(environments: Iterable[Environment], place: Place) -> dict[str, str]:
    """Name another environment of the service, or one that nobody declared."""
    others = (env for env in environments if env.name != place["env"])
    other = next(others, None)
    return {"cluster": other.clusters[0], "env": other.name} if other else {**place, "env": f"{place['env']}-other"}


def still(series: ExampleSeries) -> ExampleSeries:
    """Keep a series healthy."""
    return replace(series, just_below=series.healthy, firing=series.healthy)
