"""An alert that always fires."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal

from watchbill.conditions.base import Condition, DefaultView
from watchbill.language.base import Diagnostics
from watchbill.model.examples import Example, Firing
from watchbill.model.signals import Signal
from watchbill.naming import TARGET_LABELS
from watchbill.promql import quoted
from watchbill.quantity import Duration, TimeScale


class Watchdog(Condition):
    """True all the time, so that its silence tells that alerts no longer get through.

    Asked per environment. A constant has no labels, and a rule's own ones do not reach its texts
    (Prometheus docs, "Templating": `$labels` are the series'), so the series is given the target labels.
    """

    per_environment: ClassVar[bool] = True
    lineless: ClassVar[str] = "it is true all the time"
    heartbeat: ClassVar[bool] = True

    usage: ClassVar[str] = """\
signals:
  prometheus: {profile: prometheus}
alerts:
  own:
    Watchdog:
      signal: prometheus
      kind: watchdog
      for: 0s
      severity: Info
      summary: Alerts get through
"""

    kind: Literal["watchdog"]

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read nothing."""
        return {}

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Refuse to watch groups one by one: there are no series."""
        if self.per:
            diagnostics.add(
                self.span("per"),
                "label/cannot-group",
                "a watchdog reads no series that could be kept apart",
                'remove "per"',
            )

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Make a series of the place that the signal is narrowed to."""
        expr = "vector(1)"
        for matcher in signal.matchers:
            if matcher.label in TARGET_LABELS:
                expr = f'label_replace({expr}, "{matcher.label}", {quoted(matcher.value)}, "", "")'
        return expr

    def sentence(self, signal: Signal) -> str:
        """Say why it fires."""
        return "Always, so that its silence tells that alerts no longer get through"

    def default_view(self, signal: Signal) -> DefaultView | None:
        """Show nothing."""
        return None

    def example(self, signal: Signal, scale: TimeScale) -> Example:
        """Need nothing."""
        none = Duration(0)
        return Example((), (Firing((), Decimal(1)),), none, settles=none, clears=none, constant=True)
