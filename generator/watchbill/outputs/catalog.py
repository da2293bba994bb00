"""The catalogue: everything that was compiled, for machines.

Read by: programs; fields are added, and never changed.

Checked by: tests, which compare it with rules and pages.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from watchbill import naming
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle, Service
from watchbill.model.dashboards import Dashboard
from watchbill.model.drills import Drill
from watchbill.model.pages import Runbook
from watchbill.model.slo import Slo
from watchbill.outputs.promtests import clock, names_of_cases, proofs, tested
from watchbill.quantity import decimal_text
from watchbill.words.drills import naming_each
from watchbill.words.urls import page_url

PATH = "catalog.json"


def render(bundle: Bundle) -> dict[str, str]:
    """Render `catalog.json`, sorted; what no target makes yet is empty or null."""
    cases, drills = tested(bundle).cases, naming_each(bundle)
    content = {
        "version": 1,
        "alerts": [entry(alert, bundle, cases, drills[alert.id]) for alert in bundle.alerts],
        "slos": [slo_entry(slo, service, cases) for service in bundle.services for slo in service.slos],
        "dashboards": [dashboard_entry(dashboard) for dashboard in bundle.dashboards],
        "runbooks": [_runbook(runbook, bundle) for runbook in bundle.pages.runbooks],
        "drills": [_drill(drill) for drill in bundle.drills],
    }
    return {PATH: json.dumps(content, indent=2, ensure_ascii=False) + "\n"}


def describe(found: Alert | Slo, bundle: Bundle) -> dict[str, Any]:
    """Describe an alert or an objective."""
    service = bundle.service(found.service)
    cases = names_of_cases(proofs(service))
    if isinstance(found, Alert):
        return entry(found, bundle, cases, naming_each(bundle)[found.id])
    return slo_entry(found, service, cases)


def entry(alert: Alert, bundle: Bundle, cases: Mapping[str, list[str]], drills: Iterable[Drill]) -> dict[str, Any]:
    """Describe one alert, as the contract lays it down."""
    threshold = alert.threshold
    return {
        "id": alert.id,
        "name": alert.name,
        "service": alert.service,
        "origin": alert.source,
        "severity": alert.severity.value,
        "team": alert.team,
        "subject": alert.subject,
        "stage": alert.stage.value,
        "kind": alert.kind,
        "expr": alert.rules[0].expr,
        "rules": [{"expr": rule.expr, "labels": dict(sorted((*alert.labels, *rule.place)))} for rule in alert.rules],
        "for": str(alert.for_),
        "keep_firing_for": str(alert.keep_firing_for),
        "threshold": None if threshold is None else _number(threshold.value),
        "unit": None if threshold is None else threshold.unit.symbol,
        "direction": None if threshold is None else threshold.direction.value,
        "labels": dict(alert.labels),
        "spec": pointer(alert),
        "rule_file": naming.rule_file(alert.service, alert.area),
        "test_file": naming.test_file(alert.service, alert.area, str(clock(alert).evaluation)),
        "runbook_url": alert.runbook_url,
        "dashboard_url": alert.dashboard_url,
        "receivers": {
            environment: [each.name for each in notified] for environment, notified in alert.receivers.items()
        },
        "inhibited_by": list(bundle.inhibited_by[alert.id]),
        "covers": [f"{alert.service}/{name}" for name in alert.suppresses],
        "declares_down": alert.declares_down or None,
        "cases": cases[alert.id],
        "drills": [drill.name for drill in drills],
        "explanation": alert.sentence,
    }


def slo_entry(slo: Slo, service: Service, cases: Mapping[str, list[str]]) -> dict[str, Any]:
    """Describe one objective, as the contract lays it down."""
    return {
        "id": slo.id,
        "service": slo.service,
        "name": slo.name,
        "title": slo.title,
        "objective": _number(slo.objective),
        "period": str(slo.period),
        "sli": slo.kind,
        "counts": slo.events,
        "good": slo.good,
        "signal": slo.signal,
        "labels": dict(slo.labels),
        "tiers": [
            {
                "severity": tier.severity,
                "budget": _number(tier.share),
                "long": str(tier.long),
                "short": str(tier.short),
                "factor": _number(tier.factor),
                "above": _number(tier.above),
            }
            for tier in slo.tiers
        ],
        "alerts": [alert.id for alert in service.alerts if alert.slo == slo.name],
        "spec": naming.slo_pointer(slo.origin.document, slo.name),
        "series": dict(slo.series),
        "cases": cases[slo.id],
    }


def dashboard_entry(dashboard: Dashboard) -> dict[str, Any]:
    """Describe one dashboard, as the contract lays it down."""
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "service": dashboard.service or None,
        "file": naming.dashboard_file(dashboard.uid),
        "board": naming.board_file(dashboard.uid),
        "panels": [
            {"id": panel.id, "title": panel.title, "alerts": list(panel.alerts)} for panel in dashboard.all_panels()
        ],
    }


def pointer(alert: Alert) -> str:
    """Point at what an author would change, in the spec."""
    if alert.source == "slo":
        return naming.slo_pointer(alert.origin.document, alert.slo)
    if alert.source == "monitoring":
        return naming.signal_pointer(alert.origin.document, alert.subject)
    return naming.spec_pointer(alert.origin.document, alert.name)


def _runbook(runbook: Runbook, bundle: Bundle) -> dict[str, Any]:
    return {
        "id": runbook.id,
        "title": runbook.title,
        "severity": runbook.severity,
        "owner": runbook.owner,
        "recovery_time": runbook.recovery_time,
        "last_reviewed": runbook.last_reviewed.isoformat(),
        "file": runbook.origin.document,
        "url": page_url(bundle.platform.urls.site, naming.runbook_page(runbook.id)),
        "alerts": list(runbook.alerts),
        "reason": runbook.reason or None,
        "assumes": dict(runbook.assumes),
    }


def _drill(drill: Drill) -> dict[str, Any]:
    return {
        "name": drill.name,
        "title": drill.title,
        "breaks": list(drill.breaks),
        "told": list(drill.notified),
        "muted": list(drill.muted),
        "quiet": list(drill.quiet),
        "incidents": dict(drill.incidents),
        "environments": [env for env, _ in drill.places],
        "spec": drill.origin.document,
    }


def _number(value: Decimal) -> int | float:
    """Give JSON a number whose shortest text is the decimal's own; quantities have at most 15 digits."""
    return int(value) if value == value.to_integral_value() else float(decimal_text(value))
