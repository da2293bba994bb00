"""A metric that is no longer there."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from watchbill.conditions.base import Condition, DefaultView, listed
from watchbill.conditions.example_series import Group, lone_gauge, steady
from watchbill.errors import choose
from watchbill.language.base import Diagnostics
from watchbill.language.fields import KeyName
from watchbill.model.alerts import Symptom
from watchbill.model.examples import GONE, LOOKBACK, Example, ExampleSeries, Firing
from watchbill.model.signals import Signal
from watchbill.promql import aggregate
from watchbill.quantity import Duration, TimeScale


class Absent(Condition):
    """One of its metrics has no series; asked per environment, since `absent` knows only what matchers name."""

    per_environment: ClassVar[bool] = True
    symptom: ClassVar[Symptom | None] = Symptom.ABSENCE
    lineless: ClassVar[str] = "a series is there or it is not"

    usage: ClassVar[str] = """\
signals:
  orders: {profile: orders}
alerts:
  own:
    OrdersNotMeasured:
      signal: orders
      kind: absent
      metrics: [placed]
      for: 10m
      severity: P1
      summary: Nobody counts orders any more
      action: See whether the last release renamed the metric; roll it back if so
"""

    kind: Literal["absent"]
    metrics: Annotated[tuple[KeyName, ...], Field(min_length=1)]
    """The metrics that must be there, by their keys in the profile; one that is missing is enough to fire."""

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read every metric that must be there."""
        return {f"metrics.{index}": role for index, role in enumerate(self.metrics)}

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Refuse to watch groups one by one: what is gone has no labels."""
        for index, role in enumerate(self.metrics):
            if role not in signal.metrics:
                what = f'profile "{signal.profile}" has no metric "{role}"'
                diagnostics.add(self.span("metrics", index), "profile/unknown-name", what, choose(role, signal.metrics))
        if self.per:
            diagnostics.add(
                self.span("per"),
                "label/cannot-group",
                "a metric that is absent has no labels to tell groups by",
                'remove "per"',
            )

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Ask whether any of them is not there, keeping the target labels only."""
        gone = (f"absent({_series(signal, role)})" for role in self.metrics)
        return aggregate("max", self.grouping(signal), " or ".join(gone))

    def sentence(self, signal: Signal) -> str:
        """Name the metrics."""
        names = [signal.metrics[role].name + signal.metrics[role].type_suffix for role in self.metrics]
        return f"{listed(names, 'or')} has no series in an environment that should have it"

    def default_view(self, signal: Signal) -> DefaultView | None:
        """Leave it to lowering, which shows for every absence whether the series are there."""
        return None

    def example(self, signal: Signal, scale: TimeScale) -> Example:
        """Let one metric's only series vanish while the others stay; it is seen gone one lookback later."""
        last, *others = (self._without(role, signal, scale) for role in reversed(self.metrics))
        return replace(last, alternatives=tuple(others))

    def _without(self, gone: str, signal: Signal, scale: TimeScale) -> Example:
        series, none = [], Duration(0)
        for role in self.metrics:
            metric = signal.metrics[role]
            there = lone_gauge(signal, metric, Group({}, at_fault=True), steady(1))
            fate = GONE if role == gone else there.healthy
            series.append(
                ExampleSeries(there.metric + metric.type_suffix, there.labels, there.healthy, there.healthy, fate)
            )
        firing = (Firing((), Decimal(1)),)
        return Example(tuple(series), firing, none, settles=scale(LOOKBACK), clears=none, without_data=True)


def _series(signal: Signal, role: str) -> str:
    metric = signal.metrics[role]
    return signal.select(metric, suffix=metric.type_suffix)
