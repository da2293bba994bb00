"""What every kind of view gives: queries over a signal, their unit and their usual form."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from watchbill.conditions.base import INSTANCE
from watchbill.errors import choose
from watchbill.language.base import Diagnostics
from watchbill.language.fields import ClassName, KeyName, LabelValue
from watchbill.language.kinds import Statement
from watchbill.model.dashboards import RATE_INTERVAL, Column, Look, Query, State
from watchbill.model.signals import Metric, MetricType, Signal
from watchbill.naming import TARGET_LABELS
from watchbill.promql import Matcher, aggregate
from watchbill.quantity import Unit

STATUS = "status"  # the role of a label whose values are HTTP status codes


class View(Statement):
    """A statement of what is to be seen of a signal, one series for each value of the labels `by`."""

    usual_look: ClassVar[Look] = Look.LINES
    """The form that suits it unless the panel says another."""

    share: ClassVar[bool] = False
    """Whether its values lie between 0 and 1."""

    by: tuple[KeyName, ...] = ()
    """The labels that tell the series apart, by their keys in the profile; `instance` always works."""
    only: dict[KeyName, LabelValue] = {}
    """Labels with the one value that is shown."""

    @abstractmethod
    def reads(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """List the roles of the metrics that it reads, each with its place in the spec."""

    @abstractmethod
    def unit(self, signal: Signal) -> Unit:
        """Return the unit of its values."""

    @abstractmethod
    def queries(self, signal: Signal) -> tuple[Query, ...]:
        """Build its queries; the signal is narrowed to the dashboard's variables already."""

    def states(self, signal: Signal) -> tuple[State, ...]:
        """Give words for its values; none where they are numbers."""
        return ()

    def columns(self, signal: Signal) -> tuple[Column, ...]:
        """List the labels that a table shows: what distinguishes rows, then where."""
        own = [Column(label, label.replace("_", " ").capitalize()) for label in self.own_labels(signal)]
        return (*own, *(Column(label, label.capitalize()) for label in ("env", "cluster")))

    def by_status(self, signal: Signal) -> bool:
        """Whether its series are HTTP status codes, or classes of them."""
        return STATUS in self.by

    def roles(self, signal: Signal) -> dict[str, str]:
        """Map each place that names a metric to its role."""
        return {".".join(map(str, path)): role for path, role in self.reads()}

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Check the view against its signal; diagnostics carry the author's line."""
        known: list[Metric] = []
        for path, role in self.reads():
            if role in signal.metrics:
                known.append(signal.metrics[role])
            else:
                what = f'profile "{signal.profile}" has no metric "{role}"'
                diagnostics.add(self.span(*path), "profile/unknown-name", what, choose(role, signal.metrics))
        for index, role in enumerate(self.by):
            self._check_label(signal, known, role, ("by", index), diagnostics)
        for role in self.only:
            self._check_label(signal, known, role, ("only", role), diagnostics)

    def _check_label(
        self,
        signal: Signal,
        metrics: Iterable[Metric],
        role: str,
        path: tuple[str | int, ...],
        diagnostics: Diagnostics,
    ) -> None:
        if role == INSTANCE:
            return
        span = self.span(*path, key=path[0] == "only")
        if role not in signal.labels:
            what = f'"{role}" is not a label of signal "{signal.key}"'
            diagnostics.add(span, "label/unknown", what, choose(role, (INSTANCE, *signal.labels)))
            return
        for metric in metrics:
            if role not in metric.labels:
                what = f'metric "{metric.name}" carries no label "{role}"'
                diagnostics.add(
                    span, "label/not-on-metric", what, choose(role, (INSTANCE, *metric.labels), none="remove it")
                )

    def hold_to(self, signal: Signal, diagnostics: Diagnostics, *types: MetricType) -> None:
        """Check all metrics that it reads against a type."""
        for path, role in self.reads():
            metric = signal.metrics.get(role)
            if metric is not None and metric.type not in types:
                wanted = " or ".join(types)
                what = f'metric "{metric.name}" is a {metric.type}, and {self.kind} needs a {wanted}'
                diagnostics.add(self.span(*path), "metric/wrong-type", what, "name another metric")

    # What the kinds share.

    def own_labels(self, signal: Signal) -> tuple[str, ...]:
        """List the labels that tell its series apart, by their real names."""
        return tuple(signal.labels.get(role, role) for role in self.by)

    def grouped(self, operator: str, signal: Signal, expr: str, *more: str) -> str:
        """Aggregate over everything but the target labels, its own labels, and more."""
        return aggregate(operator, (*TARGET_LABELS, *self.own_labels(signal), *more), expr)

    def series(self, signal: Signal, role: str, *classes: ClassName | None, suffix: str = "") -> str:
        """Select a metric's series, in classes and with the values that `only` asks for."""
        named = [Matcher(signal.labels.get(role, role), "=", value) for role, value in self.only.items()]
        inside = [signal.classes[name].matcher for name in classes if name is not None]
        return signal.select(signal.metrics[role], *named, *inside, suffix=suffix)

    def legend(self, signal: Signal, *words: str) -> str:
        """Name a series by its labels and some words."""
        labels = (f"{{{{{label}}}}}" for label in self.own_labels(signal))
        return " ".join((*labels, *(word for word in words if word)))


def rate(series: str, function: str = "rate") -> str:
    """Apply a range function over the interval that Grafana works out from the step and the scrape interval."""
    return f"{function}({series}[{RATE_INTERVAL}])"


def buckets(view: View, signal: Signal, role: str, function: str = "rate") -> str:
    """Aggregate a histogram's buckets; a native one has them in each sample."""
    if signal.metrics[role].native:
        return view.grouped("sum", signal, rate(view.series(signal, role), function))
    return view.grouped("sum", signal, rate(view.series(signal, role, suffix="_bucket"), function), "le")
