"""How much there is of something."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from watchbill.language.base import Diagnostics
from watchbill.language.fields import ClassName, KeyName
from watchbill.model.dashboards import Query
from watchbill.model.signals import MetricType, Signal
from watchbill.quantity import Unit
from watchbill.views.base import View


class Level(View):
    """Gauges as they are; where several series fall together, their largest, least or sum."""

    usage: ClassVar[str] = """\
signals:
  queue: {profile: queue}
dashboards:
  own:
    - title: Jobs Waiting
      signal: queue
      kind: level
      metrics: [jobs]
      where: waiting
      across: sum
      by: [queue]
      help: A queue that only grows has too few workers.
"""

    kind: Literal["level"]
    metrics: Annotated[tuple[KeyName, ...], Field(min_length=1)]
    """The gauges, by their keys in the profile."""
    where: ClassName | None = None
    """Only the series of this class of the profile."""
    across: Literal["max", "min", "sum"] = "max"
    """What is shown where several series fall together."""

    def reads(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """Read gauges."""
        return ((("metrics", index), role) for index, role in enumerate(self.metrics))

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require gauges of one unit that carry the class."""
        super().check(signal, diagnostics)
        self.hold_to(signal, diagnostics, MetricType.GAUGE)
        for role in self.metrics:
            self.check_class(signal, diagnostics, "where", metric=role)
        units = {signal.metrics[role].unit for role in self.metrics if role in signal.metrics}
        if len(units) > 1:
            diagnostics.add(
                self.span("metrics"),
                "panel/mixed-units",
                "these metrics have several units",
                "make a panel of each unit",
            )

    def unit(self, signal: Signal) -> Unit:
        """Measure what the gauge does."""
        return signal.metrics[self.metrics[0]].unit

    def queries(self, signal: Signal) -> tuple[Query, ...]:
        """Show each gauge."""
        return tuple(
            Query(
                self.grouped(self.across, signal, self.series(signal, role, self.where)),
                self.legend(signal, signal.metrics[role].noun if len(self.metrics) > 1 or not self.by else ""),
            )
            for role in self.metrics
        )
