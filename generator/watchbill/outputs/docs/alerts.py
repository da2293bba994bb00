"""An alert's page: what people wrote for it, and the facts of this very alert."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from watchbill import naming
from watchbill.model.alerts import Alert, Severity, Stage, Symptom
from watchbill.model.bundle import Bundle, Service
from watchbill.model.pages import Runbook
from watchbill.model.slo import Slo
from watchbill.outputs.catalog import pointer
from watchbill.outputs.docs.assumptions import assumed
from watchbill.outputs.docs.drills import drilled_by
from watchbill.outputs.docs.markdown import PageContext, Writer, code, inline
from watchbill.outputs.promtests import clock
from watchbill.promql import quoted
from watchbill.quantity import Duration
from watchbill.quantity.words import rounded_share, share
from watchbill.words import objectives, receivers, unseen
from watchbill.words.facts import service_of
from watchbill.words.urls import bare_panel_url

SEVERITIES = {
    Severity.P0: "somebody must act now",
    Severity.P1: "somebody must look today",
    Severity.INFO: "context for whoever looks",
}
# Of two names that fit a search as well, the one that wakes people comes first.
_BOOSTS = {Severity.P0: 4, Severity.P1: 2, Severity.INFO: 1}
STAGES = {
    Stage.LIVE: "live: it reaches people",
    Stage.SHADOW: "on trial: it notifies a log channel only",
    Stage.HEARTBEAT: "a heartbeat: it always fires, and its silence is noticed",
}
# What is needed first comes first: the head of the page says already what it means and who is hurt (ADR 0028).
FIRST = ("Is it real?", "Mitigate first", "Escalate")


def alert_page(alert: Alert, writer: Writer) -> str:
    """Render the page that `runbook_url` opens."""
    bundle, page = writer.bundle, writer.on(naming.alert_page(alert.service, alert.name))
    service, runbook = service_of(bundle, alert), bundle.pages.by_alert.get(alert.id)
    return writer.template(
        "site/alert.md.j2",
        page.path,
        alert=alert,
        sentence=alert.sentence,
        tags=tags(alert, service),
        boost=_BOOSTS[alert.severity],
        lead=_lead(alert, service, bundle),
        links=links(alert, bundle),
        runbook=runbook,
        jumps=[(title, naming.anchor(title)) for title in FIRST] if runbook is not None else [],
        sections=sorted(sections(runbook, page, alert), key=_urgency),
        assumed=assumed(runbook, alert.service) if runbook is not None else [],
        waiver=service.waivers.get(alert.name),
        facts=list(_facts(alert, service, page)),
        rules=[(rule.place, rule.expr) for rule in alert.rules],
    )


def sections(runbook: Runbook | None, page: PageContext, alert: Alert | None) -> list[tuple[str, str]]:
    """Write a runbook's sections as they stand on a page."""
    if runbook is None:
        return []
    return [(section.title, page.prose(section.text, alert)) for section in runbook.sections]


def _urgency(section: tuple[str, str]) -> int:
    """Sort what is needed first to the front; the rest keeps its order."""
    return FIRST.index(section[0]) if section[0] in FIRST else len(FIRST)


def tags(alert: Alert, service: Service) -> list[str]:
    """Name what a page can be found by, apart from its text."""
    return [alert.severity.value, service.name, alert.team, subject_title(alert, service)]


def subject_title(alert: Alert, service: Service) -> str:
    """Name the kind of signal that an alert watches."""
    if alert.slo:
        return "Objective"
    return service.signal(alert.subject).title


def links(alert: Alert, bundle: Bundle) -> list[tuple[str, str]]:
    """Link what whoever answers opens beside the page."""
    urls = bundle.platform.urls
    expr = quote(alert.rules[0].expr, safe="")
    matchers = quote(f"{{alertname={quoted(alert.name)},service={quoted(alert.service)}}}", safe="")
    return [
        ("Panel", bare_panel_url(alert.dashboard_url)),
        ("Prometheus", f"{urls.prometheus}/graph?g0.expr={expr}&g0.tab=0&g0.range_input=6h"),
        ("Silence", f"{urls.alertmanager}/#/silences/new?filter={matchers}"),
    ]


