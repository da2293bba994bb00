"""Check whether a scrape has the metrics that panels show; one that it lacks leaves a panel empty."""

from __future__ import annotations

from collections.abc import Iterable

from watchbill.audit.finding import METRICS, Mismatch
from watchbill.audit.scrape import Scrape
from watchbill.errors import DiagnosticLevel
from watchbill.model.bundle import Service
from watchbill.model.dashboards import Panel
from watchbill.model.signals import Signal
from watchbill.promql import selections
from watchbill.views.promql import stood_in
from watchbill.words.requirements import required


def check_panels(service: Service, signals: Iterable[Signal], scrape: Scrape) -> Iterable[Mismatch]:
    """Warn of each panel that reads a metric of these signals which is not there, and which no alert reads."""
    known = {(entry.signal.key, series) for entry in required(service) for series in entry.series}
    for dashboard in service.dashboards:
        for panel in dashboard.all_panels():
            read = _read(panel)
            for signal in signals:
                lacking = {name for name in _series(signal) & read if name not in scrape.series}
                yield from (_fault(signal, panel, name) for name in sorted(lacking) if (signal.key, name) not in known)


def _fault(signal: Signal, panel: Panel, name: str) -> Mismatch:
    what = f'panel "{panel.title}" stays empty, since the service does not export {METRICS}'
    todo = f'let it, or write why it does not: dashboards: {{drop: {{"{panel.title}": …}}}}'
    return Mismatch(DiagnosticLevel.WARNING, signal, name, "scrape/empty-panel", what, todo, ())


def _read(panel: Panel) -> set[str]:
    found = (found.metric for query in panel.queries if not query.empty for found in selections(stood_in(query.expr)))
    return {name for name in found if name}


def _series(signal: Signal) -> set[str]:
    metrics = [metric for metric in signal.metrics.values() if not metric.native]
    return {metric.name + part for metric in metrics for part in ("", "_bucket", "_count", "_sum")}
