"""What a service must export: every series, label, value and bucket edge that some alert reads."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import promql_parser as pp

from watchbill.model.bundle import Service
from watchbill.model.signals import Metric, MetricType, Signal
from watchbill.naming import TARGET_LABELS
from watchbill.promql import Matcher, Selection, parse, selections

SCRAPE_LABELS = frozenset({*TARGET_LABELS, "job", "instance"})  # Prometheus adds them; no scrape shows them
EDGE = "le"
_PARTS = ("", "_bucket", "_count", "_sum")
# Series that Prometheus itself makes (docs, "Jobs and instances"; "Inspecting alerts during runtime").
_MADE = re.compile(r"up|scrape_[a-z_]+|ALERTS|ALERTS_FOR_STATE|.*:.*")
_RELABELLING = {"label_replace", "label_join"}


@dataclass(frozen=True, slots=True)
class Use:
    """One reading of a series by an alert or an objective (its id): what must match, and which labels must be there.

    `edges` are the finite bucket edges that it asks for by number; `grouped` are labels that it groups by.
    """

    alert: str
    series: str
    matchers: tuple[Matcher, ...] = ()
    grouped: tuple[str, ...] = ()
    edges: tuple[Decimal, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that the service itself must set."""
        return tuple(sorted({*self.grouped, *(matcher.label for matcher in self.matchers)}))


@dataclass(frozen=True, slots=True)
class Required:
    """A metric that alerts read; `metric` is None where only an author's own PromQL names it."""

    signal: Signal
    name: str
    metric: Metric | None
    uses: tuple[Use, ...]

    @property
    def alerts(self) -> tuple[str, ...]:
        """The ids of the alerts that read it, sorted."""
        return tuple(sorted({use.alert for use in self.uses}))

    @property
    def series(self) -> tuple[str, ...]:
        """The names of the series that are read, suffixes included, sorted."""
        return tuple(sorted({use.series for use in self.uses}))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that its series must carry, by their real names, sorted."""
        return tuple(sorted({label for use in self.uses for label in use.labels}))

    @property
    def matchers(self) -> tuple[Matcher, ...]:
        """The matchers that some series must satisfy, sorted."""
        return tuple(sorted({matcher for use in self.uses for matcher in use.matchers}))

    @property
    def edges(self) -> tuple[Decimal, ...]:
        """The finite bucket edges that thresholds sit on, ascending."""
        return tuple(sorted({edge for use in self.uses for edge in use.edges}))

    def readers(self, label: str) -> tuple[str, ...]:
        """List the alerts that need a label."""
        return tuple(sorted({use.alert for use in self.uses if label in use.labels}))


def required(service: Service) -> tuple[Required, ...]:
    """List what a service must export, by signal in the spec's order, then by name."""
    found: list[Required] = []
    for signal in exported(service):
        uses: dict[str, set[Use]] = {}
        for reader, exprs in _readers(service, signal):
            for use in _uses(reader, exprs, signal):
                uses.setdefault(_metric_name(use.series, signal), set()).add(use)
        metrics = {metric.name: metric for metric in signal.metrics.values()}
        found += [
            Required(signal, name, metrics.get(name), tuple(sorted(uses[name], key=_by_text))) for name in sorted(uses)
        ]
    return tuple(found)


def exported(service: Service) -> tuple[Signal, ...]:
    """List the signals that the service exports; what Prometheus makes of each scrape is none of them."""
    return tuple(s for s in service.signals if not all(_MADE.fullmatch(m.name) for m in s.metrics.values()))


def optional(service: Service) -> tuple[tuple[Signal, Metric], ...]:
    """List the metrics that the signals know of and no alert reads."""
    read = {(entry.signal.key, entry.name) for entry in required(service)}
    return tuple(
        (signal, metric)
        for signal in exported(service)
        for metric in signal.metrics.values()
        if (signal.key, metric.name) not in read
    )


def _by_text(use: Use) -> tuple[str, str, str, str]:
    return use.alert, use.series, str(use.matchers), str(use.edges)


