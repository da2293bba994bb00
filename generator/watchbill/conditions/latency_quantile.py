"""A quantile of a histogram: how slow (or large) the slowest part is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import ClassVar, Literal

from watchbill.conditions.base import (
    INSTANCE,
    Condition,
    DefaultView,
    exceed,
    floor_number,
    floor_words,
    per_words,
    with_floor,
)
from watchbill.conditions.example_series import (
    THREE,
    Group,
    PhaseLevels,
    ample_flow,
    below_and_above,
    counters,
    firing_labels,
    floor_of,
    groups,
    labels_of,
    shown,
    steady,
    still_false,
)
from watchbill.language.base import Diagnostics
from watchbill.language.fields import QUANTILES, AnyQuantity, Count, DurationText, KeyName, Quantile
from watchbill.model.alerts import Direction, Display, Reading, Symptom, Threshold
from watchbill.model.examples import Example, ExampleSeries, Firing, SamplePattern
from watchbill.model.signals import Metric, MetricType, Signal
from watchbill.promql import aggregate, bucket_edge, over
from watchbill.quantity import Duration, TimeScale, decimal_text, words


class LatencyQuantile(Condition):
    """A quantile of a histogram lies above a limit.

    On a bucket's edge it asks for the share of observations above the edge, which is exact and works
    at the top edge too, where `histogram_quantile` never exceeds it. Between edges it interpolates
    (Prometheus docs, "Errors of quantile estimation"), and a warning says so.
    """

    usage: ClassVar[str] = """\
signals:
  http: {profile: http-server}
alerts:
  own:
    SlowestRequests:
      signal: http
      kind: latency_quantile
      metric: duration
      quantile: p99
      above: 500ms
      min_events: 5
      for: 15m
      severity: P1
      summary: The slowest requests take too long
      action: Compare the slowest routes with yesterday
