"""Example series: series that show a condition false, nearly true, true, and recovering.

An example is computed from what the condition means, never from its expression. Each series moves
in one of three phases; a scenario is a sequence of phases. Proofs, drills and the data checks of
dashboards are all built from these.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from watchbill.quantity import Duration


class Phase(StrEnum):
    """A state of the world: healthy, just short of the threshold, and past it."""

    HEALTHY = "healthy"
    JUST_BELOW = "just below"
    FIRING = "firing"


@dataclass(frozen=True, slots=True)
class SamplePattern:
    """How a series moves: it enters at `level` (or goes on from where it is), changing by `slope` a second.

    `present` false means that the series is not exported at all. `of_clock` means that it holds a Unix time, and that
    `level` is added to the present one.
    """

    slope: Decimal = Decimal(0)
    level: Decimal | None = None
    present: bool = True
    of_clock: bool = False


GONE = SamplePattern(present=False)
NOTHING = Duration(0)
LOOKBACK = Duration.parse("5m")  # Prometheus' default: how long a series outlives its last sample


@dataclass(frozen=True, slots=True)
class ExampleSeries:
    """One series without its target labels, and its pattern in each phase."""

    metric: str
    labels: tuple[tuple[str, str], ...]
    healthy: SamplePattern
    just_below: SamplePattern
    firing: SamplePattern

    def pattern(self, phase: Phase) -> SamplePattern:
        """Return the pattern in a phase."""
        return {Phase.HEALTHY: self.healthy, Phase.JUST_BELOW: self.just_below, Phase.FIRING: self.firing}[phase]


@dataclass(frozen=True, slots=True)
class Firing:
    """One alert that the phase above must bring: the labels of its series and its value."""

    labels: tuple[tuple[str, str], ...]
    value: Decimal


@dataclass(frozen=True, slots=True)
class Floor:
    """The same fault with few events: a tenth less than are asked for, and a tenth more."""

    few: tuple[ExampleSeries, ...]
    enough: tuple[ExampleSeries, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """Series and what they must bring.

    `history` is how long all is healthy before the expression can be evaluated, `rises` how long after the fault began
    it is still false, `settles` the time after which the phase above holds fully (the value is exact from then on),
    `clears` the time after which a return to healthy is seen. `constant` means that it fires from the first evaluation
    on, without any series, and never resolves; `without_data` that it fires where there is no series at all.
    `alternatives` are other ways to the same alert. `floor` shows how many events it asks for, if it does.
    """

    series: tuple[ExampleSeries, ...]
    firing: tuple[Firing, ...]
    history: Duration
    settles: Duration
    clears: Duration
    long_history: bool = False
    constant: bool = False
    without_data: bool = False
    alternatives: tuple[Example, ...] = ()
    rises: Duration = NOTHING
    floor: Floor | None = None


@dataclass(frozen=True, slots=True)
class SourceCounter:
    """A counter of an indicator: each good event adds `good` to it, and each bad one `bad`."""

    metric: str
    labels: tuple[tuple[str, str], ...]
    good: Decimal
    bad: Decimal


@dataclass(frozen=True, slots=True)
class State:
    """A gauge of an indicator: where it stands in a good minute, and where in a bad one."""

    metric: str
    labels: tuple[tuple[str, str], ...]
    good: SamplePattern
    bad: SamplePattern


@dataclass(frozen=True, slots=True)
class SliSource:
    """The series that an indicator is counted from, before anything is recorded.

    Events move `counters`. A timed indicator evaluates each minute, by `states` as they are then, or by the counters,
    and sees back as far as `sees`; it is bad where all that it sees is. `born_late` means that a counter of bad events
    alone need not exist before the first of them.
    """

    counters: tuple[SourceCounter, ...] = ()
    states: tuple[State, ...] = ()
    sees: Duration = NOTHING
    born_late: bool = False
