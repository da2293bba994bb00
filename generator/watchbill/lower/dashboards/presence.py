"""The panels that every service gets: what fires, what is scraped, which metrics are there, and what is healthy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from watchbill import naming
from watchbill.conditions.base import INSTANCE
from watchbill.lower.dashboards.alert_panel import AlertPanel, runbooks
from watchbill.lower.dashboards.narrow import PLACE, Narrowing
from watchbill.model.alerts import Severity
from watchbill.model.dashboards import Column, LineLevel, Look, Panel, Query, State
from watchbill.model.signals import UP, Metric, Signal
from watchbill.naming import TARGET_LABELS
from watchbill.promql import Matcher, aggregate, quoted, selector
from watchbill.quantity import Duration, Unit
from watchbill.views.up import UP_OR_DOWN

PRESENT = (State(0, "ABSENT", LineLevel.CRITICAL), State(1, "PRESENT", LineLevel.GOOD))
NOTHING_FIRES = "it is empty as long as nothing fires"
ALERT_COLUMNS = tuple(
    Column(label, title)
    for label, title in (
        ("severity", "Severity"),
        ("alertname", "Alert"),
        ("service", "Service"),
        ("subject", "Subject"),
        ("team", "Team"),
        ("env", "Env"),
        ("cluster", "Cluster"),
    )
)
_CHECKS = ("success", "up")  # the metrics of a profile that say 1 for a thing that works
NOT_ON_TRIAL = Matcher("stage", "=", "")  # nor a heartbeat: neither is for whoever is on call


def firing_table(title: str, text: str, matchers: Iterable[Matcher], interval: Duration) -> Panel:
    """List what fires, with the time since it first was true; the most urgent first."""
    notified = (*matchers, NOT_ON_TRIAL, *PLACE)
    # An instant vector keeps the order of `or`, so that nothing has to sort severities, which no alphabet does.
    since = " or ".join(_since((*notified, Matcher("severity", "=", severity))) for severity in Severity)
    query = Query(since, "True for", unit=Unit.SECONDS, instant=True, empty=NOTHING_FIRES)
    return Panel(
        id=naming.panel_id(title),
        title=title,
        text=text,
        look=Look.TABLE,
        unit=Unit.SECONDS,
        queries=(query,),
        interval=interval,
        columns=ALERT_COLUMNS,
    )


def _since(matchers: Iterable[Matcher]) -> str:
    labels = tuple(column.label for column in ALERT_COLUMNS)
    since = aggregate("min", labels, selector("ALERTS_FOR_STATE", matchers))
    firing = aggregate("max", labels, selector("ALERTS", (*matchers, Matcher("alertstate", "=", "firing"))))
    return f"(time() - {since} and {firing})"


def targets_panel(narrow: Narrowing, alert_panels: tuple[AlertPanel, ...]) -> Panel:
    """Show which targets Prometheus can scrape."""
    labels = (*TARGET_LABELS, INSTANCE, "job")
    up = aggregate("min", labels, narrow(narrow.targets).select(UP))
    text = "What Prometheus scrapes of this service. A target that is DOWN takes the metrics of its job with it."
    return _states(
        naming.TARGETS_UP, text, (Query(up, "{{job}} {{instance}}"),), UP_OR_DOWN, alert_panels, narrow.targets
    )


def presence_panel(
    title: str,
    text: str,
    signals: Sequence[tuple[Signal, Sequence[str]]],
    narrow: Narrowing,
    alert_panels: tuple[AlertPanel, ...],
) -> Panel:
    """Show whether the metrics of signals are there."""
    queries = tuple(Query(_present(signal, roles), signal.key) for signal, roles in signals)
    return _states(title, text, queries, PRESENT, alert_panels, narrow.targets)


def _present(signal: Signal, roles: Iterable[str]) -> str:
    """Build 1 where all of them are there, else 0; whatever instance has been chosen."""
    placed = signal.within(*PLACE)
    metrics = (placed.metrics[role] for role in roles)
    counted = (f"clamp_max(count({placed.select(m, suffix=m.type_suffix)}), 1)" for m in metrics)
    return f"{' * '.join(counted)} or vector(0)"


def health_summary(signals: Sequence[Signal], narrow: Narrowing, alert_panels: tuple[AlertPanel, ...]) -> Panel:
    """Say of everything that can be up or down what it is: targets, probes, databases."""
    checks = [(narrow.targets, UP, "targets")]
    for signal in signals:
        checks += [(signal, signal.metrics[role], signal.key) for role in _CHECKS if role in signal.metrics]
    rows = " or ".join(_check(narrow(signal), metric, name) for signal, metric, name in checks)
    return Panel(
        id=naming.panel_id(naming.HEALTH_SUMMARY),
        title=naming.HEALTH_SUMMARY,
        text="Everything of this service that can be up or down. A probe is DOWN where at least its last check failed.",
        look=Look.TABLE,
        unit=Unit.COUNT,
        queries=(Query(rows, "State", unit=Unit.COUNT, instant=True),),
        interval=narrow.targets.scrape_interval,
        states=UP_OR_DOWN,
        columns=tuple(
            Column(label, title)
            for label, title in (
                ("check", "Check"),
                (INSTANCE, "Instance"),
                ("job", "Job"),
                ("env", "Env"),
                ("cluster", "Cluster"),
            )
        ),
        sort="State",
        alerts=tuple(alert_panel.alert.id for alert_panel in alert_panels),
        links=runbooks(alert_panels),
    )


def _check(signal: Signal, metric: Metric, name: str) -> str:
    least = aggregate("min", (*TARGET_LABELS, INSTANCE, "job"), signal.select(metric))
    return f'label_replace({least}, "check", {quoted(name)}, "", "")'


def _states(
    title: str,
    text: str,
    queries: tuple[Query, ...],
    states: tuple[State, ...],
    alert_panels: tuple[AlertPanel, ...],
    targets: Signal,
) -> Panel:
    return Panel(
        id=naming.panel_id(title),
        title=title,
        text=text,
        look=Look.STATES,
        unit=Unit.COUNT,
        queries=queries,
        interval=targets.scrape_interval,
        states=states,
        alerts=tuple(alert_panel.alert.id for alert_panel in alert_panels),
        links=runbooks(alert_panels),
    )
