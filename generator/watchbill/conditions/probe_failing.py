"""A check from outside that fails."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from watchbill.authoring import Faults
from watchbill.conditions.base import Condition, capitalised, per_words
from watchbill.conditions.streams import Course, firing_labels, groups, lone_gauge
from watchbill.fields import KeyName
from watchbill.model.signals import MetricType, Signal
from watchbill.model.witness import Firing, Witness
from watchbill.promql import aggregate
from watchbill.quantity import Duration, TimeScale


class ProbeFailing(Condition):
    """Every probe of a target fails (the gauge is 0); one prober that gets through is enough to be quiet."""

    kind: Literal["probe_failing"]
    metric: KeyName

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read one gauge of 0 and 1."""
        return {"metric": self.metric}

    def check(self, signal: Signal, faults: Faults) -> None:
        """Hold it to a gauge."""
        super().check(signal, faults)
        self.check_type(signal, faults, "metric", MetricType.GAUGE)

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Ask that the best probe be 0."""
        return f"{aggregate('max', self.grouping(signal), signal.select(signal.metrics[self.metric]))} == 0"

    def sentence(self, signal: Signal) -> str:
        """Name what is probed."""
        noun = signal.metrics[self.metric].noun
        return f"{capitalised(noun)} fails on every probe{per_words(self, signal)}"

    def witness(self, signal: Signal, scale: TimeScale) -> Witness:
        """Let the probe of the group at fault fail; one that succeeds stays quiet."""
        course = Course(Decimal(1), Decimal(1), Decimal(0))
        metric = signal.metrics[self.metric]
        streams = tuple(lone_gauge(signal, metric, group, course) for group in groups(self, signal))
        none = Duration(0)
        return Witness(streams, (Firing(firing_labels(self, signal), Decimal(0)),), none, none, none)
