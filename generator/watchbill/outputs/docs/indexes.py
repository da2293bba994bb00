"""The pages by which an alert is found: the front page, all alerts, symptoms, severities, services and teams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchbill import naming
from watchbill.model.alerts import Alert, Severity
from watchbill.model.bundle import Service, Team
from watchbill.outputs.docs.alerts import SEVERITIES, by_severity, depends_on, needed_by, row, subject_title
from watchbill.outputs.docs.markdown import Writer
from watchbill.quantity.words import share
from watchbill.words import receivers


def front(writer: Writer) -> str:
    """Render the page that somebody opens who has no link."""
    bundle, page = writer.bundle, writer.on(naming.FRONT_PAGE)
    services = [
        {
            "link": page.service(service.name),
            "team": page.team(service.team),
            "counts": [sum(a.severity is severity for a in service.alerts) for severity in Severity],
            "p0": [page.alert(alert) for alert in by_severity(service.alerts).get(Severity.P0, [])],
        }
        for service in bundle.services
    ]
    return writer.template(
        "site/index.md.j2",
        page.path,
        services=services,
        severities=[(page.severity(severity.value), meaning) for severity, meaning in SEVERITIES.items()],
        ways=[page.to(target, title) for title, target in _ways(writer)],
    )


def _ways(writer: Writer) -> list[tuple[str, str]]:
    bundle = writer.bundle
    ways = [("What you see, by symptom", naming.SYMPTOMS_PAGE), ("All alerts by name", naming.ALERTS_PAGE)]
    ways += [("All runbooks", naming.RUNBOOKS_PAGE)] if bundle.pages.runbooks else []
    ways += [("Who is woken by what, and what mutes what", naming.ROUTING_PAGE)]
    if any(service.slos for service in bundle.services):
        ways.append(("Objectives and their budgets", naming.OBJECTIVES_PAGE))
    return ways + ([("Decisions", naming.DECISIONS_PAGE)] if bundle.pages.decisions else [])


def alerts(writer: Writer) -> str:
    """Render the list of all alerts by name."""
    page = writer.on(naming.ALERTS_PAGE)
    rows = [row(alert, page) for alert in sorted(writer.bundle.alerts, key=lambda a: (a.name.casefold(), a.id))]
    return writer.template("site/alerts.md.j2", page.path, rows=rows)


def severity(level: Severity, writer: Writer) -> str:
    """Render the list of the alerts of a severity, by service."""
    page = writer.on(naming.severity_page(level.value))
    services = [
        (page.service(service.name), [row(alert, page) for alert in by_severity(service.alerts).get(level, [])])
        for service in writer.bundle.services
    ]
    return writer.template(
        "site/severity.md.j2",
        page.path,
        severity=level.value,
        meaning=SEVERITIES[level],
        services=[(link, rows) for link, rows in services if rows],
    )


def symptoms(writer: Writer) -> str:
    """Render the list of what people see, by what shows it; the same symptom of several services stands once."""
    page = writer.on(naming.SYMPTOMS_PAGE)
    found: dict[str, dict[str, list[Alert]]] = {}
    for service in writer.bundle.services:
        for alert in service.alerts:
            kind = subject_title(alert, service)
            found.setdefault(kind, {}).setdefault(alert.summary, []).append(alert)
    groups = [
        (
            kind,
            [
                {"summary": summary, "alerts": [_symptom(alert, writer) for alert in same]}
                for summary, same in sorted(own.items(), key=lambda item: item[0].casefold())
            ],
        )
        for kind, own in sorted(found.items())
    ]
    return writer.template("site/symptoms.md.j2", page.path, groups=groups)


def _symptom(alert: Alert, writer: Writer) -> str:
    page = writer.on(naming.SYMPTOMS_PAGE)
    return f"{page.severity(alert.severity.value)} {page.alert(alert, full=True)}"


def service_page(service: Service, writer: Writer) -> str:
    """Render what a service is, needs and promises, and what tells of it."""
    bundle, page = writer.bundle, writer.on(naming.service_page(service.name))
    places = [f"{place.name} ({', '.join(place.clusters)})" for place in service.environments]
    objectives_ = [
        {
            "link": page.slo(slo.service, slo.name, slo.title),
            "promise": f"{share(slo.objective)} over {slo.period.words()}",
        }
        for slo in service.slos
    ]
    return writer.template(
        "site/service.md.j2",
        page.path,
        service=service,
        team=page.team(service.team),
        places=places,
        depends_on=depends_on(service, page),
        needed_by=needed_by(service, page),
        objectives=objectives_,
        metrics=page.to(naming.metrics_page(service.name), "Metrics that it must export"),
        groups=[(level.value, [row(a, page) for a in own]) for level, own in by_severity(service.alerts).items()],
        decisions=[page.decision(d) for d in bundle.pages.decisions if d.service == service.name],
    )


def team_page(team: Team, writer: Writer) -> str:
    """Render how a team is reached, and what it answers for."""
    bundle, page = writer.bundle, writer.on(naming.team_page(team.name))
    own = [alert for alert in bundle.alerts if alert.team == team.name]
    return writer.template(
        "site/team.md.j2",
        page.path,
        team=team,
        reached=sorted((channel.title, address) for channel, address in team.addresses.items()),
        default=team.name == bundle.platform.default_team,
        services=[page.service(service.name) for service in bundle.services if service.team == team.name],
        rows=[_notified(entry) for entry in receivers.rows(bundle) if entry.team is team],
        groups=[(level.value, [row(alert, page) for alert in alerts]) for level, alerts in by_severity(own).items()],
        runbooks=[page.runbook(runbook) for runbook in bundle.pages.runbooks if runbook.owner == team.name],
    )


def _notified(entry: receivers.Row) -> Mapping[str, Any]:
    return {"severity": entry.severity.value, "notified": list(entry.notified.items())}
