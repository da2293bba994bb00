"""How slow, or how large, the slowest part is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from watchbill.language.base import Diagnostics
from watchbill.language.fields import QUANTILES, KeyName, Quantile
from watchbill.model.dashboards import Query
from watchbill.model.signals import MetricType, Signal
from watchbill.quantity import Unit
from watchbill.views.base import View, buckets


class Quantiles(View):
    """Quantiles of histograms, estimated by interpolation within buckets."""

    usage: ClassVar[str] = """\
signals:
  http: {profile: http-server}
dashboards:
  own:
    - title: Latency Percentiles
      signal: http
      kind: quantiles
      metrics: [duration]
      quantiles: [p50, p99]
      help: A p99 far above the p50 means that a few requests are slow.
"""

    kind: Literal["quantiles"]
    metrics: Annotated[tuple[KeyName, ...], Field(min_length=1)]
    """The histograms, by their keys in the profile; all of one unit."""
    quantiles: Annotated[tuple[Quantile, ...], Field(min_length=1)] = ("p50", "p95", "p99")
    """Which quantiles are drawn."""

    def reads(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """Read histograms."""
        return ((("metrics", index), role) for index, role in enumerate(self.metrics))

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require histograms of one unit."""
        super().check(signal, diagnostics)
        self.hold_to(signal, diagnostics, MetricType.HISTOGRAM)
        units = {signal.metrics[role].unit for role in self.metrics if role in signal.metrics}
        if len(units) > 1:
            diagnostics.add(
                self.span("metrics"),
                "panel/mixed-units",
                "these metrics have several units",
                "make a panel of each unit",
            )

    def unit(self, signal: Signal) -> Unit:
        """Measure what the histogram observes."""
        return signal.metrics[self.metrics[0]].unit

    def queries(self, signal: Signal) -> tuple[Query, ...]:
        """Ask for each quantile of each histogram."""
        return tuple(
            Query(
                f"histogram_quantile({QUANTILES[name]}, {buckets(self, signal, role)})",
                self.legend(signal, signal.metrics[role].noun if len(self.metrics) > 1 else "", name),
            )
            for role in self.metrics
            for name in self.quantiles
        )
