"""The share of minutes in which a gauge, or a quantile, is within its limit."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import ClassVar, Literal

from watchbill.conditions.base import INSTANCE, class_matchers
from watchbill.conditions.example_series import ONE, TWO, member, other
from watchbill.language.base import Diagnostics
from watchbill.language.fields import AnyQuantity, ClassName, KeyName, Quantile
from watchbill.model.alerts import Alert, Direction, Symptom
from watchbill.model.examples import SliSource
from watchbill.model.signals import Metric, MetricType, Signal
from watchbill.promql import aggregate, over
from watchbill.quantity import Duration, Quantity, TimeScale, Unit, decimal_text, words
from watchbill.sli.series import counters, level, state
from watchbill.sli.timed import TimedSli

QUANTILE_OVER = Duration.parse("5m")


class Threshold(TimedSli):
    """A gauge kept at or below `at_most`, or at or above `at_least`; the worst series of a group counts.

    With `quantile` the metric is a histogram, whose quantile over 5 minutes is evaluated: that counts minutes,
    so that a busy minute weighs no more than a quiet one. `latency` counts the events themselves, and is better
    wherever its limit is a bucket's edge. Without any event a minute is neither good nor bad, and not missing either.
    """

    symptoms: ClassVar[tuple[Symptom, ...]] = (Symptom.LEVEL, Symptom.USE, Symptom.QUANTILE)

    usage: ClassVar[str] = """\
signals:
  orders: {profile: orders}
slos:
  waiting:
    title: Few orders wait
    signal: orders
    kind: threshold
    metric: waiting
    at_most: 100
    objective: 99%
    impact: Customers wait
    action: See whether the payment provider answers
