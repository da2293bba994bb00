"""Witnesses: series that show a condition false, nearly true, true, and recovering.

A witness is computed from what the condition means, never from its expression. Each stream moves
in one of three regimes; a scenario is a sequence of regimes. Proofs, drills and the data checks of
dashboards are all built from these.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from watchbill.quantity import Duration


class Regime(StrEnum):
    """A state of the world: healthy, just short of the threshold, and past it."""

    CALM = "calm"
    BELOW = "below"
    ABOVE = "above"


@dataclass(frozen=True, slots=True)
class Motion:
    """How a series moves: it enters at `level` (or goes on from where it is), changing by `slope` a second.

    `present` false means that the series is not exported at all. `of_clock` means that it holds a Unix time, and that
    `level` is added to the present one.
    """

    slope: Decimal = Decimal(0)
    level: Decimal | None = None
    present: bool = True
    of_clock: bool = False


GONE = Motion(present=False)
NOTHING = Duration(0)


@dataclass(frozen=True, slots=True)
class Stream:
    """One series without its target labels, and its motion in each regime."""

    metric: str
    labels: tuple[tuple[str, str], ...]
    calm: Motion
    below: Motion
    above: Motion

    def motion(self, regime: Regime) -> Motion:
        """Return the motion in a regime."""
        return {Regime.CALM: self.calm, Regime.BELOW: self.below, Regime.ABOVE: self.above}[regime]


@dataclass(frozen=True, slots=True)
class Firing:
    """One alert that the regime above must bring: the labels of its series and its value."""

    labels: tuple[tuple[str, str], ...]
    value: Decimal


@dataclass(frozen=True, slots=True)
class Floor:
    """The same fault with few events: a tenth less than are asked for, and a tenth more."""

    few: tuple[Stream, ...]
    enough: tuple[Stream, ...]


@dataclass(frozen=True, slots=True)
class Witness:
    """Streams and what they must bring.

    `history` is the calm that the expression needs before it can judge, `rises` how long after the fault began it is
    still false, `settles` the time after which the regime above holds fully (the value is exact from then on),
    `clears` the time after which a return to calm is seen. `constant` means that it fires from the first evaluation
    on, without any series, and never resolves; `without_data` that it fires where there is no series at all.
    `besides` are other ways to the same alert. `floor` shows how many events it asks for, if it does.
    """

    streams: tuple[Stream, ...]
    firing: tuple[Firing, ...]
    history: Duration
    settles: Duration
    clears: Duration
    long_history: bool = False
    constant: bool = False
    without_data: bool = False
    besides: tuple[Witness, ...] = ()
    rises: Duration = NOTHING
    floor: Floor | None = None


@dataclass(frozen=True, slots=True)
class Tally:
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
    good: Motion
    bad: Motion


@dataclass(frozen=True, slots=True)
class Indication:
    """The series that an indicator is counted from, before anything is recorded.

    Events move `tallies`. A timed indicator judges each minute, by `states` as they are then, or by the tallies, and
    sees back as far as `sees`; it is bad where all that it sees is. `born_late` means that a tally of bad events alone
    need not exist before the first of them.
    """

    tallies: tuple[Tally, ...] = ()
    states: tuple[State, ...] = ()
    sees: Duration = NOTHING
    born_late: bool = False
