"""Whether something is up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from watchbill.language.base import Diagnostics
from watchbill.language.fields import KeyName
from watchbill.model.dashboards import LineLevel, Look, Query, State
from watchbill.model.signals import MetricType, Signal
from watchbill.quantity import Unit
from watchbill.views.base import View

UP_OR_DOWN = (State(0, "DOWN", LineLevel.CRITICAL), State(1, "UP", LineLevel.GOOD))


class Up(View):
    """A gauge of 1 and 0; where several series fall together, the least of them."""

    usual_look: ClassVar[Look] = Look.STATES

    usage: ClassVar[str] = """\
signals:
  health: {profile: probe}
dashboards:
  own:
    - title: Health Check
      signal: health
      kind: up
      metric: success
      help: Down means that nobody can use the service.
"""

    kind: Literal["up"]
    metric: KeyName
    """The gauge that is 1 while all is well, by its key in the profile."""

    def reads(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """Read one gauge."""
        yield ("metric",), self.metric

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a gauge."""
        super().check(signal, diagnostics)
        self.hold_to(signal, diagnostics, MetricType.GAUGE)

    def unit(self, signal: Signal) -> Unit:
        """Count the states from nought."""
        return Unit.COUNT

    def queries(self, signal: Signal) -> tuple[Query, ...]:
        """Show the least."""
        word = "" if self.by else signal.metrics[self.metric].noun
        return (Query(self.grouped("min", signal, self.series(signal, self.metric)), self.legend(signal, word)),)

    def states(self, signal: Signal) -> tuple[State, ...]:
        """Say it in words."""
        return UP_OR_DOWN
