"""A gauge above or below a fixed level."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar, Literal

from watchbill.conditions.base import (
    INSTANCE,
    Condition,
    DefaultView,
    capitalised,
    class_matchers,
    per_words,
)
from watchbill.conditions.example_series import (
    TWO,
    PhaseLevels,
    by_class,
    firing_labels,
    gauges,
    groups,
    lone_gauge,
    shown,
    steady,
)
from watchbill.language.base import Diagnostics
from watchbill.language.fields import AnyQuantity, ClassName, DurationText, KeyName
from watchbill.model.alerts import Direction, Display, Reading, Symptom, Threshold
from watchbill.model.examples import Example, ExampleSeries, Firing
from watchbill.model.signals import MetricType, Signal
from watchbill.promql import aggregate, over
from watchbill.quantity import Duration, Quantity, TimeScale, Unit, decimal_text


class Level(Condition):
    """A gauge is above or below a level.

    `hold` remembers the worst value of a window, for states that flap: a breaker that is 45 s open
    and 15 s half-open never stays open for `for: 5m`. `across` says how series are combined: the
    worst of them (the default), or their sum.
    """

    usage: ClassVar[str] = """\
signals:
  queue: {profile: queue}
alerts:
  own:
    JobsWait:
      signal: queue
      kind: level
      metric: jobs
      where: waiting
      above: 1000
      per: [queue]
      for: 10m
      severity: P1
      summary: Many jobs wait in a queue
      action: See whether the workers run; add some if they do
"""
    symptom: ClassVar[Symptom | None] = Symptom.LEVEL

    kind: Literal["level"]
    metric: KeyName
    """The gauge, by its key in the profile."""
    where: ClassName | None = None
    """Only the series of this class of the profile."""
    above: AnyQuantity | None = None
    """Fires above this level, in a unit of the gauge's dimension; exactly one of `above` and `below` is written."""
    below: AnyQuantity | None = None
    """Fires below this level; exactly one of `above` and `below` is written."""
    hold: DurationText | None = None
    """How long the worst value is remembered."""
    across: Literal["worst", "sum"] = "worst"
    """How series are combined: `worst` takes the largest (or least), `sum` adds them up."""

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read one gauge."""
        return {"metric": self.metric}

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a gauge, one direction, and check the level against the gauge's unit."""
        super().check(signal, diagnostics)
        metric = self.check_type(signal, diagnostics, "metric", MetricType.GAUGE)
        self.check_class(signal, diagnostics, "where", metric=self.metric)
        if self.check_one_of(diagnostics, "above", "below") and metric is not None:
            field = "above" if self.above is not None else "below"
            self.check_unit(diagnostics, field, self._limit(), metric.unit)
        if self.below is not None and self.below.number == 0:
            diagnostics.add(
                self.span("below"),
                "condition/threshold-makes-no-sense",
                "a level below 0 can never be",
                "write the level that is too low",
            )

    def _limit(self) -> Quantity:
        return self.above or self.below or Quantity(Decimal(0), Unit.COUNT)

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Compare the worst series, or the sum of all, with the level."""
        metric = signal.metrics[self.metric]
        worst = "max" if self.above is not None else "min"
        series = signal.select(metric, *class_matchers(signal, self.where))
        if self.hold is not None:
            series = over(f"{worst}_over_time", series, scale(self.hold))
        combined = aggregate("sum" if self.across == "sum" else worst, self.grouping(signal), series)
        return f"{combined} {'>' if self.above is not None else '<'} {decimal_text(self._limit().to(metric.unit))}"

    def sentence(self, signal: Signal) -> str:
        """Name the gauge and the level, or just the state where a state gauge is not 0."""
        noun = capitalised(signal.metrics[self.metric].noun)
        held = f" at some time in {self.hold.words()}" if self.hold is not None else ""
        if self._tells_a_state():
            return f"{noun}{per_words(self, signal)}: {self.where}{held}"
        where = f" ({self.where})" if self.where else ""
        side = "above" if self.above is not None else "below"
        return f"{noun}{where}{per_words(self, signal)}: {side} {self._limit()}{held}"

    def _tells_a_state(self) -> bool:
        return self.where is not None and self.above is not None and self.above.number == 0

    def threshold(self, signal: Signal) -> Threshold:
        """Draw the level, in the gauge's unit."""
        unit = signal.metrics[self.metric].unit
        side = Direction.ABOVE if self.above is not None else Direction.BELOW
        return Threshold.at(self._limit(), unit, side)

    def reading(self, signal: Signal) -> Reading | None:
        """Show the gauge; that a state is 1 says nothing."""
        if self._tells_a_state():
            return None
        unit = signal.metrics[self.metric].unit
        if unit is Unit.BYTES:
            return Reading(Display.BYTES, f" (limit {self._limit()})")
        if unit is Unit.RATIO:
            return Reading(Display.PERCENT, f" (limit {self._limit()})")
        return Reading(Display.NUMBER, f"{unit.symbol} (limit {self._limit()})")

    def default_view(self, signal: Signal) -> DefaultView:
        """Show the gauge, combined in the same way."""
        worst = "max" if self.above is not None else "min"
        across = "sum" if self.across == "sum" else worst
        return DefaultView("level", {"metrics": (self.metric,), "where": self.where, "across": across})

    def example(self, signal: Signal, scale: TimeScale) -> Example:
        """Stand a tenth (of zero: one whole) to either side of the level."""
        metric = signal.metrics[self.metric]
        phase_levels = self._phase_levels(self._limit().to(metric.unit))
        series: list[ExampleSeries] = []
        for group in groups(self, signal):
            for own, levels in by_class(signal, self.where, phase_levels):
                if self.across == "sum":
                    series += gauges(signal, metric, group, levels, own=own)
                else:
                    series.append(lone_gauge(signal, metric, group, levels, own=own))
                    if INSTANCE not in group.labels:  # a healthy one beside it hides nothing
                        series.append(lone_gauge(signal, metric, group, steady(phase_levels.healthy), own=_on_two(own)))
        hold = scale(self.hold) if self.hold is not None else Duration(0)
        firing = Firing(firing_labels(self, signal), phase_levels.firing)
        return Example(tuple(series), (firing,), history=hold, settles=Duration(0), clears=hold)

    def _phase_levels(self, limit: Decimal) -> PhaseLevels:
        if self.above is not None:
            return PhaseLevels(
                Decimal(0), limit * Decimal("0.9"), shown(limit * Decimal("1.1")) if limit else Decimal(1)
            )
        return PhaseLevels(limit * 2, limit * Decimal("1.1"), shown(limit * Decimal("0.9")))


def _on_two(own: Mapping[str, str] | None) -> dict[str, str]:
    return {**(own or {}), INSTANCE: TWO}
