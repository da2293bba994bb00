"""Tell in English what an alert is, when it fires, whose it is, and where it stands."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from watchbill import naming
from watchbill.conditions.base import listed
from watchbill.errors import UsageError, choose
from watchbill.model.alerts import Alert, Stage
from watchbill.model.bundle import Bundle, Environment
from watchbill.targets.matrix import told

WIDTH = 100
_TITLE = 9


def find(bundle: Bundle, name: str) -> Alert:
    """Find an alert by `service/Alert`, or by a bare name that only one service has.

    Raises `UsageError` with the candidates otherwise.
    """
    by_id = {alert.id: alert for alert in bundle.alerts}
    if name in by_id:
        return by_id[name]
    same = [alert for alert in bundle.alerts if alert.name == name]
    if len(same) == 1:
        return same[0]
    if same:
        ids = ", ".join(alert.id for alert in same)
        raise UsageError(f'several services have an alert "{name}"; name one of: {ids}')
    alike = [alert.id for alert in bundle.alerts if name.casefold() in alert.id.casefold()]
    if alike:
        raise UsageError(f'there is no alert "{name}"; it may be one of: {", ".join(alike)}')
    choices = by_id if "/" in name else {alert.name for alert in bundle.alerts}
    raise UsageError(f'there is no alert "{name}"; {choose(name, choices)}')


def explain(bundle: Bundle, alert: Alert) -> str:
    """Write the explanation of an alert as a person reads it on a terminal."""
    service = next(service for service in bundle.services if service.name == alert.service)
    signal = next(signal for signal in service.signals if signal.key == alert.subject)
    team = bundle.platform.teams[alert.team]
    metrics = ", ".join(signal.metrics[role].name for role in alert.metrics)
    rows = [
        ("What", f"{alert.summary}."),
        ("Fires", alert.sentence),
        (
            "Stays",
            f"firing for {alert.keep_firing_for.words()} longer than that."
            if alert.keep_firing_for.milliseconds
            else "",
        ),
        ("Impact", alert.impact),
        ("First", alert.action),
        ("Owner", f"{team.title} ({team.name})"),
        *_reached(bundle, alert, service.environments),
        ("Muted", _muted(bundle.inhibited_by[alert.id])),
        ("Down", f"while it fires, {alert.declares_down} counts as down." if alert.declares_down else ""),
        ("Subject", f"{alert.subject} ({signal.title})" + (f", read from {metrics}" if metrics else "")),
        ("Why", alert.why),
        ("From", _source(alert)),
        ("Spec", str(alert.origin.span)),
        ("Rule", f"{naming.rule_file(alert.service, alert.area)} below out/"),
        ("Runbook", alert.runbook_url),
        ("Panel", alert.dashboard_url.partition("&var-")[0]),
    ]
    head = f"{alert.id}: {_SEVERITY[alert.severity.value]}"
    if alert.stage is Stage.SHADOW:
        head += "; in shadow, so it tells a log channel only"
    if alert.stage is Stage.HEARTBEAT:
        head = f"{alert.id}: a heartbeat, always firing, so that its silence is noticed"
    body = [_row(title, text) for title, text in rows if text]
    rules = [textwrap.indent(rule.expr, " " * (_TITLE + 2)) for rule in alert.rules]
    return "\n".join([head, "", *body, "  PromQL", *rules])


_SEVERITY = {
    "P0": "P0, somebody must act now",
    "P1": "P1, somebody must look today",
    "Info": "Info, context for whoever looks",
}


def _reached(bundle: Bundle, alert: Alert, environments: Iterable[Environment]) -> Iterable[tuple[str, str]]:
    team = bundle.platform.teams[alert.team]
    title = "Tells"
    for environment in environments:
        yield title, f"in {environment.name}: {told(bundle.platform, team, alert, environment)}"
        title = ""


def _muted(by: tuple[str, ...]) -> str:
    return f"while the same fault is told by {listed(by, 'or')}." if by else ""


def _source(alert: Alert) -> str:
    if alert.source.startswith("pack:"):
        return f"pack {alert.source.removeprefix('pack:')}"
    return {"service": "the service's own alerts", "monitoring": "the monitoring that every service gets"}[alert.source]


def _row(title: str, text: str) -> str:
    indent = " " * (_TITLE + 2)
    filled = textwrap.fill(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return f"  {title:<{_TITLE}}{filled[len(indent) :]}"