def _readers(service: Service, signal: Signal) -> Iterable[tuple[str, tuple[str, ...]]]:
    """List what reads a signal, alerts and objectives, by id, with its expressions."""
    for alert in service.alerts:
        if alert.subject == signal.key:
            yield alert.id, tuple(rule.expr for rule in alert.rules)
    for slo in service.slos:
        if slo.signal == signal.key:
            yield slo.id, tuple(rule.expr for group in slo.groups for rule in group.rules)


def _uses(reader: str, exprs: Iterable[str], signal: Signal) -> Iterable[Use]:
    placed = {*SCRAPE_LABELS, *(matcher.label for matcher in signal.matchers)}
    excluded = set(signal.excluded.values())  # what is left out need not be there
    for text in exprs:
        for selection, grouped in zip(selections(text), _groupings(text), strict=True):
            if selection.metric is None or _MADE.fullmatch(selection.metric) or _elsewhere(selection, signal):
                continue
            if any(metric.native and metric.name == selection.metric for metric in signal.metrics.values()):
                continue  # the text format, which the audit reads, does not show native histograms
            if any(matcher.op == "=" and not matcher.value for matcher in selection.matchers):
                continue  # looks for series that lack a label, which a service in order does not have
            edges = {m: edge for m in selection.matchers if m.label == EDGE and (edge := read_edge(m)) is not None}
            others = (m for m in selection.matchers if m.label not in placed and m not in edges)
            yield Use(
                alert=reader,
                series=selection.metric,
                matchers=tuple(sorted(set(others) - excluded)),
                grouped=tuple(sorted(grouped - placed - {EDGE} - signal.optional)),
                edges=tuple(sorted(edge for edge in edges.values() if edge.is_finite())),
            )


def _elsewhere(selection: Selection, signal: Signal) -> bool:
    """Tell whether an author's own selector reads another job than the signal's."""
    own = [matcher for matcher in signal.matchers if matcher.label == "job"]
    written = [matcher for matcher in selection.matchers if matcher.label == "job"]
    return bool(own and written) and own != written


@lru_cache(maxsize=4096)
def _groupings(expr: str) -> tuple[frozenset[str], ...]:
    """Give for each selector, in reading order, the labels that the aggregations around it group by.

    What lies outside a `label_replace` may be a label that it makes, and is not asked of the series.
    """
    found: list[frozenset[str]] = []
    around: list[frozenset[str]] = [frozenset()]

    def enter(node: Any) -> bool:
        if isinstance(node, pp.VectorSelector):
            found.append(around[-1])
        elif isinstance(node, pp.AggregateExpr):
            around.append(around[-1] | _by(node.modifier))
        elif isinstance(node, pp.Call) and node.func.name in _RELABELLING:
            around.append(frozenset())
        return True

    def leave(node: Any) -> bool:
        relabels = isinstance(node, pp.Call) and node.func.name in _RELABELLING
        if relabels or isinstance(node, pp.AggregateExpr):
            around.pop()
        return True

    pp.walk(parse(expr), pre_visit=enter, post_visit=leave)
    return tuple(found)


def _by(modifier: Any) -> frozenset[str]:
    if modifier is None or modifier.type != pp.AggModifierType.By:
        return frozenset()
    return frozenset(modifier.labels)


def _metric_name(series: str, signal: Signal) -> str:
    """Name the metric that a series belongs to; a series that no metric of the signal has stands for itself."""
    exact = {metric.name for metric in signal.metrics.values()}
    if series in exact:
        return series
    histograms = {metric.name for metric in signal.metrics.values() if metric.type is MetricType.HISTOGRAM}
    return next((name for name in sorted(histograms) if series in {name + part for part in _PARTS}), series)


def read_edge(matcher: Matcher) -> Decimal | None:
    """Read a matcher on `le` as the one number it asks for; None where it asks for anything else."""
    texts = {"=": [matcher.value], "=~": matcher.value.replace("\\", "").split("|")}.get(matcher.op, [])
    numbers = {read_number(text) for text in texts}
    return numbers.pop() if len(numbers) == 1 else None


def read_number(text: str) -> Decimal | None:
    """Read a label value such as 1, 1.0, 1e+00 or +Inf as a number."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return None if number.is_nan() else number