"""

    kind: Literal["threshold"]
    metric: KeyName
    """The gauge, or with `quantile` the histogram, by its key in the profile."""
    where: ClassName | None = None
    """Only the series of this class of the profile."""
    quantile: Quantile | None = None
    """The quantile of the histogram that is evaluated."""
    at_most: AnyQuantity | None = None
    """A minute is good while the value is at most this; exactly one of `at_most` and `at_least` is written."""
    at_least: AnyQuantity | None = None
    """A minute is good while the value is at least this; exactly one of the two is written."""

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read one gauge or histogram."""
        return {"metric": self.metric}

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require one direction, and a metric of the right type and unit."""
        super().check(signal, diagnostics)
        wanted = MetricType.GAUGE if self.quantile is None else MetricType.HISTOGRAM
        metric = self.require_classic(self.check_type(signal, diagnostics, "metric", wanted), diagnostics, "metric")
        self.check_class(signal, diagnostics, "where", metric=self.metric)
        if (self.at_most is None) == (self.at_least is None):
            what = "this says no limit" if self.at_most is None else "this says two limits"
            diagnostics.add(self.span("kind"), "spec/either-or", what, 'write either "at_most" or "at_least"')
        elif metric is not None:
            field = "at_most" if self.at_most is not None else "at_least"
            if self.check_unit(diagnostics, field, self._limit(), metric.unit):
                self._check_edges(metric, diagnostics)

    def _check_edges(self, metric: Metric, diagnostics: Diagnostics) -> None:
        """Refuse a limit that no quantile exceeds, since `histogram_quantile` ends at the highest finite edge."""
        if self.at_most is None or not metric.buckets or self._limit().to(metric.unit) < metric.buckets[-1]:
            return
        highest = words.measured(metric.buckets[-1], metric.unit)
        what = f"no quantile of {metric.name} is ever above {self.at_most}, since its highest bucket is {highest}"
        diagnostics.add(
            self.span("at_most"),
            "metric/no-bucket-there",
            what,
            "write a lower limit, or add a higher bucket to the service",
        )

    def _limit(self) -> Quantity:
        return self.at_most or self.at_least or Quantity(Decimal(0), Unit.COUNT)

    def suppresses(self, alert: Alert, signal: Signal) -> bool:
        """Cover what asks for the same class on the same side: too little does not tell of too much."""
        side = Direction.ABOVE if self.at_most is not None else Direction.BELOW
        same_side = alert.threshold is not None and alert.threshold.direction is side
        asked = [str(matcher) for matcher in class_matchers(signal, self.where)]
        return super().suppresses(alert, signal) and same_side and all(m in r.expr for m in asked for r in alert.rules)

    def total(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        """Count the minute, if it can be evaluated; as none where a histogram is there and nothing happened."""
        return super().total(signal, window, labels) + self._idle(signal, window, labels)

    def errors(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        """Count the minute as bad, or not."""
        return super().errors(signal, window, labels) + self._idle(signal, window, labels)

    def _idle(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        """Read a quantile of nothing, which is NaN, as 0: a night without traffic is no missing indicator."""
        if self.quantile is None:
            return ""
        matchers = class_matchers(signal, self.where)
        counted = over("rate", signal.select(signal.metrics[self.metric], *matchers, suffix="_count"), window)
        return f" or ({aggregate('sum', labels, counted)} == 0)"

    def measured(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        """Take the worst series, or the quantile of all."""
        metric = signal.metrics[self.metric]
        matchers = class_matchers(signal, self.where)
        if self.quantile is None:
            return aggregate("max" if self.at_most is not None else "min", labels, signal.select(metric, *matchers))
        rate = over("rate", signal.select(metric, *matchers, suffix="_bucket"), window)
        ratio = Decimal(self.quantile.removeprefix("p")) / 100
        return f"histogram_quantile({decimal_text(ratio)}, {aggregate('sum', (*labels, 'le'), rate)})"

    def comparison(self, signal: Signal, window: Duration) -> str:
        """Compare with the limit, in the metric's unit."""
        limit = decimal_text(self._limit().to(signal.metrics[self.metric].unit))
        return f"{'>' if self.at_most is not None else '<'} bool {limit}"

    def sli_source(self, signal: Signal, scale: TimeScale) -> SliSource | None:
        """Let the worst series stand at the limit, which is good, or a tenth past it."""
        if self.quantile is not None:
            return self._of_quantile(signal, scale)
        metric = signal.metrics[self.metric]
        limit = self._limit().to(metric.unit)
        past = (limit * Decimal("1.1") if limit else Decimal(1)) if self.at_most else limit * Decimal("0.9")
        notified = member(signal.classes[self.where]) if self.where else {}
        states = [
            state(signal, metric, {**notified, INSTANCE: ONE}, level(limit), level(past)),
            state(signal, metric, {**notified, INSTANCE: TWO}, level(limit), level(limit)),
        ]
        if self.where:
            outside = {**other(signal.classes[self.where]), INSTANCE: ONE}
            states.append(state(signal, metric, outside, level(past), level(past)))
        return SliSource(states=tuple(states))

    def _of_quantile(self, signal: Signal, scale: TimeScale) -> SliSource | None:
        """Let all events of five minutes lie in a bucket within the limit, or in one beyond it."""
        metric = signal.metrics[self.metric]
        limit = self._limit().to(metric.unit)
        edges = (*metric.buckets, Decimal("Infinity"))
        within = max((edge for edge in metric.buckets if edge <= limit), default=None)
        if within is None:  # the lowest bucket reaches past the limit, so that what lies in it is not known
            return None
        beyond = next(edge for low, edge in pairwise((Decimal(0), *edges)) if low >= limit)
        good, bad = (within, beyond) if self.at_most else (beyond, within)
        own = member(signal.classes[self.where]) if self.where else {}
        found = [*counters(signal, metric, good=1, bad=1, own=own, suffix="_count")]
        for edge, written in zip(edges, metric.edges(), strict=True):
            reached = (int(edge >= good), int(edge >= bad))
            labels = {**own, "le": written}
            found += counters(signal, metric, good=reached[0], bad=reached[1], own=labels, suffix="_bucket")
        return SliSource(tuple(found), sees=scale(QUANTILE_OVER))

    def event(self, signal: Signal) -> str:
        """Count minutes; of a quantile, those in which something happened."""
        return "minutes" if self.quantile is None else "minutes with events"

    def good(self, signal: Signal) -> str:
        """Name the gauge and the limit."""
        noun = signal.metrics[self.metric].noun
        where = f" ({self.where})" if self.where else ""
        of = f"the {self.quantile} of " if self.quantile else ""
        side = "at most" if self.at_most is not None else "at least"
        return f"in which {of}{noun}{where} is {side} {self._limit()}"
