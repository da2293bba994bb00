"""Many times more events than usual."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal

from watchbill.conditions.base import capitalised, per_words
from watchbill.conditions.baseline import AgainstBaseline
from watchbill.conditions.example_series import PhaseLevels, shown
from watchbill.language.base import Diagnostics
from watchbill.language.fields import Factor
from watchbill.model.signals import Signal
from watchbill.quantity import TimeScale, Unit, decimal_text


class Surge(AgainstBaseline):
    """A counter grows more than N times as fast as at the same time of another day.

    The baseline must have data at both its ends: half an hour of it, as after a first deploy or a gap in
    the data, would read as half the traffic.
    """

    usage: ClassVar[str] = """\
signals:
  http: {profile: http-server}
alerts:
  own:
    TrafficSpike:
      signal: http
      kind: surge
      metric: requests
      above: 3x
      baseline: 1d
      floor: 5/s
      for: 10m
      severity: P1
      summary: Far more requests than yesterday
      action: See which route grew, and from where; add instances if it is real
"""

    kind: Literal["surge"]
    above: Factor
    """Fires above this multiple of the earlier rate."""

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Hold the factor above one."""
        super().check(signal, diagnostics)
        if self.above.number <= 1:
            diagnostics.add(
                self.span("above"),
                "condition/threshold-makes-no-sense",
                f"{self.above} the baseline is no surge",
                "write a factor above 1x, such as 3x",
            )

    def limit(self, signal: Signal, scale: TimeScale) -> str:
        """Multiply the baseline by the factor."""
        return f"{decimal_text(self.above.number)} * {self.then(signal, scale)}"

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Compare now with then, above the floor."""
        now = self.now(signal, scale)
        surge = f"{now} > {self.limit(signal, scale)} and {now} >= {self.floor_text()}"
        return " and ".join((surge, *self.ends(signal, scale)))

    def sentence(self, signal: Signal) -> str:
        """Name the factor, the baseline and the floor."""
        noun = capitalised(signal.metrics[self.metric].noun) + per_words(self, signal)
        return (
            f"{noun} over {self.window.words()} come more than {self.above} as fast as {self.baseline_words()},"
            f" and at {self.floor} or more"
        )

    def factor(self) -> Decimal:
        """Take the author's."""
        return self.above.number

    def phase_levels(self) -> PhaseLevels:
        """Start from a flow that is well above the floor already."""
        usual = max(self.floor.to(Unit.PER_SECOND), Decimal(10))
        factor = self.above.number
        return PhaseLevels(usual, usual * (1 + (factor - 1) * Decimal("0.9")), shown(usual * factor * Decimal("1.1")))
