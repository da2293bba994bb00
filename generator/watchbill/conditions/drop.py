"""Far fewer events than usual."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal

from watchbill.conditions.base import capitalised, per_words
from watchbill.conditions.baseline import AgainstBaseline
from watchbill.conditions.example_series import PhaseLevels, shown
from watchbill.language.base import Diagnostics
from watchbill.language.fields import Ratio
from watchbill.model.signals import Signal
from watchbill.quantity import TimeScale, Unit, decimal_text


class Drop(AgainstBaseline):
    """A counter grows at less than a share of its rate at the same time of another day.

    A counter that is gone altogether reads as a rate of zero.
    """

    usage: ClassVar[str] = """\
signals:
  http: {profile: http-server}
alerts:
  own:
    TrafficGone:
      signal: http
      kind: drop
      metric: requests
      below: 20%
      baseline: 1d
      floor: 5/s
      for: 15m
      severity: P1
      summary: Far fewer requests than yesterday
      action: Try the site from outside; look at the load balancer and at DNS
"""

    kind: Literal["drop"]
    below: Ratio
    """Fires below this share of the earlier rate."""

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Hold the share below one."""
        super().check(signal, diagnostics)
        if not 0 < self.below.to(Unit.RATIO) < 1:
            what = f"below {self.below} of the baseline is no drop"
            diagnostics.add(
                self.span("below"), "condition/threshold-makes-no-sense", what, "write more than 0% and less than 100%"
            )

    def limit(self, signal: Signal, scale: TimeScale) -> str:
        """Take a share of the baseline."""
        return f"{decimal_text(self.below.to(Unit.RATIO))} * {self.then(signal, scale)}"

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Compare now (or nothing) with then, where then was above the floor."""
        now, then = self.now(signal, scale), self.then(signal, scale)
        return f"({now} or 0 * {then}) < {self.limit(signal, scale)} and {then} >= {self.floor_text()}"

    def sentence(self, signal: Signal) -> str:
        """Name the share, the baseline and the floor."""
        noun = capitalised(signal.metrics[self.metric].noun) + per_words(self, signal)
        return (
            f"{noun} over {self.window.words()} come at less than {self.below} of {self.baseline_words()},"
            f" which was {self.floor} or more"
        )

    def factor(self) -> Decimal:
        """Take the author's."""
        return self.below.to(Unit.RATIO)

    def phase_levels(self) -> PhaseLevels:
        """Start from a flow that is well above the floor."""
        usual = max(self.floor.to(Unit.PER_SECOND) * 2, Decimal(10))
        share = self.below.to(Unit.RATIO)
        return PhaseLevels(
            usual, usual * min(share * Decimal("1.1"), (1 + share) / 2), shown(usual * share * Decimal("0.9"))
        )
