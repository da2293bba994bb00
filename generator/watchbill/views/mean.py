"""How long, or how large, the average is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from watchbill.language.base import Diagnostics
from watchbill.language.fields import KeyName
from watchbill.model.dashboards import Query
from watchbill.model.signals import MetricType, Signal
from watchbill.quantity import Unit
from watchbill.views.base import View, rate


class Mean(View):
    """The mean of what a histogram observed; it is exact, and knows no highest bucket."""

    usage: ClassVar[str] = """\
signals:
  db: {profile: database-client}
dashboards:
  own:
    - title: Mean Time of Queries
      signal: db
      kind: mean
      metric: duration
      by: [operation]
      help: Compare an operation with itself, not with others.
"""

    kind: Literal["mean"]
    metric: KeyName
    """The histogram, by its key in the profile."""

    def reads(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """Read one histogram."""
        yield ("metric",), self.metric

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a histogram."""
        super().check(signal, diagnostics)
        self.hold_to(signal, diagnostics, MetricType.HISTOGRAM)

    def unit(self, signal: Signal) -> Unit:
        """Measure what the histogram observes."""
        return signal.metrics[self.metric].unit

    def queries(self, signal: Signal) -> tuple[Query, ...]:
        """Divide the sum by the count."""
        sums, counts = (
            self.grouped("sum", signal, rate(self.series(signal, self.metric, suffix=suffix)))
            for suffix in ("_sum", "_count")
        )
        return (Query(f"{sums} / ({counts} > 0)", self.legend(signal, "mean")),)