"""
    symptom: ClassVar[Symptom | None] = Symptom.QUANTILE

    kind: Literal["latency_quantile"]
    metric: KeyName
    """The histogram, by its key in the profile."""
    quantile: Quantile
    """Which part may be slower: with `p99` one event in a hundred."""
    above: AnyQuantity
    """Fires where the quantile is above this; on an edge of the histogram's buckets it is exact."""
    window: DurationText = Duration.parse("5m")
    """The time over which events are counted; at least four scrape intervals."""
    min_events: Count | None = None
    """The least number of slow events within the window, below which nothing fires."""

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read one histogram."""
        return {"metric": self.metric}

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a histogram, and check the limit against what its buckets can tell."""
        super().check(signal, diagnostics)
        metric = self.check_type(signal, diagnostics, "metric", MetricType.HISTOGRAM)
        if metric is None or not self.check_unit(diagnostics, "above", self.above, metric.unit):
            return
        limit = self.above.to(metric.unit)
        edges = ", ".join(words.measured(edge, metric.unit) for edge in metric.buckets)
        if not metric.buckets:
            what = f'histogram "{metric.name}" has no buckets in its signal'
            diagnostics.add(
                self.span("metric"),
                "metric/no-buckets",
                what,
                "give the metric's buckets in the signal, as the service exports them",
            )
        elif limit > metric.buckets[-1]:
            highest = words.measured(metric.buckets[-1], metric.unit)
            what = f"no quantile of {metric.name} can be above {self.above}, since its highest bucket is {highest}"
            diagnostics.add(
                self.span("above"),
                "metric/no-bucket-there",
                what,
                f"choose one of its edges ({edges}), or add a bucket to the service",
            )
        elif limit < metric.buckets[0]:
            what = (
                f"{self.above} lies below the lowest bucket of {metric.name}, so the {self.quantile} is always above it"
            )
            diagnostics.add(
                self.span("above"),
                "metric/no-bucket-there",
                what,
                f"choose one of its edges ({edges}), or add a bucket to the service",
            )
        elif limit not in metric.buckets:
            between = f"{self.above} lies between two buckets of {metric.name}"
            if self.min_events is not None:
                what = f"{between}, where min_events cannot be counted"
                diagnostics.add(self.span("above"), "metric/no-bucket-there", what, f"choose one of its edges: {edges}")
            else:
                what = f"{between}, so the quantile is a guess by interpolation"
                self.warn(diagnostics, "above", "metric/no-bucket-there", what, f"choose one of its edges: {edges}")

    def _ratio(self) -> Decimal:
        return 1 - Decimal(QUANTILES[self.quantile])

    def _limit(self, metric: Metric) -> tuple[Decimal, bool]:
        limit = self.above.to(metric.unit)
        return limit, limit in metric.buckets

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Ask for the share above the edge, or between edges for the quantile."""
        metric, labels, window = signal.metrics[self.metric], self.grouping(signal), scale(self.window)
        limit, on_edge = self._limit(metric)
        if not on_edge:
            rate = over("rate", signal.select(metric, suffix="_bucket"), window)
            per_bucket = aggregate("sum", (*labels, "le"), rate)
            return f"histogram_quantile({QUANTILES[self.quantile]}, {per_bucket}) > {decimal_text(limit)}"
        good = signal.select(metric, bucket_edge(limit), suffix="_bucket")
        total = signal.select(metric, suffix="_count")

        def counted(function: str) -> tuple[str, str]:
            within = over(function, good, window)
            # an instance without that bucket must not count as slow, so only those that have it are counted
            every = f"{over(function, total, window)} and ignoring (le) {within}"
            return aggregate("sum", labels, within), aggregate("sum", labels, every)

        within, every = counted("rate")
        expr = f"1 - {within} / {every} > {decimal_text(self._ratio())}"
        within, every = counted("increase")
        return with_floor(expr, f"{every} - {within}", self.min_events)

    def sentence(self, signal: Signal) -> str:
        """Say it as the share of events beyond the limit, which is what a quantile means."""
        metric = signal.metrics[self.metric]
        share = words.share(self._ratio())
        floor = floor_words(self.min_events)
        events = f"{metric.noun}{per_words(self, signal)} {exceed(metric.unit)} {self.above}"
        return f"More than {share} of {events} (the {self.quantile}) over {self.window.words()}{floor}"

    def threshold(self, signal: Signal) -> Threshold:
        """Draw the limit, in the histogram's unit."""
        metric = signal.metrics[self.metric]
        return Threshold.at(self.above, metric.unit, Direction.ABOVE)

    def reading(self, signal: Signal) -> Reading:
        """Show the share beyond the limit; between edges, the estimated quantile."""
        metric = signal.metrics[self.metric]
        if self._limit(metric)[1]:
            return Reading(Display.PERCENT, f" of {metric.noun} {exceed(metric.unit)} {self.above}")
        return Reading(Display.NUMBER, f"{metric.unit.symbol} at the {self.quantile}")

    def default_view(self, signal: Signal) -> DefaultView:
        """Show the quantile."""
        return DefaultView("quantiles", {"metrics": (self.metric,), "quantiles": (self.quantile,)})

    def example(self, signal: Signal, scale: TimeScale) -> Example:
        """Let a share of steady observations move from the lowest bucket to beyond the limit."""
        metric, window = signal.metrics[self.metric], scale(self.window)
        limit, on_edge = self._limit(metric)
        if on_edge:
            below, above = below_and_above(self._ratio(), ceiling=Decimal(1))
            needed = floor_number(self.min_events)
            flow = ample_flow(needed / self._ratio(), window)
            slow = PhaseLevels(Decimal(0), below * flow, above * flow)
            fast = PhaseLevels(flow, flow - slow.just_below, flow - slow.firing)
            landings, value = {0: fast, metric.buckets.index(limit) + 1: slow}, above
            rises = still_false(slow, self._ratio() * flow, window)
        else:
            landings, value = self._between_edges(metric, limit)
            rises, flow = Duration(0), Decimal(0)
        series = tuple(s for group in groups(self, signal) for s in _histogram(signal, metric, group, landings))
        if on_edge and INSTANCE not in self.per:
            series = (*series, *_without_edge(signal, metric, flow))
        floor = floor_of(series, flow * value * window.seconds, self.min_events) if on_edge else None
        firing = Firing(firing_labels(self, signal), value)
        return Example(series, (firing,), history=window, settles=window, clears=window, rises=rises, floor=floor)

    def _between_edges(self, metric: Metric, limit: Decimal) -> tuple[dict[int, PhaseLevels], Decimal]:
        """Place the quantile in its bucket by the interpolation that Prometheus documents.

        The quantile q lies a fraction f into a bucket with a share s of all observations above a
        share r: q = r + f * s. Where q exceeds f, all others are fast, and s : r is 1 - q : q - f;
        elsewhere all others lie beyond the bucket, and s is q / f.
        """
        index = next(i for i, edge in enumerate(metric.buckets) if edge > limit)
        low, high = metric.buckets[index - 1], metric.buckets[index]
        quantile, beside = Decimal(QUANTILES[self.quantile]), (low + limit) / 2
        value = shown((limit + high) / 2)
        value = value if limit < value < high else (limit + high) / 2
        fast, inside, beyond = [Decimal(40)], [Decimal(0)], [Decimal(0)]
        for target in (beside, value):
            fraction = (target - low) / (high - low)
            fast.append(max(Decimal(0), quantile - fraction) * 1000)
            inside.append((1 - quantile if fraction < quantile else quantile) * 1000)
            beyond.append(max(Decimal(0), fraction - quantile) * 1000)
        return {0: PhaseLevels(*fast), index: PhaseLevels(*inside), index + 1: PhaseLevels(*beyond)}, value


def _without_edge(signal: Signal, metric: Metric, flow: Decimal) -> Iterable[ExampleSeries]:
    """Count observations on an instance whose only bucket is the last, all of which would seem to be slow."""
    pattern = SamplePattern(slope=flow)
    own: dict[str, str]
    for suffix, own in (("_count", {}), ("_bucket", {"le": "+Inf"})):
        labels = labels_of(signal, metric, Group({}, at_fault=False), {**own, INSTANCE: THREE})
        yield ExampleSeries(metric.name + suffix, labels, pattern, pattern, pattern)


def _histogram(
    signal: Signal, metric: Metric, group: Group, landings: Mapping[int, PhaseLevels]
) -> Iterable[ExampleSeries]:
    """Export a histogram; `landings` says how many observations fall into each bucket, by its number."""
    total = PhaseLevels(Decimal(0), Decimal(0), Decimal(0))
    for index, edge in enumerate(metric.edges()):
        total = total.plus(landings.get(index, steady(0)))
        yield from counters(signal, metric, group, total, own={"le": edge}, suffix="_bucket")
    yield from counters(signal, metric, group, total, suffix="_count")