def _lead(alert: Alert, service: Service, bundle: Bundle) -> list[tuple[str, str]]:
    """Say in four lines what it means, who is hurt, what to do first, and who is woken."""
    paging = [place for place in service.environments if place.pages] or list(service.environments)
    notified = "; ".join(f"{receivers.notified(bundle.platform, alert, place)} ({place.name})" for place in paging)
    entries = [
        ("Fires", alert.sentence),
        ("Impact", alert.impact),
        ("First step", alert.action),
        ("Notifies", notified),
    ]
    return [(title, inline(text)) for title, text in entries if text]


def _facts(alert: Alert, service: Service, page: PageContext) -> Iterable[tuple[str, list[str]]]:
    """List the facts, each with its lines, ready to be shown."""
    bundle = page.bundle
    lasting = alert.for_.words() if alert.for_.milliseconds else "at once"
    rows: list[tuple[str, list[str]]] = [
        ("Severity", [f"{page.severity(alert.severity.value)}: {SEVERITIES[alert.severity]}"]),
        ("Stage", [STAGES[alert.stage]]),
        ("Owner", [page.team(alert.team)]),
        *_notified(alert, service, bundle),
        ("Threshold", [str(alert.threshold)] if alert.threshold else []),
        ("For", [lasting]),
        ("Keeps firing", [f"{alert.keep_firing_for.words()} longer"] if alert.keep_firing_for.milliseconds else []),
        ("Signal", [_subject(alert, service, page)]),
        ("Muted by", _alerts(bundle.inhibited_by[alert.id], service, page)),
        ("Mutes", _alerts(bundle.mutes.get(alert.id, ()), service, page)),
        ("Declares down", [code(alert.declares_down)] if alert.declares_down else []),
        *_objective(alert, service, page),
        ("Not counted", _said(unseen.uncounted(alert, service))),
        ("At a restart", _said(unseen.forgotten(alert))),
        ("Same signal", _alerts(_siblings(alert, service), service, page)),
        ("Depends on", depends_on(service, page)),
        ("Needed by", needed_by(service, page)),
        ("Why", [inline(alert.why)] if alert.why else []),
        ("Formerly", [code(rename.old) for rename in service.renamed if rename.new == alert.name]),
        ("Decisions", [page.decision_named(citation.decision) for citation in alert.cites]),
        ("Proven by", [inline(case) for case in page.writer.cases.get(alert.id, [])]),
        ("Drilled by", drilled_by(alert, page)),
        ("Test", [code(naming.test_file(alert.service, alert.area, str(clock(alert).evaluation)))]),
        ("Rule", [code(naming.rule_file(alert.service, alert.area))]),
        ("Spec", [code(pointer(alert))]),
    ]
    return ((title, lines) for title, lines in rows if lines)


def _said(text: str) -> list[str]:
    return [inline(text)] if text else []


def _notified(alert: Alert, service: Service, bundle: Bundle) -> list[tuple[str, list[str]]]:
    notified = [
        f"{inline(place.name)}: {inline(receivers.notified(bundle.platform, alert, place))}"
        for place in service.environments
    ]
    quiet = bundle.platform.policies[alert.severity].quiet_times
    waits = [inline(receivers.quiet_words(bundle, q)) for q in bundle.platform.quiet_times if q.name in quiet]
    promised = service.promises_time and alert.severity is not Severity.INFO
    return [("Notifies", notified), ("Waits", waits if alert.stage is Stage.LIVE and not promised else [])]


def _subject(alert: Alert, service: Service, page: PageContext) -> str:
    signal = service.signal(alert.subject)
    metrics = ", ".join(code(signal.metrics[role].name) for role in alert.metrics)
    exported = page.to(naming.metrics_page(service.name), "metrics")
    return f"{code(alert.subject)}" + (f", read from {metrics} ({exported})" if metrics else "")


