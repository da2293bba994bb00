"""The dashboards of all services: who is on call for what now, and whose budget is the worst."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from watchbill import naming
from watchbill.lower.dashboards.narrow import PLACE, places
from watchbill.lower.dashboards.objectives import BUDGET_GONE, fastest_burning, objectives_table
from watchbill.lower.dashboards.presence import NOT_ON_TRIAL, NOTHING_FIRES, firing_table
from watchbill.model.alerts import Direction, Severity, Stage
from watchbill.model.bundle import Platform, Service
from watchbill.model.dashboards import Dashboard, Line, LineLevel, Look, Panel, Query, Variable
from watchbill.model.slo import SAMPLED
from watchbill.promql import Matcher, aggregate, selector
from watchbill.quantity import Duration, Unit

SERVICE = Matcher("service", "=~", "$service")
FIRING = Matcher("alertstate", "=", "firing")
HEARTBEAT = Matcher("stage", "=", Stage.HEARTBEAT.value)
SHOWN = (SERVICE, *PLACE, FIRING, NOT_ON_TRIAL)


def overviews(platform: Platform, services: Sequence[Service]) -> tuple[Dashboard, ...]:
    """Make them, sorted by uid; without objectives there is nothing to say of budgets."""
    made = [_on_call(platform, services)]
    if any(service.slos for service in services):
        made.append(_objectives(platform, services))
    return tuple(sorted(made, key=lambda dashboard: dashboard.uid))


def _on_call(platform: Platform, services: Sequence[Service]) -> Dashboard:
    interval = platform.evaluation_interval
    beats = any(alert.stage is Stage.HEARTBEAT for service in services for alert in service.alerts)
    # Nothing fires only where rules are evaluated, as the heartbeat tells; else there is no data, not a green 0.
    nothing = f"0 * count({selector('ALERTS', (HEARTBEAT, FIRING))})" if beats else "vector(0)"
    panels = [_count(severity, nothing, interval) for severity in Severity]
    panels.append(
        firing_table("Firing now", "What fires now in any service, the most urgent first.", (SERVICE,), interval)
    )
    by_service = aggregate(
        "count", ("service", "severity"), selector("ALERTS", (*SHOWN, Matcher("severity", "!=", "")))
    )
    panels.append(
        _panel(
            "Firing by Service",
            "How many alerts fire, by service and severity; a wide step is one outage that shows in many places.",
            (Query(by_service, "{{service}} {{severity}}", empty=NOTHING_FIRES),),
            interval,
        )
    )
    down = aggregate("sum", ("job",), f"{selector('up', PLACE)} == bool 0")
    line = Line(Decimal(0), LineLevel.WARNING, Direction.ABOVE, "any")
    panels.append(
        _panel(
            "Targets Down",
            "How many targets of each job Prometheus cannot scrape.",
            (Query(down, "{{job}}"),),
            interval,
            lines=(line,),
        )
    )
    return _dashboard(naming.ON_CALL, "On call: all services", panels, platform, services)


def _count(severity: Severity, nothing: str, interval: Duration) -> Panel:
    chosen = selector("ALERTS", (*SHOWN, Matcher("severity", "=", severity.value)))
    level = {Severity.P0: LineLevel.CRITICAL, Severity.P1: LineLevel.WARNING, Severity.INFO: LineLevel.INFO}[severity]
    line = Line(Decimal(1), level, Direction.ABOVE, "any")
    query = Query(f"count({chosen}) or {nothing}", severity.value)
    text = f"How many alerts of severity {severity} fire now; there is no data where no rules are evaluated."
    return _panel(f"{severity} Firing", text, (query,), interval, look=Look.STAT, lines=(line,))


def _objectives(platform: Platform, services: Sequence[Service]) -> Dashboard:
    slos = [slo for service in services for slo in service.slos]
    left = selector(naming.SLO_BUDGET_LEFT, (SERVICE, *PLACE))
    burning = fastest_burning(slos, (SERVICE,))
    used_up = Query(f"count({left} < 0) or 0 * count({left})", "objectives")
    panels = [
        _panel(
            "Budgets Used Up",
            "How many objectives have no error budget left.",
            (used_up,),
            SAMPLED,
            look=Look.STAT,
            lines=(Line(Decimal(1), LineLevel.CRITICAL, Direction.ABOVE, "any"),),
        ),
        _panel(
            "Budgets Burning too Fast",
            "How many objectives burn their budget faster than it lasts, over the shortest of their long windows.",
            (Query(f"count(({burning}) > 1) or 0 * count({burning})", "objectives"),),
            SAMPLED,
            look=Look.STAT,
            lines=(Line(Decimal(1), LineLevel.WARNING, Direction.ABOVE, "any"),),
        ),
        objectives_table("Objectives, Worst First", slos, (SERVICE,)),
        _panel(
            "Budget Left",
            "What is left of each error budget.",
            (Query(left, "{{service}} {{slo}}"),),
            SAMPLED,
            unit=Unit.RATIO,
            lines=(BUDGET_GONE,),
        ),
        _panel(
            "Burn Rate",
            "How fast each budget burns; at 1 it lasts exactly the period.",
            (Query(burning, "{{service}} {{slo}}"),),
            SAMPLED,
            unit=Unit.TIMES,
            lines=(Line(Decimal(1), LineLevel.INFO, Direction.ABOVE, "lasts exactly the period"),),
        ),
    ]
    return _dashboard(naming.SLO_OVERVIEW, "Objectives: all services", panels, platform, services)


def _panel(  # noqa: PLR0913 (the parts of a panel)
    title: str,
    text: str,
    queries: tuple[Query, ...],
    interval: Duration,
    *,
    look: Look = Look.LINES,
    unit: Unit = Unit.COUNT,
    lines: tuple[Line, ...] = (),
) -> Panel:
    return Panel(
        id=naming.panel_id(title),
        title=title,
        text=text,
        look=look,
        unit=unit,
        queries=queries,
        interval=interval,
        lines=lines,
        lowest=Decimal(0) if unit is Unit.COUNT else None,
    )


def _dashboard(
    uid: str, title: str, panels: Sequence[Panel], platform: Platform, services: Sequence[Service]
) -> Dashboard:
    names = tuple(sorted(service.name for service in services))
    return Dashboard(
        uid=uid,
        title=title,
        service="",
        text=f"{title}.",
        variables=(*places(platform.environments), Variable("service", "Service", names, every=True)),
        panels=tuple(panels),
        rows=(),
        firing=selector("ALERTS", (SERVICE, FIRING, NOT_ON_TRIAL, Matcher("env", "=", "$env"))),
        origin=platform.origin,
    )
