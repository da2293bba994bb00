"""How large a share of what happens is bad."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from watchbill.language.base import Diagnostics
from watchbill.language.fields import ClassName, KeyName
from watchbill.model.dashboards import Query
from watchbill.model.signals import MetricType, Signal
from watchbill.quantity import Unit
from watchbill.views.base import STATUS, View, rate


class Share(View):
    """Events of some classes (`bad`), or counted on their own (`errors`), in all events.

    Bad events that were never counted read as none, so that the panel of a healthy service shows a line at zero.
    """

    share: ClassVar[bool] = True

    usage: ClassVar[str] = """\
signals:
  http: {profile: http-server}
dashboards:
  own:
    - title: Error Rate
      signal: http
      kind: share
      metric: requests
      bad: [4xx, 5xx]
      help: 4xx are the clients' faults, 5xx are ours.
"""

    kind: Literal["share"]
    metric: KeyName
    """The counter of all events, by its key in the profile."""
    bad: tuple[ClassName, ...] = ()
    """The classes of the profile that count as bad, each drawn by itself."""
    errors: KeyName | None = None
    """Another counter, which counts the bad events alone."""

    def reads(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """Read the events and, where they have a counter of their own, the errors."""
        yield ("metric",), self.metric
        if self.errors is not None:
            yield ("errors",), self.errors

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require counters, and one way of telling what is bad."""
        super().check(signal, diagnostics)
        self.hold_to(signal, diagnostics, MetricType.COUNTER)
        if bool(self.bad) == (self.errors is not None):
            diagnostics.add(
                self.span("kind"), "spec/either-or", 'a share needs either "bad" or "errors"', "write one of the two"
            )
        for index, name in enumerate(self.bad):
            if name not in signal.classes:
                what = f'profile "{signal.profile}" has no class "{name}"'
                diagnostics.add(
                    self.span("bad", index),
                    "profile/unknown-name",
                    what,
                    f"choose one of: {', '.join(sorted(signal.classes))}",
                )

    def unit(self, signal: Signal) -> Unit:
        """Give a ratio."""
        return Unit.RATIO

    def by_status(self, signal: Signal) -> bool:
        """Tell status classes by their colours."""
        label = signal.labels.get(STATUS)
        return bool(self.bad) and all(signal.classes[name].matcher.label == label for name in self.bad)

    def queries(self, signal: Signal) -> tuple[Query, ...]:
        """Divide rates; where there are events and none is bad, the share is zero."""
        if self.errors is not None:
            word = signal.metrics[self.errors].noun
            return (self._query(signal, self.series(signal, self.errors), word),)
        return tuple(self._query(signal, self.series(signal, self.metric, name), name) for name in self.bad)

    def _query(self, signal: Signal, bad: str, word: str) -> Query:
        every = self.grouped("sum", signal, rate(self.series(signal, self.metric)))
        errors = self.grouped("sum", signal, rate(bad))
        return Query(f"({errors} or 0 * {every}) / ({every} > 0)", self.legend(signal, word))
