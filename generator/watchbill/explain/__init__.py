"""Say in English what an alert is, when it fires, whose it is, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable

from watchbill import naming
from watchbill.conditions.base import listed
from watchbill.errors import UsageError, choose
from watchbill.explain import layout
from watchbill.explain.objective import explain_slo
from watchbill.model.alerts import Alert, Severity, Stage
from watchbill.model.bundle import Bundle, Environment
from watchbill.model.slo import Slo
from watchbill.words import drills
from watchbill.words.receivers import notified

MANY = 12  # candidates are a list to read, up to here


def find(bundle: Bundle, name: str) -> Alert | Slo:
    """Find an alert or an objective by `service/name`, or by a bare name that only one service has.

    Raises `UsageError` with the candidates otherwise.
    """
    known: list[Alert | Slo] = [*bundle.alerts, *(slo for service in bundle.services for slo in service.slos)]
    by_id = {entry.id: entry for entry in known}
    if name in by_id:
        return by_id[name]
    same = [entry for entry in known if entry.name == name]
    if len(same) == 1:
        return same[0]
    if same:
        ids = ", ".join(entry.id for entry in same)
        raise UsageError(f'several services have "{name}"; name one of: {ids}')
    alike = [entry.id for entry in known if name.casefold() in entry.id.casefold()]
    if 0 < len(alike) <= MANY:
        raise UsageError(f'there is no alert or objective "{name}"; it may be one of: {", ".join(alike)}')
    choices = by_id if "/" in name else {entry.name for entry in known}
    raise UsageError(f'there is no alert or objective "{name}"; {choose(name, choices)}')


def explain(bundle: Bundle, found: Alert | Slo) -> str:
    """Write the explanation of an alert or an objective as a person reads it on a terminal."""
    return explain_slo(bundle, found) if isinstance(found, Slo) else explain_alert(bundle, found)


def explain_alert(bundle: Bundle, alert: Alert) -> str:
    """Write the explanation of an alert."""
    service = bundle.service(alert.service)
    signal = service.signal(alert.subject)
    team = bundle.platform.teams[alert.team]
    metrics = ", ".join(signal.metrics[role].name for role in alert.metrics)
    entries = [
        ("What", f"{alert.summary}."),
        ("Fires", alert.sentence),
        (
            "Stays",
            f"firing for {alert.keep_firing_for.words()} longer than that."
            if alert.keep_firing_for.milliseconds
            else "",
        ),
        ("Impact", alert.impact),
        ("First step", alert.action),
        ("Owner", f"{team.title} ({team.name})"),
        *_reached(bundle, alert, service.environments),
        ("Muted", _muted(bundle.inhibited_by[alert.id])),
        ("Down", f"while it fires, {alert.declares_down} counts as down." if alert.declares_down else ""),
        ("Drilled", _drilled(bundle, alert)),
        ("Signal", f"{alert.subject} ({signal.title})" + (f", read from {metrics}" if metrics else "")),
        ("Why", alert.why),
        ("From", _source(alert)),
        ("Spec", str(alert.origin.span)),
        ("Rule", f"{naming.rule_file(alert.service, alert.area)} below out/"),
        ("Runbook", alert.runbook_url),
        ("Panel", alert.dashboard_url.partition("&var-")[0]),
    ]
    head = f"{alert.id}: {_SEVERITY[alert.severity.value]}"
    if alert.stage is Stage.SHADOW:
        head += "; in shadow, so it notifies a log channel only"
    if alert.stage is Stage.HEARTBEAT:
        head = f"{alert.id}: a heartbeat, always firing, so that its silence is noticed"
    return "\n".join([head, "", *layout.rows(entries), "  PromQL", *(layout.block(rule.expr) for rule in alert.rules)])


_SEVERITY = {
    "P0": "P0, somebody must act now",
    "P1": "P1, somebody must look today",
    "Info": "Info, context for whoever looks",
}


def _reached(bundle: Bundle, alert: Alert, environments: Iterable[Environment]) -> Iterable[tuple[str, str]]:
    for index, environment in enumerate(environments):
        yield "" if index else "Notifies", f"in {environment.name}: {notified(bundle.platform, alert, environment)}"
    quiet = bundle.platform.policies[alert.severity].quiet_times
    promised = bundle.service(alert.service).promises_time
    if quiet and alert.stage is Stage.LIVE and not (promised and alert.severity is not Severity.INFO):
        yield "Waits", f"in {listed(quiet, 'and')}, when it is not sent."


def _muted(by: tuple[str, ...]) -> str:
    return f"while the same fault is reported by {listed(by, 'or')}." if by else ""


def _drilled(bundle: Bundle, alert: Alert) -> str:
    named = [f"{each.name} ({drills.expected(each, alert)})" for each in drills.naming_each(bundle)[alert.id]]
    return f"in {listed(named, 'and')}, and by itself." if named else ""


def _source(alert: Alert) -> str:
    if alert.source.startswith("pack:"):
        return f"pack {alert.source.removeprefix('pack:')}"
    return {
        "service": "the service's own alerts",
        "slo": f"objective {alert.slo}",
        "monitoring": "the monitoring that every service gets",
    }[alert.source]
