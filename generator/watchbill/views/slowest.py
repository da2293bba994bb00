"""Which of many are the slowest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from watchbill.language.base import Diagnostics
from watchbill.language.fields import QUANTILES, KeyName, Quantile
from watchbill.model.dashboards import Look, Query
from watchbill.model.signals import MetricType, Signal
from watchbill.quantity import Unit
from watchbill.views.base import View, buckets

MOST = 10


class Slowest(View):
    """The ten slowest of the labels `by`, by a quantile of a histogram; those that nobody calls are left out."""

    usual_look: ClassVar[Look] = Look.TABLE

    usage: ClassVar[str] = """\
signals:
  http: {profile: http-server}
dashboards:
  own:
    - title: Slowest Routes
      signal: http
      kind: slowest
      metric: duration
      by: [route]
      help: Start with the first row.
"""

    kind: Literal["slowest"]
    metric: KeyName
    """The histogram, by its key in the profile."""
    quantile: Quantile = "p99"
    """The quantile by which they are ranked."""

    def reads(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """Read one histogram."""
        yield ("metric",), self.metric

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a histogram, and labels that tell its series apart."""
        super().check(signal, diagnostics)
        self.hold_to(signal, diagnostics, MetricType.HISTOGRAM)
        if not self.by:
            diagnostics.add(
                self.span("kind"),
                "panel/nothing-to-tell-apart",
                "nothing says what is to be compared",
                'add "by: [route]", say',
            )

    def unit(self, signal: Signal) -> Unit:
        """Measure what the histogram observes."""
        return signal.metrics[self.metric].unit

    def queries(self, signal: Signal) -> tuple[Query, ...]:
        """Ask once, for now; a quantile of nothing is not a number, and is left out."""
        quantile = f"histogram_quantile({QUANTILES[self.quantile]}, {buckets(self, signal, self.metric)})"
        return (Query(f"topk({MOST}, {quantile} >= 0)", self.quantile, unit=self.unit(signal), instant=True),)
