"""How often something happens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from watchbill.language.base import Diagnostics, StrictBool
from watchbill.language.fields import ClassName, KeyName
from watchbill.model.dashboards import Query
from watchbill.model.signals import MetricType, Signal
from watchbill.naming import TARGET_LABELS
from watchbill.promql import aggregate
from watchbill.quantity import Unit, decimal_text
from watchbill.views.base import View, rate

UNITS = {"s": Unit.PER_SECOND, "min": Unit.PER_MINUTE, "h": Unit.PER_HOUR, "d": Unit.PER_DAY}


class Rate(View):
    """Counters per second, or in another `period`. With `total`, their sum stands beside those of each label."""

    usage: ClassVar[str] = """\
signals:
  http: {profile: http-server}
dashboards:
  own:
    - title: Requests by Method
      signal: http
      kind: rate
      metrics: [requests]
      by: [method]
      period: min
      total: true
      help: A sudden fall is as telling as a rise.
"""

    kind: Literal["rate"]
    metrics: Annotated[tuple[KeyName, ...], Field(min_length=1)]
    """The counters, by their keys in the profile."""
    where: ClassName | None = None
    """Only the series of this class of the profile."""
    period: Literal["s", "min", "h", "d"] = "s"
    """What the rate counts in: seconds, minutes, hours or days."""
    total: StrictBool = False
    """Whether the sum of all is drawn too."""

    def reads(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """Read counters."""
        return ((("metrics", index), role) for index, role in enumerate(self.metrics))

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require counters that carry the class."""
        super().check(signal, diagnostics)
        self.hold_to(signal, diagnostics, MetricType.COUNTER)
        for role in self.metrics:
            self.check_class(signal, diagnostics, "where", metric=role)

    def unit(self, signal: Signal) -> Unit:
        """Count events in the period."""
        return UNITS[self.period]

    def queries(self, signal: Signal) -> tuple[Query, ...]:
        """Rate each counter, and sum."""
        found = [self._query(signal, role) for role in self.metrics]
        if self.total:
            every = aggregate("sum", TARGET_LABELS, rate(self.series(signal, self.metrics[0], self.where)))
            found.append(Query(self._scaled(every), "All together"))
        return tuple(found)

    def _query(self, signal: Signal, role: str) -> Query:
        word = signal.metrics[role].noun if len(self.metrics) > 1 or not self.by else ""
        summed = self.grouped("sum", signal, rate(self.series(signal, role, self.where)))
        return Query(self._scaled(summed), self.legend(signal, word))

    def _scaled(self, rated: str) -> str:
        seconds = UNITS[self.period].size
        return rated if seconds == 1 else f"{decimal_text(seconds)} * {rated}"
