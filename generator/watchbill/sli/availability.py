"""The share of requests that do not fail."""

from __future__ import annotations

from typing import ClassVar, Literal

from watchbill.conditions.example_series import member, other
from watchbill.language.base import Diagnostics
from watchbill.language.fields import ClassName, KeyName
from watchbill.model.alerts import Alert, Symptom
from watchbill.model.examples import SliSource
from watchbill.model.signals import Metric, MetricType, Signal
from watchbill.promql import aggregate, over
from watchbill.quantity import Duration, TimeScale
from watchbill.sli.base import Sli
from watchbill.sli.series import counters


class Availability(Sli):
    """Events of a counter that are not of the class `bad`.

    A series of bad events may be born late, so that none of them reads as 0. That would also make a misspelt
    label a perfect service, so an alert tells of events that lack the label which tells good from bad.
    """

    zero_filled: ClassVar[bool] = True
    symptoms: ClassVar[tuple[Symptom, ...]] = (Symptom.EVENTS,)

    usage: ClassVar[str] = """\
signals:
  http: {profile: http-server}
slos:
  availability:
    title: Requests succeed
    signal: http
    kind: availability
    metric: requests
    bad: 5xx
    objective: 99.9%
    impact: Users see errors
    action: Roll back, if it began with a deploy
"""

    kind: Literal["availability"]
    metric: KeyName = "requests"
    """The counter of all events, by its key in the profile."""
    bad: ClassName = "5xx"
    """The class of the profile that counts as bad."""

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read one counter."""
        return {"metric": self.metric}

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a counter that carries the class."""
        super().check(signal, diagnostics)
        self.check_type(signal, diagnostics, "metric", MetricType.COUNTER)
        self.check_class(signal, diagnostics, "bad", metric=self.metric)

    def total(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        """Count all events."""
        return aggregate("sum", labels, over("increase", signal.select(signal.metrics[self.metric]), window))

    def errors(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        """Count those of the class."""
        bad = signal.select(signal.metrics[self.metric], signal.classes[self.bad].matcher)
        return aggregate("sum", labels, over("increase", bad, window))

    def sli_source(self, signal: Signal, scale: TimeScale) -> SliSource:
        """Count events of the class, and events that are not of it."""
        metric, notified = signal.metrics[self.metric], signal.classes[self.bad]
        good = counters(signal, metric, good=1, bad=0, own=other(notified))
        bad = counters(signal, metric, good=0, bad=1, own=member(notified))
        return SliSource((*good, *bad), born_late=True)

    def event(self, signal: Signal) -> str:
        """Name the events."""
        return signal.metrics[self.metric].noun

    def good(self, signal: Signal) -> str:
        """Name the class that they must not be of."""
        return f"that are not {self.bad}"

    def class_label(self, signal: Signal) -> tuple[Metric, str]:
        """Name the counter, and the label that tells the class."""
        return signal.metrics[self.metric], signal.classes[self.bad].matcher.label

    def suppresses(self, alert: Alert, signal: Signal) -> bool:
        """Cover what asks for the same class: a page of 5xx does not tell of 4xx."""
        bad = str(signal.classes[self.bad].matcher)
        return super().suppresses(alert, signal) and all(bad in rule.expr for rule in alert.rules)
