"""How often something turns from one state into another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from watchbill.language.base import Diagnostics
from watchbill.language.fields import ClassName, KeyName
from watchbill.model.dashboards import Query
from watchbill.model.signals import MetricType, Signal
from watchbill.quantity import Unit
from watchbill.views.base import View, rate


class Changes(View):
    """Changes of a gauge within each step."""

    usage: ClassVar[str] = """\
signals:
  breakers: {profile: circuit-breaker}
dashboards:
  own:
    - title: Breaker Changes
      signal: breakers
      kind: changes
      metric: state
      where: open
      by: [breaker]
      help: A breaker that opens again and again has a sick neighbour.
"""

    kind: Literal["changes"]
    metric: KeyName
    """The gauge, by its key in the profile."""
    where: ClassName | None = None
    """Only the series of this class of the profile."""

    def reads(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """Read one gauge."""
        yield ("metric",), self.metric

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a gauge that carries the class."""
        super().check(signal, diagnostics)
        self.hold_to(signal, diagnostics, MetricType.GAUGE)
        self.check_class(signal, diagnostics, "where", metric=self.metric)

    def unit(self, signal: Signal) -> Unit:
        """Count changes."""
        return Unit.COUNT

    def queries(self, signal: Signal) -> tuple[Query, ...]:
        """Count them, over all series that fall together."""
        series = self.series(signal, self.metric, self.where)
        return (Query(self.grouped("sum", signal, rate(series, "changes")), self.legend(signal)),)
