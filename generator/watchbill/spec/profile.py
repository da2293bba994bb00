"""A profile: which metrics a kind of system exposes, under which names and labels."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from watchbill.errors import Span, choose
from watchbill.language.base import Authored, Diagnostics, StrictBool
from watchbill.language.fields import (
    AnyQuantity,
    ClassName,
    KeyName,
    LabelName,
    LabelValue,
    MetricName,
    Sentence,
    Title,
)
from watchbill.model.signals import MetricType
from watchbill.promql import Matcher
from watchbill.quantity import Unit

UNITS = {
    "s": Unit.SECONDS,
    "ms": Unit.MILLISECONDS,
    "us": Unit.MICROSECONDS,
    "bytes": Unit.BYTES,
    "ratio": Unit.RATIO,
    "percent": Unit.PERCENT,
    "count": Unit.COUNT,
}
UnitName = Literal["s", "ms", "us", "bytes", "ratio", "percent", "count"]


class MetricSpec(Authored):
    """One metric; `unit` is what its values, or a histogram's observations, measure.

    A `native` histogram is one series, whose buckets come from its resolution.
    """

    name: MetricName
    """The name under which it is usually exported."""
    type: Literal["counter", "gauge", "histogram"]
    """What Prometheus knows it as."""
    unit: UnitName = "count"
    """What its values, or a histogram's observations, measure."""
    noun: Sentence
    """What it counts or measures, as sentences about it say: `requests`."""
    help: Sentence
    """What it is, for the page of the metrics that a service must export."""
    labels: tuple[KeyName, ...] = ()
    """The labels that it carries, by their keys in this profile."""
    buckets: tuple[AnyQuantity, ...] = ()
    """The upper edges of a histogram's buckets, in a unit of its dimension or as plain numbers."""
    native: StrictBool = False
    """Whether it is a native histogram, which has no series for its buckets."""

    @property
    def metric_type(self) -> MetricType:
        """The type as the IR names it."""
        return MetricType(self.type)


class LabelSpec(Authored):
    """A label's usual name, and a value that is usual for it."""

    name: LabelName
    """The label's usual name."""
    example: LabelValue
    """A value that is usual for it; test series carry it."""
    optional: bool = False
    """Whether some versions of what exports it do not write it; the audit does not ask for it then."""


class ClassSpec(Authored):
    """Values of a label: one (`equals`) or those of a regular expression (`matches`), with examples in and out."""

    label: KeyName
    """The label, by its key in this profile."""
    equals: LabelValue | None = None
    """The one value of the class; exactly one of `equals` and `matches` is written."""
    matches: LabelValue | None = None
    """A regular expression that all values of the class match as a whole."""
    member: LabelValue | None = None
    """A value of the class, needed with `matches`."""
    other: LabelValue
    """A value outside of the class."""

    def matcher(self, label: str) -> Matcher:
        """Match the class on a label's real name."""
        return Matcher(label, "=", self.equals) if self.equals is not None else Matcher(label, "=~", self.matches or "")


class LimitSpec(Authored):
    """A limit that the service exports itself (`metric`), that each signal must state in a unit, or the platform's.

    `platform: retention` is how long Prometheus keeps samples, in seconds.
    """

    metric: KeyName | None = None
    """The metric that holds the limit, by its key in this profile; exactly one of the three is written."""
    unit: UnitName | None = None
    """The unit in which each signal states the limit."""
    platform: Literal["retention"] | None = None
    """The setting of the platform that is the limit."""


class ProfileSpec(Authored):
    """A kind of system. `presence` names the metrics that are there from the first scrape on."""

    profile: KeyName
    """The profile's name, which is the file's too."""
    title: Title
    """What kind of system it is, for people."""
    presence: Annotated[tuple[KeyName, ...], Field(min_length=1)]
    """The metrics that are there from the first scrape on; their absence is watched."""
    metrics: Annotated[dict[KeyName, MetricSpec], Field(min_length=1)]
    """Its metrics, each under a key that conditions, indicators and views use."""
    labels: dict[KeyName, LabelSpec] = {}
    """Its labels, each under a key."""
    classes: dict[ClassName, ClassSpec] = {}
    """Named sets of a label's values, such as `5xx`."""
    limits: dict[KeyName, LimitSpec] = {}
    """What a saturation can be measured against."""

    def check(self, diagnostics: Diagnostics) -> None:
        """Resolve the names inside the profile."""
        for index, role in enumerate(self.presence):
            self._check_name(self.span("presence", index), "metric", role, diagnostics)
        for role, metric in self.metrics.items():
            for index, label in enumerate(metric.labels):
                self._check_name(metric.span("labels", index), "label", label, diagnostics, of=f' of metric "{role}"')
        for name, entry in self.classes.items():
            self._check_class(name, entry, diagnostics)
        for name, limit in self.limits.items():
            self._check_limit(name, limit, diagnostics)

    def _check_name(self, span: Span, noun: str, name: str, diagnostics: Diagnostics, *, of: str = "") -> None:
        known = self.metrics if noun == "metric" else self.labels
        if name not in known:
            what = f'{noun} "{name}"{of} is not in this profile'
            diagnostics.add(span, "profile/unknown-name", what, choose(name, known))

    def _check_class(self, name: str, entry: ClassSpec, diagnostics: Diagnostics) -> None:
        self._check_name(entry.span("label"), "label", entry.label, diagnostics)
        without_member = entry.matches is not None and entry.member is None
        if (entry.equals is None) == (entry.matches is None) or without_member:
            span, what = self.span("classes", name, key=True), f'class "{name}" does not say which values it holds'
            diagnostics.add(span, "spec/either-or", what, 'write either "equals", or "matches" with a "member"')

    def _check_limit(self, name: str, limit: LimitSpec, diagnostics: Diagnostics) -> None:
        if [limit.metric, limit.unit, limit.platform].count(None) != 2:
            what = f'limit "{name}" needs one source: a metric, a number of each signal, or the platform'
            span, todo = self.span("limits", name, key=True), 'write one of "metric", "unit" and "platform"'
            diagnostics.add(span, "spec/either-or", what, todo)
        elif limit.metric is not None:
            self._check_name(limit.span("metric"), "metric", limit.metric, diagnostics)
