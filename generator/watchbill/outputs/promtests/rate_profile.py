"""What happens in a proof of recordings, minute by minute, and what is true of it.

Everything here is computed from the events, never from an expression: it is what expressions are checked against.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

COUNTED = 5  # minutes: events are recorded as how many there were in the last five
QUIET_AFTER = 6  # minutes without events before a window begins: what happens there is still in counts inside of it
BLOCK, SHORTEST_BLOCK = 24, 18  # minutes in which something happens
STEADY = 7  # minutes after a change, when the last five are alike
UNIT = 240  # events: divisible by all shares in which they are spread


@dataclass(frozen=True, slots=True)
class Stretch:
    """Minutes that are alike: good and bad events in each. One of two instances may restart as it begins."""

    minutes: int
    good: int = 0
    bad: int = 0
    restart: bool = False

    @property
    def silent(self) -> bool:
        """Whether nothing happens."""
        return not (self.good or self.bad)


@dataclass(frozen=True, slots=True)
class RateProfile:
    """Stretches one after the other, from minute 0 to the last, at which windows are looked at.

    `steady` are minutes at which counts are looked at, `early` one before the first bad event (of minutes: the first
    that is evaluated), `restarted` one after the restart.
    """

    stretches: tuple[Stretch, ...]
    steady: tuple[int, ...]
    early: int = 0
    restarted: int = 0

    @property
    def minutes(self) -> int:
        """Return how long it is."""
        return sum(stretch.minutes for stretch in self.stretches)


@dataclass(frozen=True, slots=True)
class _Block:
    """Where something happens: from which minute before the end, for how long, and which window ends before it."""

    before_end: int
    minutes: int
    window: int


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of a course: of events, or of minutes that are evaluated by what they see of the last `sees`.

    `states` says that a minute also sees itself.
    """

    minutes: Sequence[tuple[int, int]]
    timed: bool
    sees: int
    states: bool

    def recorded(self, at: int) -> tuple[int, int]:
        """Return the events and errors of the last five minutes, or whether the minute is evaluated and bad."""
        if not self.timed:
            return self._sum(at - COUNTED, at)
        good, bad = self._sum(at - self.sees, at + self.states)
        return int(good > 0), int(bad > 0)

    def over(self, at: int, minutes: int) -> tuple[int, int]:
        """Return the events and errors of a window, each once."""
        if not self.timed:
            return self._sum(at - minutes, at)
        seen = [self.recorded(minute) for minute in range(at - minutes + 1, at + 1)]
        return sum(evaluated for evaluated, _ in seen), sum(bad for _, bad in seen)

    def _sum(self, start: int, end: int) -> tuple[int, int]:
        part = self.minutes[max(0, start) : max(0, end)]
        return sum(good + bad for good, bad in part), sum(bad for _, bad in part)


def truth(rate_profile: RateProfile, *, timed: bool, sees: int, states: bool) -> Truth:
    """Spread a course into minutes; a last one is silent."""
    each = [(stretch.good, stretch.bad) for stretch in rate_profile.stretches for _ in range(stretch.minutes)]
    return Truth((*each, (0, 0)), timed, sees, states)


def share(counts: tuple[int, int]) -> Decimal | None:
    """Return the share that is bad; None of nothing."""
    events, bad = counts
    return Decimal(bad) / events if events else None


def course_of_events(windows: Sequence[int]) -> RateProfile:
    """Put a block of events between each two windows (in minutes, ascending), and one before the longest.

    Each has a ratio and a flow of its own, so that each window holds something else, and nothing happens where one
    begins: there, Prometheus 2 and 3 count differently. In the oldest block the first bad events come late and few,
    and grow, since a counter near zero hides how many there were before its first sample.
    """
    blocks = list(_blocks(windows))
    late = len(blocks) - 1
    restart = 1 if late > 1 else 0
    filled = [_events(index, block.minutes, late) for index, block in enumerate(blocks)]
    filled[restart] = [*filled[restart][:-1], *_restarting(filled[restart][-1])]
    line, starts = _lay(blocks, filled)
    steady = (starts[0] + STEADY, starts[0] + filled[0][0].minutes + STEADY)
    restarted = starts[restart] + sum(stretch.minutes for stretch in filled[restart][:-1]) + STEADY
    return RateProfile(line, steady, early=starts[late] + STEADY, restarted=restarted)


def course_of_minutes(windows: Sequence[int], sees: int, *, states: bool) -> RateProfile:
    """Do the same with minutes that are wholly good or wholly bad, far enough apart that none sees both."""
    blocks, gap = list(_blocks(windows)), sees + 1
    filled = [list(_cut(_states(index, gap), block.minutes)) for index, block in enumerate(blocks)]
    line, starts = _lay(blocks, filled)
    first = starts[len(blocks) - 1] + (0 if states else 1)
    return RateProfile(line, steady=(starts[0] + 4, starts[0] + 1 + gap + 5), early=first)


def _blocks(windows: Sequence[int]) -> Iterator[_Block]:
    longest = windows[-1] + QUIET_AFTER + BLOCK + 1
    for window, following in pairwise((*windows, longest)):
        minutes = min(BLOCK, following - 1 - (window + QUIET_AFTER))
        if minutes >= SHORTEST_BLOCK:
            yield _Block(following - 1, minutes, window)


def _events(index: int, minutes: int, late: int) -> list[Stretch]:
    good = UNIT * (5 + 2 * index)
    if index == late:
        ramp = [Stretch(5, good, bad) for bad in (4, 20, 120)]
        return [Stretch(STEADY + 1, good), *ramp, Stretch(minutes - 23, good, 3 * UNIT)]
    half = minutes // 2
    bad = UNIT * (1 + index % 3)
    return [Stretch(half, good, bad), Stretch(minutes - half, 2 * good, bad // 2)]


def _restarting(stretch: Stretch) -> Iterator[Stretch]:
    yield replace(stretch, minutes=1)
    yield replace(stretch, minutes=stretch.minutes - 1, restart=True)


def _states(block: int, gap: int) -> Iterator[Stretch]:
    yield Stretch(1, bad=1)
    yield Stretch(gap)
    yield Stretch(6, good=1)
    yield Stretch(gap)
    yield Stretch(2 + block % 3, bad=1)
    yield Stretch(gap)
    yield Stretch(BLOCK, good=1)


def _cut(stretches: Iterable[Stretch], minutes: int) -> Iterator[Stretch]:
    left = minutes
    for stretch in stretches:
        if left > 0:
            yield replace(stretch, minutes=min(stretch.minutes, left))
        left -= stretch.minutes


def _lay(blocks: Sequence[_Block], filled: Sequence[list[Stretch]]) -> tuple[tuple[Stretch, ...], dict[int, int]]:
    """Lay blocks onto the line, the oldest first, with silence between them; tells where each begins."""
    whole = -(-(blocks[-1].before_end + COUNTED + 1) // COUNTED) * COUNTED  # long windows read full five minutes
    line: list[Stretch] = []
    starts: dict[int, int] = {}
    for index in reversed(range(len(blocks))):
        starts[index] = whole - blocks[index].before_end
        line.append(Stretch(starts[index] - sum(stretch.minutes for stretch in line)))
        line += filled[index]
    line.append(Stretch(whole - sum(stretch.minutes for stretch in line)))
    return tuple(line), starts
