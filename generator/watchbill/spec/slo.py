"""An objective as services write it: what all kinds share, and its indicator, in one mapping."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import ValidationInfo, WrapValidator

from watchbill.language.base import Authored, StrictBool
from watchbill.language.fields import Count, DurationText, KeyName, Ratio, Reference, Sentence, Title
from watchbill.quantity import Duration, Quantity, Unit
from watchbill.sli import Sli, kinds
from watchbill.spec.joined import join, read_joined
from watchbill.spec.runbook import AnyDecision


class SloSpec(Authored):
    """What every objective says, whatever its indicator.

    `objective` is the share that must be good over `period`. Alerts burn only with `min_bad_events` in their long
    window, so that a single failure at night pages nobody. `per` watches groups of a label one by one, at most
    `groups` of them. `action` is the first step of whoever answers its page; with `page: false` nobody is woken,
    and only the slow tiers tell. With `stage: shadow` its alerts are on trial. `missing_after` is how long the
    indicator may be missing, where its series are born with the first event and that may take long after a deploy.
    `adr` names decisions that it rests on.
    """

    title: Title
    """The objective's name for people."""
    signal: Reference
    """The signal of the service that the indicator reads."""
    objective: Ratio
    """The share that must be good over the period."""
    period: DurationText = Duration.parse("30d")
    """The rolling time over which that is promised."""
    min_bad_events: Count = Quantity(Decimal(5), Unit.COUNT)
    """The least number of bad events in a tier's long window, below which nothing fires."""
    per: tuple[KeyName, ...] = ()
    """The labels whose values are evaluated one by one, by their keys in the profile."""
    page: StrictBool = True
    """Whether a fast burn pages; without it only the slow tiers notify."""
    missing_after: DurationText | None = None
    """How long the indicator may be missing before an alert tells of that."""
    stage: Literal["live", "shadow"] = "live"
    """`shadow` sends its alerts to a log channel only."""
    groups: Count = Quantity(Decimal(20), Unit.COUNT)
    """The most values of the labels `per` that are expected."""
    impact: Sentence
    """Who suffers while it is missed, and how."""
    action: Sentence
    """The first step of whoever answers its page."""
    why: Sentence | None = None
    """Why the objective is what it is."""
    adr: tuple[AnyDecision, ...] = ()
    """The decisions that it rests on, by their ids."""

    @property
    def sli(self) -> Sli:
        """The indicator, which shares the objective's mapping."""
        joined: object = self  # by slo_models, which no type checker follows
        if not isinstance(joined, Sli):
            raise TypeError(f"{type(self).__name__} has no indicator")
        return joined


@cache
def slo_models() -> dict[str, type[SloSpec]]:
    """Join the objective's fields with each kind's."""
    return join(SloSpec, kinds(), "Slo")


def read_slo(data: Any, handler: Any, info: ValidationInfo) -> Any:  # noqa: ARG001 (pydantic's signature)
    """Validate an objective by the model of its kind."""
    if isinstance(data, SloSpec):
        return data
    return read_joined(data, slo_models(), info, noun="an objective", of="indicator")


AnySlo = Annotated[SloSpec, WrapValidator(read_slo)]
