"""Objectives as they are emitted: what is recorded, and which tiers page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from watchbill.model.burnrate import BurnTier
from watchbill.model.examples import SliSource
from watchbill.model.origin import Origin
from watchbill.model.pages import Citation
from watchbill.quantity import Duration

SAMPLED = Duration.parse("1m")  # how often events are recorded
COUNTED_OVER = Duration.parse("5m")  # the window in which they are counted
OVERLAP = COUNTED_OVER.milliseconds // SAMPLED.milliseconds  # how often each event is counted so
STEPPED_FROM = Duration.parse("1d")  # windows from this one on read one sample every COUNTED_OVER, a fifth of all


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording rule; `labels` are its own beside those that its objective gives to all of them."""

    record: str
    expr: str
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RecordingGroup:
    """Recording rules that are evaluated in this order, at one time.

    `part` is the last word of the group's name: `events`, `windows` or `period`.
    """

    part: str
    interval: Duration
    rules: tuple[Recording, ...]


@dataclass(frozen=True, slots=True)
class Slo:
    """An objective with all that is known of it.

    `labels` stand on every recording, and tell two definitions of the same objective apart (`sli`).
    `period` is the author's, which names series and texts; windows in expressions may run under a time scale.
    `sli_source` moves the raw series that it is counted from. `series` maps what a series holds to its name. `events`
    and `good` are the words for what is counted, `timed` says that these are minutes.
    """

    name: str
    service: str
    title: str
    kind: str
    signal: str
    objective: Decimal
    period: Duration
    timed: bool
    events: str
    good: str
    min_bad_events: Decimal
    tiers: tuple[BurnTier, ...]
    grouping: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    series: Mapping[str, str]
    groups: tuple[RecordingGroup, ...]
    roles: tuple[str, ...]
    sli_source: SliSource | None
    cites: tuple[Citation, ...]
    origin: Origin

    @property
    def id(self) -> str:
        """The objective's name across all services."""
        return f"{self.service}/{self.name}"

    @property
    def budget(self) -> Decimal:
        """The share that may be bad."""
        return 1 - self.objective
