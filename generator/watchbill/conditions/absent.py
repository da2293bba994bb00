"""A metric that is no longer there."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal

from watchbill.authoring import Faults
from watchbill.conditions.base import Condition
from watchbill.conditions.streams import Group, lone_gauge, steady
from watchbill.fields import KeyName
from watchbill.model.signals import Signal
from watchbill.model.witness import GONE, Firing, Stream, Witness
from watchbill.promql import aggregate
from watchbill.quantity import Duration, TimeScale

LOOKBACK = Duration.parse("5m")  # Prometheus' default: how long a series outlives its last sample


class Absent(Condition):
    """No series of a metric exists; asked per environment, since `absent` knows only what its matchers name."""

    per_environment: ClassVar[bool] = True

    kind: Literal["absent"]
    metric: KeyName

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read one metric."""
        return {"metric": self.metric}

    def check(self, signal: Signal, faults: Faults) -> None:
        """Refuse to judge groups one by one: what is gone has no labels."""
        super().check(signal, faults)
        if self.per:
            faults.add(self.span("per"), "a metric that is absent has no labels to tell groups by", 'remove "per"')

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Ask whether nothing is there, keeping the target labels only."""
        metric = signal.metrics[self.metric]
        gone = f"absent({signal.select(metric, suffix=metric.type_suffix)})"
        return aggregate("max", self.grouping(signal), gone)

    def sentence(self, signal: Signal) -> str:
        """Name the metric."""
        metric = signal.metrics[self.metric]
        return f"No series of {metric.name}{metric.type_suffix} exists in an environment that should have it"

    def witness(self, signal: Signal, scale: TimeScale) -> Witness:
        """Let the metric's only series vanish; it is seen gone one lookback later."""
        metric = signal.metrics[self.metric]
        there = lone_gauge(signal, metric, Group({}, at_fault=True), steady(1))
        stream = Stream(there.metric + metric.type_suffix, there.labels, there.calm, there.calm, GONE)
        lookback = scale(LOOKBACK)
        return Witness((stream,), (Firing((), Decimal(1)),), Duration(0), settles=lookback, clears=Duration(0))
