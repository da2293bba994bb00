"""The mean of what a histogram or summary observed."""

from __future__ import annotations

from typing import Literal

from watchbill.authoring import Faults
from watchbill.conditions.base import Condition, per_words, unit_quantity
from watchbill.conditions.streams import Course, below_and_above, counters, firing_labels, groups, steady
from watchbill.fields import AnyQuantity, DurationText, KeyName
from watchbill.model.alerts import Direction, Display, Reading, Threshold
from watchbill.model.signals import MetricType, Signal
from watchbill.model.witness import Firing, Witness
from watchbill.promql import aggregate, over
from watchbill.quantity import Duration, TimeScale, decimal_text


class LatencyMean(Condition):
    """The mean observation lies above a limit; works above the highest bucket too."""

    kind: Literal["latency_mean"]
    metric: KeyName
    above: AnyQuantity
    window: DurationText = Duration.parse("5m")

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read one histogram's sum and count."""
        return {"metric": self.metric}

    def check(self, signal: Signal, faults: Faults) -> None:
        """Hold it to a histogram, and the limit to its unit."""
        super().check(signal, faults)
        metric = self.check_type(signal, faults, "metric", MetricType.HISTOGRAM)
        if metric is not None:
            self.check_unit(faults, "above", self.above, metric.unit)

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Divide the rate of the sum by the rate of the count."""
        metric, labels, window = signal.metrics[self.metric], self.grouping(signal), scale(self.window)
        parts = (
            aggregate("sum", labels, over("rate", signal.select(metric, suffix=suffix), window))
            for suffix in ("_sum", "_count")
        )
        return f"{' / '.join(parts)} > {decimal_text(self.above.to(metric.unit))}"

    def sentence(self, signal: Signal) -> str:
        """Name the mean and its limit."""
        noun = signal.metrics[self.metric].noun
        return f"On average, {noun}{per_words(self, signal)} are above {self.above} over {self.window.words()}"

    def threshold(self, signal: Signal) -> Threshold:
        """Draw the limit, in the histogram's unit."""
        metric = signal.metrics[self.metric]
        return Threshold(self.above.to(metric.unit), metric.unit, Direction.ABOVE)

    def reading(self, signal: Signal) -> Reading:
        """Show the mean."""
        metric = signal.metrics[self.metric]
        return Reading(
            Display.NUMBER,
            f"{metric.unit.symbol} on average (limit {unit_quantity(self.above, metric.unit)})",
        )

    def witness(self, signal: Signal, scale: TimeScale) -> Witness:
        """Let ten observations a second take a tenth less or more than the limit each."""
        metric, window = signal.metrics[self.metric], scale(self.window)
        limit = self.above.to(metric.unit)
        below, above = below_and_above(limit)
        mean = Course(limit / 10, below, above)
        streams = tuple(
            stream
            for group in groups(self, signal)
            for stream in (
                *counters(signal, metric, group, mean.scaled(steady(10).calm), suffix="_sum"),
                *counters(signal, metric, group, steady(10), suffix="_count"),
            )
        )
        firing = Firing(firing_labels(self, signal), above)
        return Witness(streams, (firing,), history=window, settles=window, clears=window)
