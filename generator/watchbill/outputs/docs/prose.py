"""Pages of runbooks, decisions and objectives, the lists of them, and stubs that lead from an old name to the new."""

from __future__ import annotations

from collections.abc import Iterable

from watchbill import naming
from watchbill.model.bundle import Service
from watchbill.model.pages import Citation, Decision, Runbook
from watchbill.model.slo import Slo
from watchbill.outputs.docs.alerts import budget_series, exhaustion, row, sections
from watchbill.outputs.docs.assumptions import assumed
from watchbill.outputs.docs.markdown import PageContext, Writer, code, relative
from watchbill.words import objectives


def runbook_page(runbook: Runbook, writer: Writer) -> str:
    """Render a runbook as it was written, for reading in quiet times; facts of one alert are placeholders."""
    bundle, page = writer.bundle, writer.on(naming.runbook_page(runbook.id))
    led = [alert for alert in bundle.alerts if alert.id in runbook.alerts]
    return writer.template(
        "site/runbook.md.j2",
        page.path,
        runbook=runbook,
        owner=page.team(runbook.owner),
        severity=_severity(runbook, page),
        rows=[row(alert, page) for alert in led],
        sections=sections(runbook, page, None),
        assumed=assumed(runbook),
        source=code(runbook.origin.document),
    )


def _severity(runbook: Runbook, page: PageContext) -> str:
    return runbook.severity if runbook.severity == "mixed" else page.severity(runbook.severity)


def runbooks(writer: Writer) -> str:
    """Render the list of runbooks."""
    page = writer.on(naming.RUNBOOKS_PAGE)
    rows = [
        {
            "link": page.runbook(runbook),
            "severity": _severity(runbook, page),
            "owner": page.team(runbook.owner),
            "recovery": runbook.recovery_time,
            "alerts": len(runbook.alerts),
        }
        for runbook in writer.bundle.pages.runbooks
    ]
    assumes = any(runbook.assumes for runbook in writer.bundle.pages.runbooks)
    return writer.template("site/runbooks.md.j2", page.path, rows=rows, assumes=assumes)


def decision_page(decision: Decision, writer: Writer) -> str:
    """Render a decision, with who rests on it."""
    bundle, page = writer.bundle, writer.on(naming.decision_page(decision.id))
    slos = [(slo, slo.cites) for service in bundle.services for slo in service.slos]
    cited = [page.slo(slo.service, slo.name, slo.id) for slo, by in slos if _cites(decision, by)]
    cited += [page.alert(alert, full=True) for alert in bundle.alerts if _cites(decision, alert.cites)]
    related = {*decision.related, *(d.id for d in bundle.pages.decisions if decision.id in d.related)}
    older = {*decision.supersedes, *(d.id for d in bundle.pages.decisions if d.superseded_by == decision.id)}
    return writer.template(
        "site/decision.md.j2",
        page.path,
        decision=decision,
        service=page.service(decision.service) if decision.service else "",
        related=[page.decision_named(name) for name in sorted(related)],
        supersedes=[page.decision_named(name) for name in sorted(older)],
        superseded_by=page.decision_named(decision.superseded_by) if decision.superseded_by else "",
        cited=cited,
        text=page.prose(decision.text),
    )


def _cites(decision: Decision, citations: Iterable[Citation]) -> bool:
    return any(citation.decision == decision.id for citation in citations)


def decisions(writer: Writer) -> str:
    """Render the list of decisions: those of the services, and the project's own."""
    page = writer.on(naming.DECISIONS_PAGE)
    every = writer.bundle.pages.decisions
    groups = [
        ("Of the services", [d for d in every if not d.id.isdigit()]),
        ("Of this project", [d for d in every if d.id.isdigit()]),
    ]
    return writer.template(
        "site/decisions.md.j2",
        page.path,
        groups=[(title, [(page.decision(d), d.status) for d in own]) for title, own in groups if own],
    )


def slo_page(slo: Slo, service: Service, writer: Writer) -> str:
    """Render what an objective promises, when its budget is gone, and what tells of it."""
    page = writer.on(naming.slo_page(slo.service, slo.name))
    return writer.template(
        "site/slo.md.j2",
        page.path,
        slo=slo,
        service=page.service(service.name),
        words=objectives.entry(slo, service),
        gone=[exhaustion(slo, index) for index in range(len(slo.tiers))],
        left=[code(series) for series in budget_series(slo)],
        rows=[row(alert, page) for alert in service.alerts if alert.slo == slo.name],
        series=[(role, code(name)) for role, name in sorted(slo.series.items())],
        decisions=[page.decision_named(citation.decision) for citation in slo.cites],
        formerly=[code(rename.old) for rename in service.renamed if rename.new == slo.name],
        spec=code(naming.slo_pointer(slo.origin.document, slo.name)),
    )


def objectives_page(writer: Writer) -> str:
    """Render the list of objectives."""
    page = writer.on(naming.OBJECTIVES_PAGE)
    services = [
        (
            page.service(service.name),
            [(page.slo(slo.service, slo.name, slo.title), objectives.entry(slo, service)) for slo in service.slos],
        )
        for service in writer.bundle.services
        if service.slos
    ]
    return writer.template("objectives.md.j2", page.path, services=services)


def stubs(writer: Writer) -> dict[str, str]:
    """Render a stub for every page that had another name, so that links in old messages lead on."""
    found = [
        (naming.runbook_page(old), naming.runbook_page(runbook.id), old, f"{runbook.id}: {runbook.title}")
        for runbook in writer.bundle.pages.runbooks
        for old in runbook.formerly
    ]
    for service in writer.bundle.services:
        for rename in service.renamed:
            place = naming.alert_page if rename.old[0].isupper() else naming.slo_page
            found.append((place(service.name, rename.old), place(service.name, rename.new), rename.old, rename.new))
    return {
        page: writer.template(
            "site/moved.md.j2",
            page,
            old=old,
            link=writer.on(page).to(target, new),
            address=relative(page, target).removesuffix(".md") + ".html",
        )
        for page, target, old, new in found
    }
