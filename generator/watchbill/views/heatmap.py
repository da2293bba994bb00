"""How observations are spread over the buckets of a histogram."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from watchbill.language.base import Diagnostics
from watchbill.language.fields import KeyName
from watchbill.model.dashboards import Look, Query
from watchbill.model.signals import MetricType, Signal
from watchbill.quantity import Unit
from watchbill.views.base import View, buckets


class Heatmap(View):
    """A histogram's buckets over time; several humps show what a percentile hides."""

    usual_look: ClassVar[Look] = Look.HEATMAP

    usage: ClassVar[str] = """\
signals:
  http: {profile: http-server}
dashboards:
  own:
    - title: Latency Distribution
      signal: http
      kind: heatmap
      metric: duration
      help: Two bands mean that two kinds of requests are mixed.
"""

    kind: Literal["heatmap"]
    metric: KeyName
    """The histogram, by its key in the profile."""

    def reads(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """Read one histogram."""
        yield ("metric",), self.metric

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a histogram, and no labels: one picture shows one histogram."""
        super().check(signal, diagnostics)
        self.hold_to(signal, diagnostics, MetricType.HISTOGRAM)
        if self.by:
            diagnostics.add(self.span("by"), "label/cannot-group", "a heatmap shows a single histogram", 'remove "by"')

    def unit(self, signal: Signal) -> Unit:
        """Measure what the histogram observes."""
        return signal.metrics[self.metric].unit

    def queries(self, signal: Signal) -> tuple[Query, ...]:
        """Count what fell into each bucket."""
        legend = "" if signal.metrics[self.metric].native else "{{le}}"
        return (Query(buckets(self, signal, self.metric, "increase"), legend),)
