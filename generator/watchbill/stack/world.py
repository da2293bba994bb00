"""What each target exports while a drill runs: the committed sample of its job, and what faults make of it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from watchbill.model.bundle import Service
from watchbill.model.examples import ExampleSeries, Phase, SamplePattern
from watchbill.promql import quoted

# Counters of a sample grow by a share of what they are each second, as if it was taken three days after the start; so
# their ratios stay as they are.
PACE = 1 / 259_200
RARE = 100  # events in all that time
BASE = 5000.0  # where counters of faults begin: one at zero would hide how `increase` extrapolates
_COUNTED = re.compile(r"^# TYPE (\S+) (?:counter|histogram|summary)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_PART = re.compile(r"_(?:bucket|count|sum)$")
UP = "up"  # what Prometheus itself writes, so that no page can hold it: a scrape fails instead

Place = tuple[str, str]
"""An environment and one of its clusters."""
Touched = tuple[str, tuple[str, ...]]
"""A family of metrics, and labels that narrow it to what a fault plays."""


@dataclass(frozen=True, slots=True)
class Target:
    """One address that Prometheus scrapes for a job; `instance` is the label that its series get."""

    job: str
    place: Place
    instance: str


def targets(services: Iterable[Service]) -> tuple[Target, ...]:
    """List every target of some services, in the order of the configuration."""
    return tuple(
        Target(scrape.job, (entry.env, entry.cluster), address)
        for service in services
        for scrape in service.scrapes
        for entry in scrape.targets
        for address in entry.addresses
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a scrape up to its value; it `grows` where it counts, `whole` events or fractions of seconds.

    Beside a fault it `stands` still where it would disturb nothing: a bucket that no other series has would, and so
    would time, of which rules take the mean.
    """

    family: str
    text: str
    value: float
    grows: bool
    whole: bool
    stands: bool
    identity: str

    @property
    def rare(self) -> bool:
        """Whether it has counted so little in all its days that nothing comes within a drill."""
        return self.whole and self.value < RARE


def lines(sample: str) -> tuple[Line, ...]:
    """Take a scrape apart; comments say nothing that a scrape needs, but the types that tell what counts."""
    counted = set(_COUNTED.findall(sample))
    found = []
    for line in sample.splitlines():
        if line and not line.startswith("#"):
            series, _, value = line.rpartition(" ")
            name = re.split(r"[{ ]", line, maxsplit=1)[0]
            grows = bool({name, _PART.sub("", name), name.removesuffix("_total")} & counted)
            number = float(value)
            stands = grows and not name.endswith(("_bucket", "_seconds_total"))
            found.append(
                Line(_PART.sub("", name), series, number, grows, number.is_integer(), stands, identity(series))
            )
    return tuple(found)


def identity(text: str) -> str:
    """Write a series with its labels in their order."""
    name, _, inside = text.partition("{")
    labels = ((label, float(value) if label == "le" else value) for label, value in _LABEL.findall(inside))
    return f"{name}{sorted(labels)}"  # Prometheus 3 takes le="1" and le="1.0" for the same


@dataclass
class Moving:
    """A series that goes through phases, each from a moment on; what counts begins at `starts`."""

    example: ExampleSeries
    since: float
    phase: Phase = Phase.HEALTHY
    starts: float = BASE
    _from: float = BASE
    _scrapes: int = 0

    def __post_init__(self) -> None:
        self._from = self._entry(self.pattern, self.starts, self.since)

    @property
    def pattern(self) -> SamplePattern:
        """How it moves now."""
        return self.example.pattern(self.phase)

    def enter(self, phase: Phase, at: float) -> None:
        """Go on in another phase."""
        here = self._at(at)
        self.phase, self.since = phase, at
        self._from = self._entry(self.pattern, here, at)

    @staticmethod
    def _entry(pattern: SamplePattern, here: float, at: float) -> float:
        if pattern.level is None:
            return here
        return float(pattern.level) + (at if pattern.of_clock else 0)

    def _at(self, at: float) -> float:
        return self._from + float(self.pattern.slope) * (at - self.since)

    def value(self, at: float) -> float | None:
        """Return its value at a moment, or None while it is not exported."""
        return self._at(at) if self.pattern.present else None

    def succeeds(self) -> bool:
        """Say of a share of scrapes whether the next one succeeds, evenly spread."""
        share = self._from
        self._scrapes += 1
        return int(self._scrapes * share) > int((self._scrapes - 1) * share)


