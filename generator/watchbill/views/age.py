"""How long ago something was."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from watchbill.language.base import Diagnostics
from watchbill.language.fields import KeyName
from watchbill.model.dashboards import Query
from watchbill.model.signals import MetricType, Signal
from watchbill.quantity import Unit
from watchbill.views.base import View


class Age(View):
    """The time since a gauge of Unix seconds."""

    usage: ClassVar[str] = """\
signals:
  orders: {profile: orders}
dashboards:
  own:
    - title: Age of the Last Export
      signal: orders
      kind: age
      metric: exported
      help: It falls to zero each time an export succeeds.
"""

    kind: Literal["age"]
    metric: KeyName
    """The gauge that holds a Unix time, by its key in the profile."""

    def reads(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """Read one gauge."""
        yield ("metric",), self.metric

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a gauge in seconds."""
        super().check(signal, diagnostics)
        self.hold_to(signal, diagnostics, MetricType.GAUGE)
        metric = signal.metrics.get(self.metric)
        if metric is not None and metric.unit is not Unit.SECONDS:
            diagnostics.add(
                self.span("metric"),
                "metric/not-a-time",
                f'metric "{metric.name}" is no Unix time in seconds',
                "name one that is",
            )

    def unit(self, signal: Signal) -> Unit:
        """Measure in seconds."""
        return Unit.SECONDS

    def queries(self, signal: Signal) -> tuple[Query, ...]:
        """Take it off the present."""
        latest = self.grouped("max", signal, self.series(signal, self.metric))
        return (Query(f"time() - {latest}", self.legend(signal, "" if self.by else "age")),)
