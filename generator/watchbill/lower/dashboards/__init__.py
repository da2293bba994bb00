"""Turn signals, packs, alerts and objectives into dashboards, ready for Grafana and for the board."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from watchbill import naming
from watchbill.link.linked import LinkedService
from watchbill.lower.dashboards.alert_panel import AlertPanel, shown_on
from watchbill.lower.dashboards.build import Builder
from watchbill.lower.dashboards.narrow import Narrowing, guarded, labels_of, places
from watchbill.lower.dashboards.objectives import detail_panels, objectives_table
from watchbill.lower.dashboards.presence import (
    NOT_ON_TRIAL,
    firing_table,
    health_summary,
    presence_panel,
    targets_panel,
)
from watchbill.lower.slo import Objective
from watchbill.model.dashboards import Dashboard, Look, Panel, Row, Variable
from watchbill.model.signals import Signal
from watchbill.promql import Matcher, selector

__all__ = ["AlertPanel", "service_dashboards"]

MORE = "More"
FIRST_PANELS = 12  # of a dashboard; those that follow wait in a collapsed row
FIRING = (Matcher("alertstate", "=", "firing"), Matcher("env", "=", "$env"), NOT_ON_TRIAL)


def service_dashboards(
    linked: LinkedService, alert_panels: Sequence[AlertPanel], objectives: Sequence[Objective], targets: Signal
) -> tuple[Dashboard, ...]:
    """Make a service's dashboards, sorted by uid; `targets` is the signal of what is scraped."""
    in_order = tuple(
        sorted(alert_panels, key=lambda alert_panel: (alert_panel.alert.area, alert_panel.alert.name))
    )  # whatever that of keys is
    made = _Service(linked, in_order, tuple(objectives), targets)
    return tuple(sorted((made.dashboard(key) for key in made.all_keys()), key=lambda dashboard: dashboard.uid))


