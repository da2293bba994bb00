"""The history of an objective whose budget burns just too fast: raw series and what was recorded of them.

Everything is counted minute by minute from events, never from an expression. Windows are the real ones: an alert that
looks back three days needs three days, so these are written down, and only waiting is spared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from watchbill import naming
from watchbill.drill.history import Point, named, stored
from watchbill.model.alerts import Alert
from watchbill.model.burnrate import BurnTier
from watchbill.model.examples import ExampleSeries, SamplePattern, SourceCounter
from watchbill.model.slo import COUNTED_OVER, OVERLAP, Slo
from watchbill.quantity import Duration
from watchbill.stack.world import BASE, Series

EVENTS_A_MINUTE = 1200.0
PAST = Decimal("1.1")  # how far past its threshold the budget burns
MINUTE = 60
FIVE = COUNTED_OVER.milliseconds // 60_000
RAW_MINUTES = 75  # of raw series: no rule reads them further back than an hour
COARSE_FROM, COARSE = 4 * 1440, 2  # minutes: older than every window but the period, a point each second minute


def minutes(duration: Duration) -> int:
    """Say a duration in whole minutes."""
    return duration.milliseconds // 60_000


@dataclass(frozen=True, slots=True)
class MinuteCounts:
    """Good and bad events of every minute of a period, the present one last; of a timed objective, 1 and 0."""

    good: Sequence[float]
    bad: Sequence[float]

    def ratio(self, window: int) -> float:
        """Return the share that was bad in the last so many minutes."""
        bad = sum(self.bad[-window:])
        return bad / (sum(self.good[-window:]) + bad)


def minute_counts(slo: Slo, tier: BurnTier | None, ended: int = 0) -> MinuteCounts:
    """Let a tier burn just too fast until so many minutes ago; without a tier, all is well."""
    length = minutes(slo.period)
    bad = [0.0] * length
    if tier is not None:
        share = float(min(tier.above * PAST, Decimal(1)))
        long, short = minutes(tier.long), minutes(tier.short)
        if slo.timed:
            for at in _bad_minutes(long, short, math.ceil(share * long)):
                bad[length - 1 - ended - at] = 1.0
        else:
            for at in range(long):
                bad[length - 1 - ended - at] = EVENTS_A_MINUTE * share
    flow = 1.0 if slo.timed else EVENTS_A_MINUTE
    return MinuteCounts([flow - each for each in bad], bad)


def _bad_minutes(long: int, short: int, count: int) -> Iterator[int]:
    """Spread bad minutes evenly over a long window; the last one falls into the short one, late if it can."""
    step = long / count
    last = min(short * 3 // 4, int(step / 2))
    yield from (last + math.floor(number * (long - 1 - last) / max(1, count - 1)) for number in range(count))


def asked(alert: Alert, slo: Slo, course_: MinuteCounts) -> Alert:
    """Write down what the alert must say of the budget, from the events; a rate of nothing says nothing."""
    left, fastest = _left(slo, course_), min(tier.long for tier in slo.tiers)
    burn = course_.ratio(minutes(fastest)) / float(slo.budget)
    found = []
    for each in alert.asked:
        if each.series == naming.SLO_BUDGET_LEFT:
            found.append(replace(each, example_value=Decimal(repr(left))))
        elif burn > 0 and left > 0:
            found.append(replace(each, example_value=Decimal(int(left * float(slo.period.seconds) / burn))))
    return replace(alert, asked=tuple(found))


def _left(slo: Slo, course_: MinuteCounts) -> float:
    return 1 - course_.ratio(minutes(slo.period)) / float(slo.budget)


def recorded(
    slo: Slo, course_: MinuteCounts, labels: Mapping[str, str], place: Mapping[str, str], now: float
) -> Iterator[Point]:
    """Write what the rules have recorded until now: counts, each event once, the heartbeat, and the budget."""
    own = {**dict(slo.labels), **labels, **place}
    events, errors = (named(name, own) for name in (naming.SLO_EVENTS, naming.SLO_ERRORS))
    events_once, errors_once = (named(name, own) for name in (naming.SLO_EVENTS_ONCE, naming.SLO_ERRORS_ONCE))
    beat = named(naming.SLO_HEARTBEAT, dict(slo.labels))
    bad = _counts(slo, course_.bad)
    all_ = _counts(slo, [good + ill for good, ill in zip(course_.good, course_.bad, strict=True)])
    share = 1 if slo.timed else OVERLAP
    length = len(bad)
    for minute in range(FIVE, length):
        if length - minute > COARSE_FROM and minute % COARSE:
            continue
        at = now - (length - 1 - minute) * MINUTE
        yield at, beat, 1.0
        yield at, events, all_[minute]
        yield at, errors, bad[minute]
        yield at, events_once, sum(all_[minute - FIVE + 1 : minute + 1]) / share
        yield at, errors_once, sum(bad[minute - FIVE + 1 : minute + 1]) / share


def _counts(slo: Slo, each: Sequence[float]) -> list[float]:
    """Say of every minute what was counted: the last five minutes, or of a timed objective the minute alone."""
    if slo.timed:
        return list(each)
    return [sum(each[max(0, minute - FIVE + 1) : minute + 1]) for minute in range(len(each))]


def raw(counters: Sequence[tuple[SourceCounter, Series]], course_: MinuteCounts, now: float) -> Iterator[Point]:
    """Write the counters of the last hour; those of bad events stand still while there are none."""
    names = [stored(series.text, series.target) for _, series in counters]
    values = [BASE] * len(counters)
    for ago in range(RAW_MINUTES, -1, -1):
        good, bad = course_.good[-1 - ago], course_.bad[-1 - ago]
        for index, (counter, _) in enumerate(counters):
            values[index] += good * float(counter.good) + bad * float(counter.bad)
            yield now - ago * MINUTE, names[index], values[index]


def live(counter: SourceCounter, course_: MinuteCounts) -> ExampleSeries:
    """Let a counter go on as it did in the last minute, from where its history ends."""
    rate = (course_.good[-1] * float(counter.good) + course_.bad[-1] * float(counter.bad)) / MINUTE
    reached = BASE + sum(
        good * float(counter.good) + bad * float(counter.bad)
        for good, bad in zip(course_.good[-1 - RAW_MINUTES :], course_.bad[-1 - RAW_MINUTES :], strict=True)
    )
    pattern = SamplePattern(slope=Decimal(repr(rate)), level=Decimal(repr(reached)))
    return ExampleSeries(counter.metric, counter.labels, pattern, pattern, pattern)
