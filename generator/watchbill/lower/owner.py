"""Put its owner's names on an alert, whoever wrote it: an author, a pack, an objective or the compiler."""

from __future__ import annotations

from dataclasses import replace

from watchbill import naming
from watchbill.link.linked import LinkedService
from watchbill.lower.dashboards import AlertPanel
from watchbill.lower.routing import receivers
from watchbill.model.alerts import Alert, Stage
from watchbill.model.bundle import Platform


def owned(found: AlertPanel, service: LinkedService, platform: Platform) -> AlertPanel:
    """Give an alert its team, labels, links and receivers, which follow from all the rest of it."""
    alert, team, urls = found.alert, service.spec.team, platform.urls
    uid = naming.dashboard_uid(alert.service, found.dashboard)
    named = replace(
        alert,
        team=team,
        labels=_labels(alert, team),
        runbook_url=naming.runbook_url(urls.site, alert.service, alert.name),
        dashboard_url=naming.dashboard_url(urls.grafana, uid, found.panel, alert.grouping),
        receivers=receivers(platform, severity=alert.severity, stage=alert.stage, team=team, fallback=alert.fallback),
    )
    return replace(found, alert=named)


def _labels(alert: Alert, team: str) -> tuple[tuple[str, str], ...]:
    labels = {"severity": alert.severity.value, "team": team, "service": alert.service, "subject": alert.subject}
    if alert.stage is not Stage.LIVE:
        labels["stage"] = alert.stage.value
    return tuple(sorted(labels.items()))
