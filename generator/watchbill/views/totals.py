"""What the events of the shown time were."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from watchbill.language.base import Diagnostics
from watchbill.language.fields import KeyName
from watchbill.model.dashboards import RANGE, Look, Query
from watchbill.model.signals import MetricType, Signal
from watchbill.quantity import Unit
from watchbill.views.base import View


class Totals(View):
    """A counter's increase over the whole of the shown time, for each value of the labels `by`."""

    usual_look: ClassVar[Look] = Look.PIE

    usage: ClassVar[str] = """\
signals:
  http: {profile: http-server}
dashboards:
  own:
    - title: Requests by Status
      signal: http
      kind: totals
      metric: requests
      by: [status]
      help: Counts the whole of the time that is shown.
"""

    kind: Literal["totals"]
    metric: KeyName
    """The counter, by its key in the profile."""

    def reads(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """Read one counter."""
        yield ("metric",), self.metric

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a counter, and labels that tell its series apart."""
        super().check(signal, diagnostics)
        self.hold_to(signal, diagnostics, MetricType.COUNTER)
        if not self.by:
            diagnostics.add(
                self.span("kind"),
                "panel/nothing-to-tell-apart",
                "nothing says what is to be kept apart",
                'add "by: [status]", say',
            )

    def unit(self, signal: Signal) -> Unit:
        """Count events."""
        return Unit.COUNT

    def queries(self, signal: Signal) -> tuple[Query, ...]:
        """Ask once, over all of the shown time."""
        increase = f"increase({self.series(signal, self.metric)}[{RANGE}])"
        return (Query(self.grouped("sum", signal, increase), self.legend(signal), instant=True),)
