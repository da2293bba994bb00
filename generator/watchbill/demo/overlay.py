"""A world that faults are laid over while it runs, and lifted off again, without a jump in any counter."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock

from watchbill.model.examples import Phase
from watchbill.stack.world import BASE, PACE, UP, Line, Moving, Place, Series, Target, World, grown, identity

_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_PART = re.compile(r"_(?:bucket|count|sum)$")

Labels = frozenset[tuple[str, str]]
Area = tuple[str, Place, str, Labels]
"""A job at a place, a family of its series, and the labels of those that a fault takes over."""


@dataclass(frozen=True, slots=True)
class Laid:
    """One series of a running fault, how it moves, and what it takes over."""

    series: Series
    moving: Moving
    area: Area


def area(series: Series, within: Labels) -> Area:
    """Name what a series takes over: all of its family in its signal, as half of that would be a fault of its own."""
    return series.target.job, series.target.place, _PART.sub("", series.example.metric), within


def clash(one: Iterable[Area], other: Iterable[Area]) -> list[Area]:
    """List which areas of one fault another one moves too; labels that differ keep them apart."""
    there = list(other)
    return sorted(
        (each for each in set(one) if any(each[:3] == it[:3] and _meet(each[3], it[3]) for it in there)),
        key=lambda each: each[:3],
    )


def _meet(one: Labels, other: Labels) -> bool:
    labels = dict(other)
    return all(labels.get(name, value) == value for name, value in one)


class LivingWorld(World):
    """All targets, and the faults that are laid over them now. Threads may ask and change it at once."""

    def __init__(self, samples: Mapping[str, tuple[Line, ...]]) -> None:
        super().__init__(samples)
        self._lock = Lock()
        self._laid: dict[Target, list[Laid]] = {}
        self._gone: dict[tuple[str, Place], set[str]] = {}
        self._lines = {job: {line.identity: line for line in lines} for job, lines in samples.items()}
        self._ahead: dict[tuple[Target, str], float] = {}  # how far counters of a sample were moved by faults

    def disturb(self, series: Iterable[Series], within: Labels = frozenset()) -> tuple[Laid, ...]:
        """Lay series of a fault over the samples, in full swing; a counter goes on from where it is.

        Of the samples, series of the same names with the labels `within` give way, but counters of which the fault
        knows nothing.
        """
        at = time.time()
        with self._lock:
            found = tuple(
                Laid(each, Moving(each.example, at, Phase.FIRING, self._counted(each, at)), area(each, within))
                for each in series
            )
            for each in found:
                self._laid.setdefault(each.series.target, []).append(each)
            self._hide()
        return found

    def lift(self, laid: Iterable[Laid]) -> None:
        """Take a fault off; the sample's own counters go on from where it has brought them."""
        at = time.time()
        with self._lock:
            for each in laid:
                target, key = each.series.target, identity(each.series.text)
                self._laid[target].remove(each)
                line, here = self._line(target, key), each.moving.value(at)
                if line is not None and line.grows and here is not None:
                    self._ahead[target, key] = here - grown(line, self._factor(at))
            self._hide()

    def page(self, target: Target) -> str | None:
        """Write what a target answers now, or None where the scrape fails."""
        at = time.time()
        with self._lock:
            laid = [(each.series.text, each.moving) for each in self._laid.get(target, ())]
            gone = self._gone.get((target.job, target.place), set()) | {identity(text) for text, _ in laid}
            if not all(moving.succeeds() for text, moving in laid if text == UP):
                return None
            written = [
                f"{line.text} {self._value(target, key, line, at)!r}"
                for key, line in self._lines.get(target.job, {}).items()
                if key not in gone
            ]
        values = ((text, moving.value(at)) for text, moving in laid if text != UP)
        written += [f"{text} {value!r}" for text, value in values if value is not None]
        return "\n".join(written) + "\n"

    def _hide(self) -> None:
        self._gone = {}
        for each in (each for laid in self._laid.values() for each in laid):
            job, place, family, within = each.area
            example_series = each.series.example
            ends = not (example_series.healthy.present and example_series.firing.present)
            self._gone.setdefault((job, place), set()).update(
                key
                for key, line in self._lines.get(job, {}).items()
                if line.family == family and (ends or not line.stands) and within <= set(_LABEL.findall(line.text))
            )

    def _line(self, target: Target, key: str) -> Line | None:
        return self._lines.get(target.job, {}).get(key)

    def _counted(self, series: Series, at: float) -> float:
        key = identity(series.text)
        line = self._line(series.target, key)
        return BASE if line is None or not line.grows else self._value(series.target, key, line, at)

    def _value(self, target: Target, key: str, line: Line, at: float) -> float:
        return grown(line, self._factor(at)) + self._ahead.get((target, key), 0.0)

    def _factor(self, at: float) -> float:
        return 1 + PACE * (at - self.began)
