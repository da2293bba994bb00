"""A cache that misses too often."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal

from watchbill.conditions.base import Condition, DefaultView, floor_number, floor_words, per_words, with_floor
from watchbill.conditions.example_series import (
    PhaseLevels,
    ample_flow,
    counters,
    firing_labels,
    floor_of,
    groups,
    shown,
    still_false,
)
from watchbill.language.base import Diagnostics
from watchbill.language.fields import Count, DurationText, KeyName, Ratio
from watchbill.model.alerts import Direction, Display, Reading, Threshold
from watchbill.model.examples import Example, Firing
from watchbill.model.signals import MetricType, Signal
from watchbill.promql import aggregate, over
from watchbill.quantity import Duration, TimeScale, Unit, decimal_text


class HitRatioBelow(Condition):
    """Fewer than a share of look-ups are hits.

    Hits that were never counted read as none, so that a cache that answers nothing alerts; misses
    that were never counted leave no answer, so that a renamed metric is not a perfect cache.
    `min_events` is a floor of look-ups within the window.
    """

    usage: ClassVar[str] = """\
signals:
  cache: {profile: cache}
alerts:
  own:
    CacheColder:
      signal: cache
      kind: hit_ratio_below
      hits: hits
      misses: misses
      below: 80%
      min_events: 100
      for: 15m
      severity: P1
      summary: The cache answers too little
      action: See whether keys changed with the last release, or the cache was emptied
"""

    kind: Literal["hit_ratio_below"]
    hits: KeyName
    """The counter of hits, by its key in the profile."""
    misses: KeyName
    """The counter of misses, by its key in the profile."""
    below: Ratio
    """Fires below this share of hits in all look-ups."""
    window: DurationText = Duration.parse("5m")
    """The time over which events are counted; at least four scrape intervals."""
    min_events: Count | None = None
    """The least number of look-ups within the window, below which nothing fires."""

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read hits and misses."""
        return {"hits": self.hits, "misses": self.misses}

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require two counters."""
        super().check(signal, diagnostics)
        for field in ("hits", "misses"):
            self.check_type(signal, diagnostics, field, MetricType.COUNTER)
        if self.below.number == 0:
            diagnostics.add(
                self.span("below"),
                "condition/threshold-makes-no-sense",
                "a share can never be below 0%",
                "write more than 0%",
            )
        elif self.below.to(Unit.RATIO) > 1:
            what = f"a share is always below {self.below}"
            diagnostics.add(self.span("below"), "condition/threshold-makes-no-sense", what, "write 100% at most")

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Divide hits by look-ups."""
        labels, window = self.grouping(signal), scale(self.window)

        def count(function: str, role: str) -> str:
            return aggregate("sum", labels, over(function, signal.select(signal.metrics[role]), window))

        misses = count("rate", self.misses)
        hits = f"({count('rate', self.hits)} or 0 * {misses})"
        expr = f"{hits} / ({hits} + {misses}) < {decimal_text(self.below.to(Unit.RATIO))}"
        counted = count("increase", self.misses)
        all_hits = f"({count('increase', self.hits)} or 0 * {counted})"
        return with_floor(expr, f"{all_hits} + {counted}", self.min_events)

    def sentence(self, signal: Signal) -> str:
        """Name the share and the floor."""
        floor = floor_words(self.min_events, "look-ups")
        noun = signal.metrics[self.hits].noun
        return (
            f"Fewer than {self.below} of look-ups{per_words(self, signal)} are {noun} over {self.window.words()}{floor}"
        )

    def threshold(self, signal: Signal) -> Threshold:
        """Draw the ratio."""
        return Threshold.at(self.below, Unit.RATIO, Direction.BELOW)

    def reading(self, signal: Signal) -> Reading:
        """Show the share."""
        return Reading(Display.PERCENT, f" of look-ups are {signal.metrics[self.hits].noun}")

    def default_view(self, signal: Signal) -> DefaultView:
        """Show the share of hits."""
        return DefaultView("hit_ratio", {"hits": self.hits, "misses": self.misses})

    def example(self, signal: Signal, scale: TimeScale) -> Example:
        """Let the hits of a steady flow of look-ups fall a tenth short of the threshold, or not."""
        ratio, window = self.below.to(Unit.RATIO), scale(self.window)
        spared, short = min(ratio * Decimal("1.1"), (ratio + 1) / 2), shown(ratio * Decimal("0.9"))
        needed = floor_number(self.min_events)
        flow = ample_flow(needed, window)
        hits = PhaseLevels((1 + ratio) / 2, spared, short).scaled(flow)
        misses = PhaseLevels(flow - hits.healthy, flow - hits.just_below, flow - hits.firing)
        series = tuple(
            each
            for group in groups(self, signal)
            for role, phase_levels in ((self.hits, hits), (self.misses, misses))
            for each in counters(signal, signal.metrics[role], group, phase_levels)
        )
        firing = Firing(firing_labels(self, signal), short)
        shares = PhaseLevels((1 + ratio) / 2, spared, short)
        return Example(
            series,
            (firing,),
            history=window,
            settles=window,
            clears=window,
            rises=still_false(shares, ratio, window),
            floor=floor_of(series, flow * window.seconds, self.min_events),
            alternatives=(self._without_hits(signal, flow, window),),
        )

    def _without_hits(self, signal: Signal, flow: Decimal, window: Duration) -> Example:
        """Let all look-ups be misses of a cache that has never had a hit, nor a series for one."""
        phase_levels = PhaseLevels(Decimal(0), Decimal(0), flow)
        misses = signal.metrics[self.misses]
        series = tuple(s for group in groups(self, signal) for s in counters(signal, misses, group, phase_levels))
        firing = Firing(firing_labels(self, signal), Decimal(0))
        return Example(series, (firing,), history=window, settles=window, clears=window)
