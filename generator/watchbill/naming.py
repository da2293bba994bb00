"""Every name that we coin: labels, groups, files, URLs, dashboard uids and panel ids."""

from __future__ import annotations

import re
import zlib
from urllib.parse import quote

SERVICE_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
KEY_NAME = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*")
ALERT_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
MAX_NAME = 60
MAX_GROUP_RULES = 20
MAX_UID = 40

TARGET_LABELS = ("cluster", "env")
CONTRACT_LABELS = ("severity", "team", "service", "subject", "env")
RESERVED_LABELS = frozenset({"alertname", "cluster", *CONTRACT_LABELS})


def absence_alert(subject: str) -> str:
    """Name the alert that speaks when a signal's metrics have gone missing: `HttpMetricsAbsent`."""
    return "".join(part.capitalize() for part in re.split(r"[_-]", subject)) + "MetricsAbsent"


def rule_group(service: str, area: str, part: int) -> str:
    """Name a rule group; the first part carries no number, so that growth renames nothing."""
    return f"{service}-{area}" if part == 0 else f"{service}-{area}-{part + 1}"


def rule_file(service: str, area: str) -> str:
    """Place the rules of an area of a service under `out/`; small files are quick to test and to review."""
    return f"prometheus/rules/{service}.{area}.rules.yml"


def test_file(service: str, area: str, step: str) -> str:
    """Place promtool tests under `out/`: those of an area's rules that run at one step."""
    return f"prometheus/tests/{service}.{area}.{step}.test.yml"


def metrics_page(service: str) -> str:
    """Place the page of metrics that a service must export under `out/`."""
    return f"docs/metrics/{service}.md"


def spec_pointer(document: str, alert: str) -> str:
    """Point at an alert in its spec, without a line number, which would churn."""
    return f"{document}#alerts.{alert}"


def dashboard_uid(service: str, dashboard: str) -> str:
    """Name a dashboard for ever; Grafana allows 40 characters, longer names end in a checksum."""
    uid = f"{service}-{dashboard}"
    if len(uid) <= MAX_UID:
        return uid
    return f"{uid[: MAX_UID - 9]}-{zlib.crc32(uid.encode()):08x}"


def panel_id(title: str) -> int:
    """Derive a panel's number from its title, so that inserting a panel moves no link; 1 to 2**31 - 1."""
    return zlib.crc32(title.encode()) % (2**31 - 1) + 1


def runbook_url(site: str, service: str, alert: str) -> str:
    """Address an alert's page on the runbook site."""
    return f"{site}/alerts/{quote(service)}/{quote(alert)}.html"


def dashboard_url(grafana: str, uid: str, panel: str, labels: tuple[str, ...] = ()) -> str:
    """Address a panel as it shows the alert's own environment, cluster and other labels (a Go template).

    `urlquery` keeps a label value from adding parameters of its own.
    """
    variables = "&".join(variable(label) for label in (*sorted(TARGET_LABELS), *labels))
    return f"{grafana}/d/{uid}/{uid}?viewPanel={panel_id(panel)}&{variables}"


def variable(label: str) -> str:
    """Set a dashboard's variable to a label of the firing series (a Go template)."""
    return f"var-{label}={{{{ $labels.{label} | urlquery }}}}"


def signal_pointer(document: str, key: str) -> str:
    """Point at a signal in its spec."""
    return f"{document}#signals.{key}"
