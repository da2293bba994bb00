"""Play a drill whose fault takes hours to show: three starts of Prometheus on written histories, as for one alert."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watchbill.drill.outcome import Outcome
from watchbill.drill.scenario import Scenario
from watchbill.drill.single import HEALTHY_SECONDS
from watchbill.drill.slow import Spans, started, three
from watchbill.stack.world import World


class SlowScenario(Scenario):
    """A drill by histories: all series are calm, then past their thresholds, then calm again."""

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
