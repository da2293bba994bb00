"""Events that come too often."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import ClassVar, Literal

from watchbill.conditions.base import Condition, DefaultView, capitalised, class_matchers, per_words
from watchbill.conditions.example_series import (
    PhaseLevels,
    below_and_above,
    by_class,
    counters,
    firing_labels,
    groups,
    still_false,
)
from watchbill.errors import choose
from watchbill.language.base import Diagnostics
from watchbill.language.fields import ClassName, DurationText, KeyName, Rate
from watchbill.model.alerts import Direction, Display, Reading, Symptom, Threshold
from watchbill.model.examples import Example, Firing
from watchbill.model.signals import MetricType, Signal
from watchbill.promql import aggregate, over
from watchbill.quantity import Duration, TimeScale, decimal_text


class EventRate(Condition):
    """A counter grows faster than a rate, in the author's own period: 10/min stays 10."""

    usage: ClassVar[str] = """\
signals:
  db: {profile: database-client}
alerts:
  own:
    SlowQueries:
      signal: db
      kind: event_rate
      metric: slow
      above: 10/min
      for: 10m
      severity: P1
      summary: Many database queries are slow
      action: Find the query in the database's own list of slow ones
"""
    symptom: ClassVar[Symptom | None] = Symptom.EVENTS

    kind: Literal["event_rate"]
    metric: KeyName
    """The counter, by its key in the profile."""
    where: ClassName | None = None
    """Only the series of this class of the profile."""
    above: Rate
    """Fires above this rate."""
    window: DurationText = Duration.parse("5m")
    """The time over which events are counted; at least four scrape intervals."""
    least_over: KeyName | None = None
    """A label by its key in the profile, each value of which is counted by itself: the least counts, so that it fires
    only where every one is past the limit. Where series lack the label, they count as one.
    """

    @property
    def shown_by(self) -> tuple[KeyName, ...]:
        """Show each value of which the least counts."""
        return (*self.per, *((self.least_over,) if self.least_over else ()))

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read one counter."""
        return {"metric": self.metric}

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a counter."""
        super().check(signal, diagnostics)
        self.check_type(signal, diagnostics, "metric", MetricType.COUNTER)
        self.check_class(signal, diagnostics, "where", metric=self.metric)
        self._check_least_over(signal, diagnostics)

    def _check_least_over(self, signal: Signal, diagnostics: Diagnostics) -> None:
        role, metric = self.least_over, signal.metrics.get(self.metric)
        if role is None or metric is None:
            return
        if role not in metric.labels:
            what = f'metric "{metric.name}" carries no label "{role}"'
            todo = choose(role, metric.labels, none='remove "least_over"')
            diagnostics.add(self.span("least_over"), "label/not-on-metric", what, todo)
        elif role in self.per:
            what = f'what is judged one by one by "{role}" has no least one'
            diagnostics.add(self.span("least_over"), "label/cannot-group", what, f'remove "{role}" from "per"')

    def _period(self, scale: TimeScale) -> Decimal:
        return scale(Duration(int(self.above.unit.size) * 1000)).seconds

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Compare events in the author's period with the limit."""
        series = signal.select(signal.metrics[self.metric], *class_matchers(signal, self.where))
        rate = over("rate", series, scale(self.window))
        if self.least_over is None:
            rate = aggregate("sum", self.grouping(signal), rate)
        else:
            each = (*self.grouping(signal), signal.labels[self.least_over])
            rate = aggregate("min", self.grouping(signal), aggregate("sum", each, rate))
        period = self._period(scale)
        counted = rate if period == 1 else f"{decimal_text(period)} * {rate}"
        return f"{counted} > {decimal_text(self.above.number)}"

    def sentence(self, signal: Signal) -> str:
        """Name the events and the rate."""
        noun = capitalised(signal.metrics[self.metric].noun)
        where = f" ({self.where})" if self.where else ""
        many = f"more than {self.above}" if self.above.number else "any"
        least = f", for every {signal.labels[self.least_over]}" if self.least_over else ""
        return f"{noun}{where}{per_words(self, signal)}: {many} over {self.window.words()}{least}"

    def threshold(self, signal: Signal) -> Threshold:
        """Draw the rate, in the author's period."""
        return Threshold.at(self.above, self.above.unit, Direction.ABOVE)

    def reading(self, signal: Signal) -> Reading:
        """Show the rate."""
        return Reading(Display.NUMBER, f" {signal.metrics[self.metric].noun}{self.above.unit.symbol}")

    def default_view(self, signal: Signal) -> DefaultView:
        """Show the rate, in the author's period."""
        period = self.above.unit.symbol.removeprefix("/")
        return DefaultView("rate", {"metrics": (self.metric,), "where": self.where, "period": period})

    def example(self, signal: Signal, scale: TimeScale) -> Example:
        """Let the counter grow a tenth slower or faster than the limit."""
        limit = self.above.number
        below, above = below_and_above(limit) if limit else (Decimal(0), Decimal("0.5"))
        # rates per second need not be exact decimals; the value shown is rounded to four digits
        per_second = PhaseLevels(limit / 10, below, above).scaled(1 / self._period(scale))
        metric, window = signal.metrics[self.metric], scale(self.window)
        series = tuple(
            s
            for group in groups(self, signal)
            for own, phase_levels in by_class(signal, self.where, per_second)
            for one, levels in self._each(signal, phase_levels)
            for s in counters(signal, metric, group, levels, own={**(own or {}), **one})
        )
        firing = Firing(firing_labels(self, signal), above)
        rises = still_false(PhaseLevels(limit / 10, below, above), limit, window)
        return Example(series, (firing,), history=window, settles=window, clears=window, rises=rises)

    def _each(self, signal: Signal, levels: PhaseLevels) -> Iterable[tuple[dict[str, str], PhaseLevels]]:
        """Let one of two stand far past the limit before the other is, for which all wait."""
        if self.least_over is None:
            yield {}, levels
            return
        label, value = signal.labels[self.least_over], signal.examples[self.least_over]
        yield {label: value}, levels
        yield {label: f"{value}-other"}, PhaseLevels(levels.healthy, levels.firing * 2, levels.firing * 2)
