"""The part of MkDocs' configuration that is compiled: the navigation, and what it leaves out."""

from __future__ import annotations

import html
from collections.abc import Iterable

from watchbill import naming
from watchbill.model.alerts import Severity
from watchbill.model.bundle import Bundle
from watchbill.words.yamltext import Plain, dump

PATH = "mkdocs.nav.yml"
_BEHIND_REFERENCE = "/reference/*/"  # one page links them all


def navigation(bundle: Bundle, unlisted: Iterable[str]) -> str:
    """Render it; `unlisted` are pages that only links lead to."""
    nav: list[Plain] = [{"Home": in_docs(naming.FRONT_PAGE)}, {"Alerts": _alerts(bundle)}]
    if bundle.pages.runbooks:
        books: list[Plain] = [
            {html.escape(f"{r.id}: {r.title}"): in_docs(naming.runbook_page(r.id))} for r in bundle.pages.runbooks
        ]
        if any(runbook.assumes for runbook in bundle.pages.runbooks):
            books.insert(0, {"What they assume": in_docs(naming.ASSUMPTIONS_PAGE)})
        nav.append({"Runbooks": [in_docs(naming.RUNBOOKS_PAGE), *books]})
    nav.append({"Services": _services(bundle)} if bundle.services else {"Services": []})
    objectives = _objectives(bundle)
    nav += [{"Objectives": [in_docs(naming.OBJECTIVES_PAGE), *objectives]}] if objectives else []
    teams: list[Plain] = [
        {html.escape(team.title): in_docs(naming.team_page(team.name))} for team in bundle.platform.teams.values()
    ]
    nav.append({"On call": [{"Who is woken by what": in_docs(naming.ROUTING_PAGE)}, *teams]})
    if bundle.pages.decisions:
        pages: list[Plain] = [
            {html.escape(f"{d.id}: {d.title}"): in_docs(naming.decision_page(d.id))} for d in bundle.pages.decisions
        ]
        nav.append({"Decisions": [in_docs(naming.DECISIONS_PAGE), *pages]})
    nav.append({"Reference": in_docs(naming.REFERENCE_PAGE)})
    rest = "\n".join((_BEHIND_REFERENCE, *(f"/{in_docs(page)}" for page in sorted(unlisted))))
    content: dict[str, Plain] = {"nav": [entry for entry in nav if entry != {"Services": []}]}
    return dump(content | {"not_in_nav": f"{rest}\n"}, source="specs")


def _alerts(bundle: Bundle) -> list[Plain]:
    found: list[Plain] = [in_docs(naming.ALERTS_PAGE), {"By symptom": in_docs(naming.SYMPTOMS_PAGE)}]
    found += [
        {f"All {severity.value}": in_docs(naming.severity_page(severity.value))}
        for severity in Severity
        if any(alert.severity is severity for alert in bundle.alerts)
    ]
    found.append({"What proves them": in_docs(naming.EVIDENCE_PAGE)})
    found += [{"Fire drills": in_docs(naming.DRILLS_PAGE)}] if bundle.drills else []
    for service in bundle.services:
        own = sorted(service.alerts, key=lambda alert: alert.name)
        pages: list[Plain] = [{alert.name: in_docs(naming.alert_page(alert.service, alert.name))} for alert in own]
        found.append({html.escape(service.title): pages})
    return found


def _services(bundle: Bundle) -> list[Plain]:
    return [
        {
            html.escape(service.title): [
                in_docs(naming.service_page(service.name)),
                {"Metrics": in_docs(naming.metrics_page(service.name))},
            ]
        }
        for service in bundle.services
    ]


def _objectives(bundle: Bundle) -> list[Plain]:
    return [
        {
            html.escape(service.title): [
                {html.escape(slo.title): in_docs(naming.slo_page(slo.service, slo.name))} for slo in service.slos
            ]
        }
        for service in bundle.services
        if service.slos
    ]


def in_docs(path: str) -> str:
    """Name a page as MkDocs does, below the folder of pages."""
    return path.removeprefix("docs/")
