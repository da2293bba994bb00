"""Signals: what a service exports, in its own names and units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from watchbill.model.origin import Origin
from watchbill.promql import Matcher, selector
from watchbill.quantity import Duration, Unit, decimal_text


class MetricType(StrEnum):
    """The metric types that rules distinguish (Prometheus docs, "Metric types")."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric under its real name; `unit` is what its values (or observations) measure.

    `noun` is what it counts or measures, in plural where it counts: "requests", "heap in use".

    `buckets` are a histogram's finite edges, ascending, in `unit`; a `native` one has none of its own.
    `labels` are the roles of the labels that the service itself sets.
    """

    role: str
    name: str
    type: MetricType
    unit: Unit
    help: str
    noun: str
    labels: tuple[str, ...] = ()
    buckets: tuple[Decimal, ...] = ()
    native: bool = False

    @property
    def type_suffix(self) -> str:
        """The suffix of the series that shows whether the metric is exported at all."""
        return "_count" if self.type is MetricType.HISTOGRAM and not self.native else ""

    def edges(self) -> tuple[str, ...]:
        """Write the bucket edges as `le` values, `+Inf` last."""
        return (*(decimal_text(edge) for edge in self.buckets), "+Inf")


UP = Metric("up", "up", MetricType.GAUGE, Unit.COUNT, "1 if Prometheus could scrape the target", "the target")
"""What Prometheus itself writes at each scrape (docs, "Jobs and instances")."""


@dataclass(frozen=True, slots=True)
class LabelClass:
    """A named set of label values, such as `5xx`: `member` and `other` are examples in and out of it."""

    name: str
    matcher: Matcher
    member: str
    other: str


@dataclass(frozen=True, slots=True)
class Limit:
    """What a saturation is measured against: a number in the metric's unit, or a metric's role."""

    name: str
    number: Decimal | None = None
    metric: str | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """A service's metrics of one kind; its key is the `subject` of its alerts.

    `labels` maps the profile's label roles to real names, `examples` roles to a usual value. `excluded`
    leaves out values of a label role, such as the routes that only probes call. `presence` names the
    metrics that are there from the first scrape on. `chosen` matches values of a label role that a reader
    of a dashboard has chosen, wherever a metric carries that label. `optional` are the names of labels that not every
    version of what exports them writes.
    """

    service: str
    key: str
    profile: str
    title: str
    matchers: tuple[Matcher, ...]
    metrics: Mapping[str, Metric]
    labels: Mapping[str, str]
    examples: Mapping[str, str]
    classes: Mapping[str, LabelClass]
    limits: Mapping[str, Limit]
    excluded: Mapping[str, Matcher]
    presence: tuple[str, ...]
    scrape_interval: Duration
    origin: Origin
    chosen: Mapping[str, Matcher] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()

    def select(self, metric: Metric, *more: Matcher, suffix: str = "") -> str:
        """Select a metric's series of this signal, less what it excludes, with more matchers on top."""
        of_roles = (each[role] for role in metric.labels for each in (self.excluded, self.chosen) if role in each)
        return selector(metric.name + suffix, (*self.matchers, *of_roles, *more))

    def within(self, *matchers: Matcher) -> Signal:
        """Narrow the signal to one environment, say."""
        return replace(self, matchers=(*self.matchers, *matchers))