@dataclass(frozen=True, slots=True)
class Series:
    """A series of a fault on one target, by the labels that its page shows.

    `within` are those that narrow its signal and its group; what a sample has of other values goes on as it is.
    """

    target: Target
    text: str
    example: ExampleSeries
    within: tuple[tuple[str, str], ...] = ()


Shown = tuple[str, tuple[Line, ...]]
"""Of a sample: what never changes, as it is written, and what grows."""


@dataclass
class World:
    """All targets, and the faults that are laid over them."""

    samples: Mapping[str, tuple[Line, ...]]
    began: float = field(default_factory=time.time)
    _moving: dict[Target, list[tuple[str, Moving]]] = field(default_factory=dict)
    _hidden: dict[tuple[str, Place], set[Touched]] = field(default_factory=dict)
    _still: dict[tuple[str, Place], set[Touched]] = field(default_factory=dict)
    _shown: dict[Target, Shown] = field(default_factory=dict)

    def lay(self, series: Sequence[Series], *, since: float | None = None) -> list[Moving]:
        """Lay healthy series over the samples; returns their patterns.

        There, gauges of the same names are gone from the samples, and counters stand still, so that they count for
        nothing; where a fault is that a metric is gone, all of it is.
        """
        at = self.began if since is None else since
        found = []
        for each in series:
            moving = Moving(each.example, at)
            self._moving.setdefault(each.target, []).append((each.text, moving))
            home, within = (each.target.job, each.target.place), (f"{n}={quoted(v)}" for n, v in each.within)
            touched = _PART.sub("", each.example.metric), tuple(within)
            ends = not (each.example.healthy.present and each.example.firing.present)
            (self._hidden if ends else self._still).setdefault(home, set()).add(touched)
            found.append(moving)
        self._shown = {}
        return found

    def page(self, target: Target) -> str | None:
        """Write what a target answers now, or None where the scrape fails."""
        at = time.time()
        moving = self._moving.get(target, [])
        if not all(each.succeeds() for text, each in moving if text == UP):
            return None
        steady, growing = self._sample(target)
        factor = 1 + PACE * (at - self.began)
        written = [steady, *(f"{line.text} {line.value * factor!r}" for line in growing)]
        values = ((text, each.value(at)) for text, each in moving if text != UP)
        written += [f"{text} {value!r}" for text, value in values if value is not None]
        return "\n".join(written) + "\n"

    def _sample(self, target: Target) -> Shown:
        """Choose what a sample shows beside the faults: once, since every scrape asks."""
        if target not in self._shown:
            home = (target.job, target.place)
            hidden, still = self._hidden.get(home, set()), self._still.get(home, set())
            texts = [text for text, _ in self._moving.get(target, ())]
            own = {identity(text) for text in texts}
            steady, growing = [], []
            for line in self.samples.get(target.job, ()):
                stands = _is_of(line, still)
                if _is_of(line, hidden) or (
                    stands and (not line.stands or line.identity in own or _lacks_a_label(line.text, texts))
                ):
                    continue
                if line.grows and not stands and not line.rare:
                    growing.append(line)
                else:
                    steady.append(f"{line.text} {line.value!r}")
            self._shown[target] = "\n".join(steady), tuple(growing)
        return self._shown[target]


def grown(line: Line, factor: float) -> float:
    """Let a counter grow; where it has counted little in all its days, nothing comes within a drill."""
    return line.value * factor if line.grows and not line.rare else line.value


def _lacks_a_label(text: str, others: Iterable[str]) -> bool:
    """Whether others of the same name have all of its labels and more: an exporter of one version never writes both."""
    same = (other for other in others if other.partition("{")[0] == text.partition("{")[0])
    return any(_names(text) < _names(other) for other in same)


def _names(text: str) -> set[str]:
    return {label for label, _ in _LABEL.findall(text)}


def _is_of(line: Line, touched: Iterable[Touched]) -> bool:
    return any(line.family == family and all(label in line.text for label in labels) for family, labels in touched)
