"""The share of events that are fast (or small) enough."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import ClassVar, Literal

from watchbill.language.base import Diagnostics
from watchbill.language.fields import AnyQuantity, KeyName
from watchbill.model.alerts import Symptom
from watchbill.model.examples import SliSource
from watchbill.model.signals import Metric, MetricType, Signal
from watchbill.promql import aggregate, bucket_edge, over
from watchbill.quantity import Dimension, Duration, TimeScale, decimal_text, words
from watchbill.sli.base import Sli
from watchbill.sli.series import counters, without_edge


class Latency(Sli):
    """Observations of a histogram that are within a limit, which must be a bucket's edge: only that is counted.

    Errors are all observations less those within the limit, and are never read as 0: a bucket that is missing
    must be a missing indicator, not a perfect one. Instances without that bucket are left out of both.
    """

    symptoms: ClassVar[tuple[Symptom, ...]] = (Symptom.QUANTILE, Symptom.MEAN)

    usage: ClassVar[str] = """\
signals:
  http: {profile: http-server}
slos:
  latency:
    title: Requests are fast
    signal: http
    kind: latency
    metric: duration
    within: 500ms
    objective: 99%
    impact: Users wait
    action: Compare the slowest routes with yesterday
"""

    kind: Literal["latency"]
    metric: KeyName = "duration"
    """The histogram, by its key in the profile."""
    within: AnyQuantity
    """How long (or large) a good one is at most; an edge of the histogram's buckets."""

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read one histogram."""
        return {"metric": self.metric}

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a histogram, and check the limit against one of its edges."""
        super().check(signal, diagnostics)
        metric = self.check_type(signal, diagnostics, "metric", MetricType.HISTOGRAM)
        if metric is None or not self.check_unit(diagnostics, "within", self.within, metric.unit):
            return
        limit = self.within.to(metric.unit)
        if metric.native:
            self._check_power(limit, metric, diagnostics)
        elif not metric.buckets:
            what, todo = f'histogram "{metric.name}" has no buckets in its signal', "give its buckets in the signal"
            diagnostics.add(self.span("within"), "metric/no-buckets", what, todo)
        elif limit not in metric.buckets:
            below = [edge for edge in metric.buckets if edge < limit][-1:]
            above = [edge for edge in metric.buckets if edge > limit][:1]
            what = f"{self.within} is no bucket's edge of {metric.name}, so nothing counts what is within it"
            near = _written(below + above, metric)
            todo = f"let the service export a bucket at {self.within}, and write {near} meanwhile"
            diagnostics.add(self.span("within"), "metric/no-bucket-there", what, todo)

    def _check_power(self, limit: Decimal, metric: Metric, diagnostics: Diagnostics) -> None:
        """Require an edge that a native histogram has at every resolution: a power of two."""
        lower = Decimal(2) ** (limit.log10() / Decimal(2).log10()).to_integral_value(ROUND_FLOOR)
        if limit not in {lower, lower * 2}:
            what = f"{self.within} is no edge of every native histogram, so what is within it would be a guess"
            diagnostics.add(
                self.span("within"),
                "metric/no-bucket-there",
                what,
                f"write a power of two: {_written([lower, lower * 2], metric)}",
            )

    def _within(self, signal: Signal, window: Duration) -> str:
        metric = signal.metrics[self.metric]
        edge = bucket_edge(self.within.to(metric.unit))
        return over("increase", signal.select(metric, edge, suffix="_bucket"), window)

    def _native(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        return aggregate("sum", labels, over("increase", signal.select(signal.metrics[self.metric]), window))

    def _share(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        limit = decimal_text(self.within.to(signal.metrics[self.metric].unit))
        return f"histogram_fraction(-Inf, {limit}, {self._native(signal, window, labels)})"

    def total(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        """Count all observations of instances that have the bucket."""
        if signal.metrics[self.metric].native:
            return f"histogram_count({self._native(signal, window, labels)})"
        every = over("increase", signal.select(signal.metrics[self.metric], suffix="_count"), window)
        return aggregate("sum", labels, f"{every} and ignoring (le) {self._within(signal, window)}")

    def errors(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        """Count those beyond the limit."""
        if signal.metrics[self.metric].native:
            total = self.total(signal, window, labels)  # of nothing, the share within the limit is NaN
            return f"({total} > 0) * (1 - {self._share(signal, window, labels)}) or {total}"
        return f"{self.total(signal, window, labels)} - {aggregate('sum', labels, self._within(signal, window))}"

    def ratio(self, signal: Signal, window: Duration, labels: tuple[str, ...], *, zero: str) -> str:
        """Take what is within the limit from one: the same, for three fifths of the samples."""
        if signal.metrics[self.metric].native:
            return f"1 - {self._share(signal, window, labels)} and {self.total(signal, window, labels)} > 0"
        good = aggregate("sum", labels, self._within(signal, window))
        return f"1 - {good} / ({self.total(signal, window, labels)} > 0)"

    def sli_source(self, signal: Signal, scale: TimeScale) -> SliSource | None:
        """Let good events just reach the limit's bucket, and bad ones just miss it."""
        metric = signal.metrics[self.metric]
        if metric.native:  # promtool 2.42 reads no native histogram, and refuses the whole file
            return None
        limit = self.within.to(metric.unit)
        found = [*counters(signal, metric, good=1, bad=1, suffix="_count")]
        for edge, written in zip((*metric.buckets, Decimal("Infinity")), metric.edges(), strict=True):
            reached = (int(edge >= limit), int(edge > limit))
            found += counters(signal, metric, good=reached[0], bad=reached[1], own={"le": written}, suffix="_bucket")
        found += without_edge(signal, metric)
        return SliSource(tuple(found))

    def event(self, signal: Signal) -> str:
        """Name the events."""
        return signal.metrics[self.metric].noun

    def good(self, signal: Signal) -> str:
        """Name the limit."""
        metric: Metric = signal.metrics[self.metric]
        verb = "take" if metric.unit.dimension is Dimension.TIME else "have"
        return f"that {verb} {self.within} at most"


def _written(edges: list[Decimal], metric: Metric) -> str:
    return " or ".join(f'"{words.measured(edge, metric.unit)}"' for edge in edges)