def _alerts(names: Iterable[str], service: Service, page: PageContext) -> list[str]:
    linked = [page.alert_named(name, within=service.name) for name in sorted(names)]
    return [", ".join(linked)] if linked else []


def _siblings(alert: Alert, service: Service) -> list[str]:
    return [other.id for other in service.alerts if other.subject == alert.subject and other is not alert]


def _objective(alert: Alert, service: Service, page: PageContext) -> list[tuple[str, list[str]]]:
    """Say how much of a budget there is, and how soon it is gone at the burn rates that this alert tells of."""
    if not alert.slo:
        return []
    slo = service.slo(alert.slo)
    tiers = [exhaustion(slo, index) for index, tier in enumerate(slo.tiers) if tier.severity == alert.severity.value]
    left = [f"{code(series)}" for series in budget_series(slo)]
    return [
        ("Objective", [page.slo(slo.service, slo.name, f"{slo.title}, {share(slo.objective)}")]),
        ("Budget", [inline(objectives.budget(slo))]),
        ("Gone in", tiers if alert.name in naming.slo_alerts(slo.name)[:2] else []),
        ("Left now", left),
    ]


def exhaustion(slo: Slo, index: int) -> str:
    """Say how long a whole budget lasts at a tier's burn rate."""
    tier = slo.tiers[index]
    hours = Duration(int(slo.period.milliseconds / tier.factor) // 3_600_000 * 3_600_000)
    above = rounded_share(tier.above)
    return f"{hours.words()} at {above} bad, where it begins to fire over {tier.long.words()}"


def budget_series(slo: Slo) -> tuple[str, str]:
    """Write the series to ask for what is left of a budget, and for when it is gone."""
    labels = f'{{service="{slo.service}",slo="{slo.name}"}}'
    return f"{naming.SLO_BUDGET_LEFT}{labels}", f"{naming.SLO_EXHAUSTED_IN}{labels}"


def depends_on(service: Service, page: PageContext) -> list[str]:
    """Link what a service needs: other services, and what stands behind it, each with what tells of it first."""
    others = [page.service(name) for name in service.depends_on if "/" not in name]
    notified = {key for keys in service.needs.values() for key in keys}
    own = [name.partition("/")[2] for name in service.depends_on if "/" in name]
    lines = [", ".join(others)] if others else []
    lines += [f"{inline(what)}: {_tells_of(keys, service, page)}" for what, keys in service.needs.items()]
    return lines + [code(key) for key in own if key not in notified]


def _tells_of(keys: Collection[str], service: Service, page: PageContext) -> str:
    """Link the most urgent alerts about some signals; those that every signal has say little of what is behind."""
    subjects = {*keys, *(slo.name for slo in service.slos if slo.signal in keys)}
    about = [alert for alert in service.alerts if alert.subject in subjects and alert.symptom is not Symptom.ABSENCE]
    for alerts in by_severity(about).values():
        return ", ".join(page.alert(alert) for alert in alerts)
    return "no alert of ours watches it"


def needed_by(service: Service, page: PageContext) -> list[str]:
    """Link the services that need this one."""
    linked = [page.service(other.name) for other in page.bundle.services if service.name in other.depends_on]
    return [", ".join(linked)] if linked else []


def by_severity(alerts: Iterable[Alert]) -> Mapping[Severity, list[Alert]]:
    """Sort alerts by urgency, then by id; severities without an alert are left out."""
    every = sorted(alerts, key=lambda alert: alert.id)
    found = {severity: [alert for alert in every if alert.severity is severity] for severity in Severity}
    return {severity: own for severity, own in found.items() if own}


def row(alert: Alert, page: PageContext) -> Mapping[str, Any]:
    """Describe an alert in a table."""
    return {
        "link": page.alert(alert),
        "service": page.service(alert.service),
        "severity": page.severity(alert.severity.value),
        "summary": inline(alert.summary),
        "trial": alert.stage is Stage.SHADOW,
    }
