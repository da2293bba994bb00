"""A leak: something that only ever grows."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal

from watchbill.conditions.base import Condition, DefaultView, per_words
from watchbill.conditions.example_series import firing_labels, groups, lone_gauge, shown, steady
from watchbill.language.base import Diagnostics
from watchbill.language.fields import AnyQuantity, DurationText, KeyName
from watchbill.model.alerts import Display, Reading
from watchbill.model.examples import Example, ExampleSeries, Firing, SamplePattern
from watchbill.model.signals import MetricType, Signal
from watchbill.promql import aggregate, over
from watchbill.quantity import Duration, TimeScale, Unit, decimal_text

_LONG = Duration.parse("1h")  # four windows in steps of 15s, each over all of its samples, take promtool too long


class Growth(Condition):
    """The lowest value of a window rose by more than an amount since the window before, the third rise in a row.

    Lowest values ignore the saw teeth of a garbage collector, which mislead a slope; and a process that
    has restarted and warms up within a window rises twice, never three times.
    """

    usage: ClassVar[str] = """\
signals:
  process: {profile: process}
alerts:
  own:
    MemoryLeak:
      signal: process
      kind: growth
      metric: resident
      above: 50MiB
      window: 30m
      per: [instance]
      for: 5m
      severity: P1
      summary: Memory grows and does not come back
      action: Restart the instance; keep a heap dump of it first
"""
    lineless: ClassVar[str] = "what it watches is a rise, which a line at one height cannot show"

    kind: Literal["growth"]
    metric: KeyName
    """The gauge that must not creep up, by its key in the profile."""
    above: AnyQuantity
    """The rise from one window to the next that is too much, in a unit of the gauge's dimension."""
    window: DurationText
    """The length of each of the windows that are compared; three rises in a row take four of them."""

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read one gauge."""
        return {"metric": self.metric}

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a gauge, and check the amount against its unit."""
        super().check(signal, diagnostics)
        metric = self.check_type(signal, diagnostics, "metric", MetricType.GAUGE)
        if metric is not None:
            self.check_unit(diagnostics, "above", self.above, metric.unit)
        if self.above.number == 0:
            diagnostics.add(
                self.span("above"),
                "condition/threshold-makes-no-sense",
                "a growth above 0 fires on noise",
                "write the amount that is too much",
            )

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Compare the lows of four windows in a row."""
        metric, window = signal.metrics[self.metric], scale(self.window)
        series = signal.select(metric)
        offsets = (None, window, window.times(2), window.times(3))
        low, second, third, fourth = (over("min_over_time", series, window, offset=offset) for offset in offsets)
        rises = f"{low} - {second} and {second} > {third} and {third} > {fourth}"
        rise = aggregate("max", self.grouping(signal), rises)
        return f"{rise} > {decimal_text(self.above.to(metric.unit))}"

    def sentence(self, signal: Signal) -> str:
        """Name the amount and the window."""
        lowest = f"The lowest {signal.metrics[self.metric].noun}{per_words(self, signal)}"
        windows = f"from one window of {self.window.words()} to the next"
        return f"{lowest} rose by more than {self.above} {windows}, the third rise in a row"

    def reading(self, signal: Signal) -> Reading:
        """Show the rise."""
        unit = signal.metrics[self.metric].unit
        after = f" more than {self.window.words()} before"
        return Reading(Display.BYTES, after) if unit is Unit.BYTES else Reading(Display.NUMBER, unit.symbol + after)

    def default_view(self, signal: Signal) -> DefaultView:
        """Show the gauge itself."""
        return DefaultView("level", {"metrics": (self.metric,)})

    def example(self, signal: Signal, scale: TimeScale) -> Example:
        """Let the gauge climb a tenth slower or faster than the amount in each window."""
        metric, window = signal.metrics[self.metric], scale(self.window)
        amount = self.above.to(metric.unit)
        rise = shown(amount * Decimal("1.1"))
        start = SamplePattern(level=amount * 10)

        def climb(by: Decimal) -> SamplePattern:
            return SamplePattern(slope=by / window.seconds)

        series = []
        for group in groups(self, signal):
            still = lone_gauge(signal, metric, group, steady(amount * 10))
            moving = ExampleSeries(still.metric, still.labels, start, climb(amount * Decimal("0.9")), climb(rise))
            series.append(moving if group.at_fault else still)
        firing = Firing(firing_labels(self, signal), rise)
        four = window.times(4)
        return Example(
            tuple(series), (firing,), history=four, settles=four, clears=four, long_history=self.window >= _LONG
        )
