"""The runbook site's pages and navigation.

Read by: MkDocs, which builds the site of it.

Checked by: `watchbill site`: a strict build, and every link followed.
"""

from __future__ import annotations

from watchbill import library, naming
from watchbill.model.alerts import Severity
from watchbill.model.bundle import Bundle
from watchbill.outputs.docs import indexes, prose
from watchbill.outputs.docs.alerts import alert_page
from watchbill.outputs.docs.assumptions import assumptions
from watchbill.outputs.docs.drills import drills_page
from watchbill.outputs.docs.markdown import Writer, code, inline
from watchbill.outputs.docs.metrics import metrics
from watchbill.outputs.docs.navigation import PATH as NAVIGATION
from watchbill.outputs.docs.navigation import navigation
from watchbill.outputs.docs.routing import routing

__all__ = ["NAVIGATION", "code", "inline", "render"]


def render(bundle: Bundle) -> dict[str, str]:
    """Render every page, what they are shown with, and the navigation."""
    writer = Writer(bundle)
    pages = {
        naming.FRONT_PAGE: indexes.front(writer),
        naming.ALERTS_PAGE: indexes.alerts(writer),
        naming.SYMPTOMS_PAGE: indexes.symptoms(writer),
        naming.ROUTING_PAGE: routing(bundle, writer),
    }
    for severity in Severity:
        if any(alert.severity is severity for alert in bundle.alerts):
            pages[naming.severity_page(severity.value)] = indexes.severity(severity, writer)
    for team in bundle.platform.teams.values():
        pages[naming.team_page(team.name)] = indexes.team_page(team, writer)
    for service in bundle.services:
        pages[naming.service_page(service.name)] = indexes.service_page(service, writer)
        pages[naming.metrics_page(service.name)] = metrics(service, writer)
        pages |= {naming.slo_page(s.service, s.name): prose.slo_page(s, service, writer) for s in service.slos}
    pages |= {naming.alert_page(alert.service, alert.name): alert_page(alert, writer) for alert in bundle.alerts}
    pages |= {naming.DRILLS_PAGE: drills_page(writer)} if bundle.drills else {}
    pages |= _prose(bundle, writer)
    stubs = prose.stubs(writer)
    assets = {f"docs/assets/{name}": text for name, text in library.assets().items()}
    return {**pages, **stubs, **assets, NAVIGATION: navigation(bundle, stubs)}


def _prose(bundle: Bundle, writer: Writer) -> dict[str, str]:
    pages = {naming.runbook_page(book.id): prose.runbook_page(book, writer) for book in bundle.pages.runbooks}
    pages |= {naming.decision_page(d.id): prose.decision_page(d, writer) for d in bundle.pages.decisions}
    if bundle.pages.runbooks:
        pages[naming.RUNBOOKS_PAGE] = prose.runbooks(writer)
    if any(book.assumes for book in bundle.pages.runbooks):
        pages[naming.ASSUMPTIONS_PAGE] = assumptions(writer)
    if bundle.pages.decisions:
        pages[naming.DECISIONS_PAGE] = prose.decisions(writer)
    if any(service.slos for service in bundle.services):
        pages[naming.OBJECTIVES_PAGE] = prose.objectives_page(writer)
    return pages
