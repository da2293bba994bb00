"""The share of minutes in which data is fresh enough."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal

from watchbill.conditions.base import INSTANCE
from watchbill.conditions.example_series import ONE, TWO
from watchbill.language.base import Diagnostics
from watchbill.language.fields import DurationText, KeyName
from watchbill.model.alerts import Symptom
from watchbill.model.examples import SamplePattern, SliSource
from watchbill.model.signals import MetricType, Signal
from watchbill.promql import aggregate
from watchbill.quantity import Dimension, Duration, TimeScale, decimal_text
from watchbill.sli.series import state
from watchbill.sli.timed import TimedSli

COUNTED_OVER = Duration.parse("5m")


class Freshness(TimedSli):
    """A gauge that holds a Unix time, such as that of the last success; the newest of a group counts."""

    symptoms: ClassVar[tuple[Symptom, ...]] = (Symptom.LEVEL,)

    usage: ClassVar[str] = """\
signals:
  orders: {profile: orders}
slos:
  export:
    title: The export is fresh
    signal: orders
    kind: freshness
    metric: exported
    within: 1h
    objective: 99%
    impact: The warehouse works on old orders
    action: Start the export by hand, and read its log
"""

    kind: Literal["freshness"]
    metric: KeyName
    """The gauge that holds a Unix time, by its key in the profile."""
    within: DurationText
    """How old that time may be."""

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read one gauge."""
        return {"metric": self.metric}

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a gauge of seconds."""
        super().check(signal, diagnostics)
        metric = self.check_type(signal, diagnostics, "metric", MetricType.GAUGE)
        if metric is not None and metric.unit.dimension is not Dimension.TIME:
            what = f'metric "{metric.name}" is no time, and freshness needs the time of the last success'
            diagnostics.add(self.span("metric"), "metric/not-a-time", what, "name a gauge of Unix time, with unit: s")

    def measured(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        """Take the newest time, in seconds."""
        metric = signal.metrics[self.metric]
        newest = aggregate("max", labels, signal.select(metric))
        return newest if metric.unit.size == 1 else f"{newest} * {decimal_text(metric.unit.size)}"

    def comparison(self, signal: Signal, window: Duration) -> str:
        """Ask how old it is."""
        oldest = self.within.seconds * window.milliseconds / COUNTED_OVER.milliseconds
        return f"< bool time() - {decimal_text(oldest)}"

    def sli_source(self, signal: Signal, scale: TimeScale) -> SliSource:
        """Let the newer of two times be a tenth younger or older than is allowed; the other is older all the time."""
        metric, allowed = signal.metrics[self.metric], scale(self.within).seconds

        def aged(share: str) -> SamplePattern:
            return SamplePattern(1 / metric.unit.size, -allowed * Decimal(share) / metric.unit.size, of_clock=True)

        newer = state(signal, metric, {INSTANCE: ONE}, aged("0.9"), aged("1.1"))
        return SliSource(states=(newer, state(signal, metric, {INSTANCE: TWO}, aged("2"), aged("2"))))

    def good(self, signal: Signal) -> str:
        """Name the age."""
        return f"in which {signal.metrics[self.metric].noun} is at most {self.within.words()} old"
