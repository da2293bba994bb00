"""Drill what takes hours to come and to go: Prometheus is started three times, on three histories.

The first is healthy, the second just past the threshold, the third the same with its latest part clean again.
Alertmanager and all receivers stay up, so that people see one course of events.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Self

from watchbill import naming
from watchbill.drill import burn, history, inhibited
from watchbill.drill.fault import Fault, Homes, place_labels, rule_at, sli_source
from watchbill.drill.history import Point
from watchbill.drill.outcome import Outcome
from watchbill.drill.record import Record
from watchbill.drill.scenario import Scenario
from watchbill.drill.single import HEALTHY_SECONDS, Drill, seconds
from watchbill.drill.watch import Say, Watch
from watchbill.model.examples import Example, ExampleSeries, Phase, State
from watchbill.outputs import prometheus as prometheus_target
from watchbill.stack import configuration
from watchbill.stack.running import stack
from watchbill.stack.world import Line, Series, Target, World
from watchbill.words.firing import fired
from watchbill.words.yamltext import dump

Samples = Mapping[str, tuple[Line, ...]]
QUICK = "500ms"  # how often rules are evaluated that look back over real days


@dataclass(frozen=True, slots=True)
class Past:
    """One of the three histories: its points, and how its series go on."""

    points: Iterable[Point]
    world: World


@dataclass(frozen=True, slots=True)
class Spans:
    """For how many seconds all is healthy first, the fault is there, and it is gone."""

    history: float
    settles: float
    clears: float

    @classmethod
    def of(cls, examples: Iterable[Example]) -> Self:
        """Take what the slowest of some example series needs."""
        spans = [(each.history, each.settles, each.clears) for each in examples]
        return cls(*(max(map(seconds, each)) for each in zip(*spans, strict=True)))


def three(name: str, series: Sequence[Series], spans: Spans, samples: Samples, now: float) -> Past:
    """Let series be healthy, then at fault until it shows, then healthy until it is seen; `name` says how far."""
    ends = {
        "healthy": [0.0],
        "faulty": [spans.settles, 0.0],
        "clean": [spans.settles + spans.clears, spans.clears, 0.0],
    }[name]
    each_phase = (Phase.HEALTHY, Phase.FIRING, Phase.HEALTHY)
    phases = [(phase, now - end) for phase, end in zip(each_phase, ends, strict=False)]
    world = World(samples)
    since = phases[0][1] - spans.history
    moving = world.lay(series, since=since)
    step = max(1.0, (now - since) / 2000)
    return Past(list(history.samples_over_time(series, moving, phases, step=step)), world)


@contextmanager
def started(watch: Watch, folder: Path, name: str, past: Past, *, real_time: bool = False) -> Iterator[None]:
    """Run Prometheus on a history until the block ends."""
    history.write(past.points, folder / name, watch.stack.setting.generation.promtool)
    watch.stack.world = past.world
    with watch.stack.measuring(name, real_time=real_time):
        watch.healthy(0)
        yield


class SlowDrill(Drill):
    """A drill by histories under the time scale, made of the example."""

    real_time = False
    settled = True

    def run(self, folder: Path, say: Say) -> Record:
        """Start three times; what fails is noted, and the rest goes on."""
        world = World(self.setting.samples)
        with stack(folder, self.setting, self.scaled, self.targets, world, self.rules()) as running:
            watch = Watch(running, self.record, say)
            with running.alerting():
                with self._started(watch, folder, "healthy"):
                    watch.healthy(HEALTHY_SECONDS)
                    self._healthy(watch)
                watch.note("fault", self.alert.sentence)
                with self._started(watch, folder, "faulty") as at:
                    self._firing(running, watch, at)
                    if beside := inhibited.post(self.alert, self.fault, self.service, watch):
                        inhibited.hold_muted(self.alert, beside, watch)
                watch.note("cleared", "the latest part of the history is clean")
                with self._started(watch, folder, "clean"):
                    self._resolved(running, watch)
                    self._aftermath(running, watch)
        self.record.seconds = time.time() - watch.began
        return self.record

    @contextmanager
    def _started(self, watch: Watch, folder: Path, name: str) -> Iterator[float]:
        now = time.time()
        with started(watch, folder, name, self.past(name, now), real_time=self.real_time):
            yield now

    def past(self, name: str, now: float) -> Past:
        """Let the example go as far as the history of a name does."""
        return three(name, self.fault.series, Spans.of([self.example]), self.setting.samples, now)


class BurnDrill(SlowDrill):
    """A drill of a budget that burns: real windows, and histories that are counted from events."""

    real_time = True

    def _fault(self, known: Sequence[Target]) -> Fault:
        """Expect what the events say; the series are those of the histories."""
        self.slo = self.service.slo(self.alert.slo)
        self.tiers = tuple(tier for tier in self.slo.tiers if tier.severity == self.alert.severity.value)
        given, well = sli_source(self.slo), burn.minute_counts(self.slo, None)
        examples = [*(burn.live(counter, well) for counter in given.counters), *map(_steady, given.states)]
        self.homes = Homes(self.service.signal(self.slo.signal), self.place, known, examples)
        self.burning = burn.minute_counts(self.slo, self.tiers[0])
        example = rule_at(self.alert, self.place).example
        said = burn.asked(self.alert, self.slo, self.burning)
        labels = {**place_labels(self.place), **dict(example.firing[0].labels)}
        value = Decimal(repr(self.burning.ratio(burn.minutes(self.tiers[0].long))))
        return Fault(said, self.place, example, tuple(self.homes.made_up), (), (fired(said, labels, value),))

    def rules(self) -> dict[str, configuration.Config]:
        """Take the emitted rules with real windows, evaluated more often, but for the counts: these are written."""
        service = self.setting.real.service(self.service.name)
        texts = {naming.rule_file(service.name, self.alert.area): prometheus_target.rules(service, self.alert.area)}
        for name, groups in prometheus_target.recordings(service).items():
            if naming.slo_area(self.slo.name) in name:
                texts[name] = dump({"groups": groups}, source="")
        muted_by = {id_.partition("/")[2] for id_ in self.bundle.inhibited_by[self.alert.id]}
        found = {Path(name).name: configuration.rules(text, without=muted_by) for name, text in texts.items()}
        for config in found.values():
            for group in config["groups"]:
                if not group["name"].endswith("-events"):
                    group["interval"] = QUICK
        return found

    def past(self, name: str, now: float) -> Past:
        """Let all be well; or the first tier burn until now; or until all short windows are clean."""
        ended = max(burn.minutes(tier.short) for tier in self.tiers) + 2 * burn.FIVE
        minute_counts = {
            "healthy": lambda: burn.minute_counts(self.slo, None),
            "faulty": lambda: self.burning,
            "clean": lambda: burn.minute_counts(self.slo, self.tiers[0], ended),
        }[name]()
        labels = dict(self.example.firing[0].labels)
        given = sli_source(self.slo)
        counters = [
            (counter, each) for counter in given.counters for each in self._placed(burn.live(counter, minute_counts))
        ]
        states = [each for state in given.states for each in self._placed(_steady(state))]
        points = list(burn.recorded(self.slo, minute_counts, labels, place_labels(self.place), now))
        points += burn.raw(counters, minute_counts, now)
        world = World(self.setting.samples)
        world.lay([*(series for _, series in counters), *states], since=now)
        return Past(sorted(points, key=lambda point: point[0]), world)

    def _placed(self, example_series: ExampleSeries) -> Iterable[Series]:
        return self.homes.series(example_series)


def _steady(state: State) -> ExampleSeries:
    return ExampleSeries(state.metric, state.labels, state.good, state.good, state.good)


class SlowScenario(Scenario):
    """A drill by histories: all series are healthy, then past their thresholds, then healthy again."""

    def _go(self, outcome: Outcome, world: World, folder: Path) -> None:  # noqa: ARG002 (each history has a world)
        watch = outcome.watch
        with watch.stack.alerting():
            with self._started(outcome, folder, "healthy"):
                self._healthy(watch, HEALTHY_SECONDS)
            until = self._fail_receiver(watch)
            watch.note("fault", self.drill.title)
            with self._started(outcome, folder, "faulty") as at:
                self._come(outcome, until)
                self._stay(outcome, at)
            watch.note("cleared", "the latest part of the history is clean")
            with self._started(outcome, folder, "clean"):
                self._end(outcome, until)

    @contextmanager
    def _started(self, outcome: Outcome, folder: Path, name: str) -> Iterator[float]:
        now = time.time()
        spans = Spans.of(each.example for each in self.faults)
        past = three(name, self.series, spans, self.setting.samples, now)
        with started(outcome.watch, folder, name, past):
            yield now
