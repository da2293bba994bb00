"""The mean of what a histogram or summary observed."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal

from watchbill.conditions.base import (
    Condition,
    DefaultView,
    exceed,
    floor_number,
    floor_words,
    per_words,
    with_floor,
)
from watchbill.conditions.example_series import (
    PhaseLevels,
    below_and_above,
    counters,
    firing_labels,
    floor_of,
    groups,
    steady,
    still_false,
)
from watchbill.language.base import Diagnostics
from watchbill.language.fields import AnyQuantity, Count, DurationText, KeyName
from watchbill.model.alerts import Direction, Display, Reading, Symptom, Threshold
from watchbill.model.examples import Example, Firing
from watchbill.model.signals import MetricType, Signal
from watchbill.promql import aggregate, over
from watchbill.quantity import Duration, TimeScale, decimal_text


class LatencyMean(Condition):
    """The mean observation lies above a limit; works above the highest bucket too.

    `min_events` is a floor of observations within the window, so that one slow request at night is no page.
    """

    usage: ClassVar[str] = """\
signals:
  db: {profile: database-client}
alerts:
  own:
    QueriesSlow:
      signal: db
      kind: latency_mean
      metric: duration
      above: 50ms
      per: [operation]
      for: 10m
      severity: P1
      summary: Queries take long on average
      action: Look for a missing index, or for locks
"""
    symptom: ClassVar[Symptom | None] = Symptom.MEAN

    kind: Literal["latency_mean"]
    metric: KeyName
    """The histogram, by its key in the profile."""
    above: AnyQuantity
    """Fires above this mean, in a unit of the histogram's dimension."""
    window: DurationText = Duration.parse("5m")
    """The time over which events are counted; at least four scrape intervals."""
    min_events: Count | None = None
    """The least number of observations within the window, below which nothing fires."""

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read one histogram's sum and count."""
        return {"metric": self.metric}

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a histogram, and check the limit against its unit."""
        super().check(signal, diagnostics)
        metric = self.check_type(signal, diagnostics, "metric", MetricType.HISTOGRAM)
        if metric is not None:
            self.check_unit(diagnostics, "above", self.above, metric.unit)

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Divide the rate of the sum by the rate of the count."""
        metric, labels, window = signal.metrics[self.metric], self.grouping(signal), scale(self.window)
        total, count = (signal.select(metric, suffix=suffix) for suffix in ("_sum", "_count"))
        parts = (aggregate("sum", labels, over("rate", series, window)) for series in (total, count))
        expr = f"{' / '.join(parts)} > {decimal_text(self.above.to(metric.unit))}"
        return with_floor(expr, aggregate("sum", labels, over("increase", count, window)), self.min_events)

    def sentence(self, signal: Signal) -> str:
        """Name the mean and its limit."""
        metric = signal.metrics[self.metric]
        floor = floor_words(self.min_events)
        events = f"{metric.noun}{per_words(self, signal)}"
        return f"On average, {events} {exceed(metric.unit)} {self.above} over {self.window.words()}{floor}"

    def threshold(self, signal: Signal) -> Threshold:
        """Draw the limit, in the histogram's unit."""
        metric = signal.metrics[self.metric]
        return Threshold.at(self.above, metric.unit, Direction.ABOVE)

    def reading(self, signal: Signal) -> Reading:
        """Show the mean."""
        metric = signal.metrics[self.metric]
        return Reading(
            Display.NUMBER,
            f"{metric.unit.symbol} on average (limit {self.above})",
        )

    def default_view(self, signal: Signal) -> DefaultView:
        """Show the mean."""
        return DefaultView("mean", {"metric": self.metric})

    def example(self, signal: Signal, scale: TimeScale) -> Example:
        """Let steady observations, ten a second at least, take a tenth less or more than the limit each."""
        metric, window = signal.metrics[self.metric], scale(self.window)
        limit = self.above.to(metric.unit)
        below, above = below_and_above(limit)
        mean = PhaseLevels(limit / 10, below, above)
        needed = floor_number(self.min_events)
        flow = Decimal(max(10, int(3 * needed / window.seconds) + 1))
        series = tuple(
            each
            for group in groups(self, signal)
            for each in (
                *counters(signal, metric, group, mean.scaled(flow), suffix="_sum"),
                *counters(signal, metric, group, steady(flow), suffix="_count"),
            )
        )
        firing = Firing(firing_labels(self, signal), above)
        return Example(
            series,
            (firing,),
            history=window,
            settles=window,
            clears=window,
            rises=still_false(mean, limit, window),
            floor=floor_of(series, flow * window.seconds, self.min_events),
        )
