"""The pages of the metrics that services must export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchbill import naming
from watchbill.model.bundle import Service
from watchbill.model.signals import Metric, Signal
from watchbill.outputs.docs.markdown import PageContext, Writer
from watchbill.promql import Matcher, selector
from watchbill.quantity import Unit, decimal_text
from watchbill.words.requirements import Required, optional, required

_UNIT_WORDS = {
    Unit.SECONDS: "seconds",
    Unit.MILLISECONDS: "milliseconds",
    Unit.MICROSECONDS: "microseconds",
    Unit.BYTES: "bytes",
    Unit.RATIO: "ratio, 0 to 1",
    Unit.PERCENT: "percent, 0 to 100",
}


def metrics(service: Service, writer: Writer) -> str:
    """Render the page that tells a service's developers what its alerts rely on."""
    page = writer.on(naming.metrics_page(service.name))
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for entry in required(service):
        rows.setdefault(entry.signal.key, []).append(_row(entry, page))
    signals = [
        ({"key": signal.key, "title": signal.title, "selector": _selection(signal)}, rows[signal.key])
        for signal in service.signals
        if signal.key in rows
    ]
    spare = {metric.name: _metric(metric) for _, metric in optional(service)}
    return writer.template(
        "metrics.md.j2",
        page.path,
        service={"name": service.name, "title": service.title},
        signals=signals,
        optional=list(spare.values()),
    )


def _selection(signal: Signal) -> str:
    return selector("x", signal.matchers).removeprefix("x")


def _metric(metric: Metric) -> dict[str, Any]:
    unit = _UNIT_WORDS.get(metric.unit)
    return {"name": metric.name, "kind": f"{metric.type} in {unit}" if unit else metric.type.value, "help": metric.help}


def _row(entry: Required, page: PageContext) -> Mapping[str, Any]:
    named = {"name": entry.name, "kind": "read by an expression of the service's own", "help": ""}
    matched = {matcher.label for matcher in entry.matchers}
    return {
        **(_metric(entry.metric) if entry.metric is not None else named),
        "parts": [series.removeprefix(entry.name) for series in entry.series if series != entry.name],
        "labels": [label for label in entry.labels if label not in matched],
        "matched": [_value(entry.signal, matcher) for matcher in entry.matchers],
        "edges": [decimal_text(edge) for edge in entry.edges],
        "alerts": [page.reader(identity) for identity in entry.alerts],
    }


def _value(signal: Signal, matcher: Matcher) -> tuple[str, str]:
    """Write a matcher, and an example where the profile knows one."""
    example = next((c.member for c in signal.classes.values() if c.matcher == matcher), matcher.value)
    return str(matcher), example if example != matcher.value else ""