class _Service:
    """What making one service's dashboards needs."""

    def __init__(
        self,
        linked: LinkedService,
        alert_panels: tuple[AlertPanel, ...],
        objectives: tuple[Objective, ...],
        targets: Signal,
    ) -> None:
        self.linked = linked
        self.alert_panels = alert_panels
        self.objectives = objectives
        self.targets = targets
        self.name = linked.spec.service
        self.own = (Matcher("service", "=", self.name),)

    def all_keys(self) -> tuple[str, ...]:
        """List the dashboards that there are: one for the service, and those of its panels and alerts."""
        keys = {naming.SERVICE_DASHBOARD, *(panel.dashboard for panel in self.linked.panels)}
        return tuple(sorted(keys | {alert_panel.dashboard for alert_panel in self.alert_panels}))

    def dashboard(self, key: str) -> Dashboard:
        """Make one dashboard."""
        alert_panels = tuple(alert_panel for alert_panel in self.alert_panels if alert_panel.dashboard == key)
        labels = labels_of(alert_panels) if key != naming.SLO_DASHBOARD else _slo_labels(self.objectives)
        narrow = Narrowing(self.linked.environments, labels, self.targets)
        first, rows = self._layout(key, alert_panels, narrow)
        title = naming.dashboard_title(self.linked.spec.title, key)
        return Dashboard(
            uid=naming.dashboard_uid(self.name, key),
            title=title,
            service=self.name,
            text=f"{title}, for team {self.linked.spec.team}.",
            variables=self._variables(key, alert_panels, narrow),
            panels=tuple(map(guarded, first)),
            rows=tuple(replace(row, panels=tuple(map(guarded, row.panels))) for row in rows),
            firing=selector("ALERTS", (*self.own, *FIRING)),
            origin=self.linked.origin,
        )

    def _variables(self, key: str, alert_panels: tuple[AlertPanel, ...], narrow: Narrowing) -> tuple[Variable, ...]:
        if key != naming.SLO_DASHBOARD:
            return narrow.variables(alert_panels)
        found = list(places(self.linked.environments))
        for label in _slo_labels(self.objectives):
            series = selector(naming.SLO_EVENTS, self.own)
            found.append(Variable(label, label, query=f"label_values({series}, {label})", every=True))
        return tuple(found)

    def _layout(
        self, key: str, alert_panels: tuple[AlertPanel, ...], narrow: Narrowing
    ) -> tuple[tuple[Panel, ...], tuple[Row, ...]]:
        if key == naming.SLO_DASHBOARD:
            return self._objectives(alert_panels)
        panels = self._panels(key, alert_panels, narrow)
        first, rest = panels[:FIRST_PANELS], panels[FIRST_PANELS:]
        return first, (Row(MORE, rest, collapsed=True),) if rest else ()

    def _objectives(self, alert_panels: tuple[AlertPanel, ...]) -> tuple[tuple[Panel, ...], tuple[Row, ...]]:
        """Put the table first, and a row for each objective; a single one stands open."""
        table = objectives_table(naming.OBJECTIVES_HERE, [o.slo for o in self.objectives], self.own)
        collapsed = len(self.objectives) > 1
        rows = (Row(o.slo.title, detail_panels(o, alert_panels), collapsed) for o in self.objectives)
        return (table,), tuple(rows)

    def _panels(self, key: str, alert_panels: tuple[AlertPanel, ...], narrow: Narrowing) -> tuple[Panel, ...]:
        builder = Builder(key, alert_panels, narrow)
        found = {panel.title: panel for panel in self._built_in(key, alert_panels, narrow)}
        for written in self.linked.panels:
            if written.dashboard == key:
                found[written.title] = builder.written(written)
        for alert_panel in alert_panels:
            if alert_panel.panel not in found:
                found[alert_panel.panel] = builder.derived(alert_panel.panel)
        if key == naming.INFRASTRUCTURE:
            here = shown_on(alert_panels, key, naming.HEALTH_SUMMARY)
            found[naming.HEALTH_SUMMARY] = health_summary(self.linked.signals, narrow, here)
        first = self.linked.spec.dashboards.order.get(key, ())
        clusters = max(len(environment.clusters) for environment in self.linked.environments)
        panels = sorted(found.values(), key=lambda panel: _place(panel, first))
        return tuple(_by_cluster(panel) if clusters > 1 else panel for panel in panels)

    def _built_in(self, key: str, alert_panels: tuple[AlertPanel, ...], narrow: Narrowing) -> Iterable[Panel]:
        """Give the service's own dashboard its verdict: what fires, what is promised, what is scraped."""
        if key != naming.SERVICE_DASHBOARD:
            return
        interval = self.targets.scrape_interval
        yield firing_table(naming.FIRING_HERE, "What fires now, the most urgent first.", self.own, interval)
        if self.objectives:
            yield objectives_table(naming.OBJECTIVES_HERE, [o.slo for o in self.objectives], self.own)
        yield targets_panel(narrow, shown_on(alert_panels, key, naming.TARGETS_UP))
        text = "Whether the metrics of each signal are there. Without them, the alerts on it are blind."
        signals = [(signal, signal.presence) for signal in self.linked.signals]
        here = shown_on(alert_panels, key, naming.METRICS_PRESENT)
        yield presence_panel(naming.METRICS_PRESENT, text, signals, narrow, here)


def _place(panel: Panel, first: Sequence[str]) -> tuple[int, bool]:
    """Put first what the service names first, then what gives a verdict at a glance."""
    if panel.title in first:
        return first.index(panel.title), False
    return len(first), panel.look not in {Look.STAT, Look.GAUGE}


def _slo_labels(objectives: Iterable[Objective]) -> tuple[str, ...]:
    return tuple(sorted({label for objective in objectives for label in objective.slo.grouping}))


def _by_cluster(panel: Panel) -> Panel:
    """Say the cluster in every legend, where there are several."""
    if panel.columns:
        return panel
    named = (replace(query, legend=f"{query.legend} {{{{cluster}}}}".strip()) for query in panel.queries)
    return replace(panel, queries=tuple(named))
