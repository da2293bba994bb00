"""The catalogue: everything that was compiled, for machines."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from watchbill import naming
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle
from watchbill.quantity import decimal_text
from watchbill.targets.promtests import clock, names_of_cases

PATH = "catalog.json"


def render(bundle: Bundle) -> dict[str, str]:
    """Render `catalog.json`, sorted; what no target makes yet is empty or null."""
    content = {
        "version": 1,
        "alerts": [entry(alert, bundle) for alert in bundle.alerts],
        "slos": [],
        "dashboards": [],
        "runbooks": [],
    }
    return {PATH: json.dumps(content, indent=2, ensure_ascii=False) + "\n"}


def entry(alert: Alert, bundle: Bundle) -> dict[str, Any]:
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
        "spec": _pointer(alert),
        "rule_file": naming.rule_file(alert.service, alert.area),
        "test_file": naming.test_file(alert.service, alert.area, str(clock(alert).evaluation)),
        "runbook_url": alert.runbook_url,
        "dashboard_url": alert.dashboard_url,
        "receivers": {environment: list(told) for environment, told in alert.receivers.items()},
        "inhibited_by": list(bundle.inhibited_by[alert.id]),
        "declares_down": alert.declares_down or None,
        "cases": names_of_cases(alert),
        "explanation": alert.sentence,
    }


def _pointer(alert: Alert) -> str:
    if alert.source == "monitoring":
        return naming.signal_pointer(alert.origin.document, alert.subject)
    return naming.spec_pointer(alert.origin.document, alert.name)


def _number(value: Decimal) -> int | float:
    """Give JSON a number whose shortest text is the decimal's own; quantities have at most 15 digits."""
    return int(value) if value == value.to_integral_value() else float(decimal_text(value))
