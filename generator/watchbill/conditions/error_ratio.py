"""The share of events that went wrong."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import ClassVar, Literal

from watchbill.conditions.base import (
    Condition,
    DefaultView,
    class_matchers,
    floor_number,
    floor_words,
    per_words,
    with_floor,
)
from watchbill.conditions.example_series import (
    Group,
    PhaseLevels,
    ample_flow,
    below_and_above,
    counters,
    firing_labels,
    floor_of,
    groups,
    member,
    other,
    steady,
    still_false,
)
from watchbill.language.base import Diagnostics
from watchbill.language.fields import ClassName, Count, DurationText, KeyName, Ratio
from watchbill.model.alerts import Direction, Display, Reading, Symptom, Threshold
from watchbill.model.examples import Example, ExampleSeries, Firing
from watchbill.model.signals import MetricType, Signal
from watchbill.promql import aggregate, over
from watchbill.quantity import Duration, TimeScale, Unit, decimal_text


class ErrorRatio(Condition):
    """More than a share of all events are bad: of a class (`bad`), or counted on their own (`errors`).

    `min_events` is a floor of BAD events within the window, so that one failed request at night is
    no page, and a total outage still is.
    """

    usage: ClassVar[str] = """\
signals:
  http: {profile: http-server}
alerts:
  own:
    TooManyErrors:
      signal: http
      kind: error_ratio
      metric: requests
      bad: 5xx
      above: 1%
      min_events: 5
      for: 5m
      severity: P0
      summary: Too many requests end in a server error
      action: Roll back, if it began with a deploy
"""
    symptom: ClassVar[Symptom | None] = Symptom.EVENTS

    kind: Literal["error_ratio"]
    metric: KeyName
    """The counter of all events, by its key in the profile."""
    bad: ClassName | None = None
    """The class of the profile that counts as bad; exactly one of `bad` and `errors` is written."""
    errors: KeyName | None = None
    """Another counter, which counts the bad events alone; exactly one of `bad` and `errors` is written."""
    above: Ratio
    """Fires above this share of bad events; more than 0%, less than 100%."""
    window: DurationText = Duration.parse("5m")
    """The time over which events are counted; at least four scrape intervals."""
    min_events: Count | None = None
    """The least number of bad events within the window, below which nothing fires."""

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read the events and, where they have a counter of their own, the errors."""
        return {"metric": self.metric} | ({"errors": self.errors} if self.errors else {})

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require counters, and exactly one way of telling what is bad."""
        super().check(signal, diagnostics)
        self.check_type(signal, diagnostics, "metric", MetricType.COUNTER)
        self.check_type(signal, diagnostics, "errors", MetricType.COUNTER)
        self.check_class(signal, diagnostics, "bad", metric=self.metric)
        self.check_one_of(diagnostics, "bad", "errors")
        self.check_share(diagnostics, "above", self.above)

    def _bad(self, signal: Signal) -> str:
        if self.errors is not None:
            return signal.select(signal.metrics[self.errors])
        return signal.select(signal.metrics[self.metric], *class_matchers(signal, self.bad))

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Divide the rate of bad events by the rate of all."""
        labels, window = self.grouping(signal), scale(self.window)
        bad, events = self._bad(signal), signal.select(signal.metrics[self.metric])
        rates = (aggregate("sum", labels, over("rate", series, window)) for series in (bad, events))
        expr = f"{' / '.join(rates)} > {decimal_text(self.above.to(Unit.RATIO))}"
        return with_floor(expr, aggregate("sum", labels, over("increase", bad, window)), self.min_events)

    def sentence(self, signal: Signal) -> str:
        """Name the share, the events, and the floor."""
        floor = floor_words(self.min_events)
        events = f"{signal.metrics[self.metric].noun}{per_words(self, signal)}"
        return f"More than {self.above} of {events} {self._what()} over {self.window.words()}{floor}"

    def _what(self) -> str:
        return f"are {self.bad}" if self.bad else "fail"

    def threshold(self, signal: Signal) -> Threshold:
        """Draw the ratio."""
        return Threshold.at(self.above, Unit.RATIO, Direction.ABOVE)

    def reading(self, signal: Signal) -> Reading:
        """Show the share."""
        return Reading(Display.PERCENT, f" of {signal.metrics[self.metric].noun} {self._what()}")

    def default_view(self, signal: Signal) -> DefaultView:
        """Show the share."""
        bad = (self.bad,) if self.bad is not None else ()
        return DefaultView("share", {"metric": self.metric, "bad": bad, "errors": self.errors})

    def example(self, signal: Signal, scale: TimeScale) -> Example:
        """Let a steady flow of events turn bad by a tenth less or more than the threshold."""
        ratio = self.above.to(Unit.RATIO)
        below, above = below_and_above(ratio, ceiling=Decimal(1))
        window = scale(self.window)
        needed = floor_number(self.min_events)
        flow = ample_flow(needed / ratio, window)
        shares = PhaseLevels(Decimal(0), below, above)
        series = [
            each for group in groups(self, signal) for each in self._series(signal, group, shares.scaled(flow), flow)
        ]
        firing = Firing(firing_labels(self, signal), above)
        return Example(
            tuple(series),
            (firing,),
            history=window,
            settles=window,
            clears=window,
            rises=still_false(shares, ratio, window),
            floor=floor_of(series, flow * above * window.seconds, self.min_events),
        )

    def _series(self, signal: Signal, group: Group, bad: PhaseLevels, flow: Decimal) -> Iterable[ExampleSeries]:
        events = signal.metrics[self.metric]
        if self.errors is not None:
            yield from counters(signal, events, group, steady(flow))
            yield from counters(signal, signal.metrics[self.errors], group, bad)
            return
        bad_class = signal.classes[str(self.bad)]
        good = PhaseLevels(flow - bad.healthy, flow - bad.just_below, flow - bad.firing)
        yield from counters(signal, events, group, bad, own=member(bad_class))
        yield from counters(signal, events, group, good, own=other(bad_class))
