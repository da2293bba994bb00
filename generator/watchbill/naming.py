"""Every name that we coin: labels, series, alerts, groups, files, pages, dashboard uids and panel ids."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable

from watchbill.quantity import Duration

SERVICE_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
KEY_NAME = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*")
ALERT_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
MAX_NAME = 60
MAX_UID = 40

ALERTMANAGER = "alertmanager/alertmanager.yml"
ROUTING_PAGE = "docs/routing.md"
OBJECTIVES_PAGE = "docs/objectives.md"
EVIDENCE_PAGE, DRILLS_PAGE = "docs/evidence.md", "docs/drills.md"
REFERENCE_PAGE = "docs/reference/README.md"
FRONT_PAGE, SYMPTOMS_PAGE = "docs/index.md", "docs/symptoms.md"
ASSUMPTIONS_PAGE = "docs/runbooks/assumptions.md"
ALERTS_PAGE, RUNBOOKS_PAGE, DECISIONS_PAGE = "docs/alerts/index.md", "docs/runbooks/index.md", "docs/adr/index.md"
UNOWNED, SHADOW, HEARTBEAT, FALLBACK = "unowned", "shadow", "heartbeat", "second-path"
TARGETS, TARGET_DOWN = "targets", "TargetDown"  # the subject and the alert that every service gets
TARGET_LABELS = ("cluster", "env")
CONTRACT_LABELS = ("severity", "team", "service", "subject", "env")
INCIDENT = "incident"  # the label that names what the incident is about which an alert opens
RESERVED_LABELS = frozenset({"alertname", "cluster", "stage", INCIDENT, *CONTRACT_LABELS})

SLO_AREA = "slo."  # begins the area of each objective's alerts; no pack's name has a dot
SERVICE_DASHBOARD, INFRASTRUCTURE, SLO_DASHBOARD = "service", "infrastructure", "slo"
SLO_OVERVIEW, ON_CALL = "all-services-slo", "all-services-on-call"  # uids
METRICS_PRESENT, TARGETS_UP = "Metrics present", "Targets up"
FIRING_HERE, OBJECTIVES_HERE, HEALTH_SUMMARY = "Firing Alerts", "Objectives", "Infrastructure Health Summary"
BUILT_IN_PANELS = {
    SERVICE_DASHBOARD: (FIRING_HERE, OBJECTIVES_HERE, TARGETS_UP, METRICS_PRESENT),
    INFRASTRUCTURE: (HEALTH_SUMMARY,),
}
BOARD_LICENCE = "board/uPlot-LICENSE.txt"
# What an objective records. `sum` is of the last five minutes, or 1 for a minute that could be evaluated.
SLO_HEARTBEAT, SLO_EVENTS, SLO_ERRORS = "slo:heartbeat:count", "slo:events:sum", "slo:errors:sum"
# The same with each event and minute once, wherever they are read every five minutes.
SLO_EVENTS_ONCE, SLO_ERRORS_ONCE = "slo:events:once", "slo:errors:once"
SLO_PERIOD_EVENTS, SLO_PERIOD_ERRORS = "slo:events:period", "slo:errors:period"
SLO_PERIOD_RATIO = "slo:error_ratio:period"
SLO_COVERAGE, SLO_OBJECTIVE, SLO_INFO = "slo:coverage:ratio", "slo:objective:ratio", "slo:info:count"
SLO_BUDGET_LEFT, SLO_BUDGET_LEFT_EVENTS = "slo:budget_left:ratio", "slo:budget_left:events"
SLO_EXHAUSTED_IN = "slo:time_to_exhaustion:seconds"


def slo_error_ratio(window: Duration) -> str:
    """Name the share of bad events over a window: `slo:error_ratio:1h`."""
    return f"slo:error_ratio:{window}"


def slo_burn_rate(window: Duration) -> str:
    """Name the burn rate over a window, where 1 uses up the budget in just the period: `slo:burn_rate:1h`."""
    return f"slo:burn_rate:{window}"


def camel(key: str) -> str:
    """Write a key in the form of alert names: `queue-lag` becomes `QueueLag`."""
    return "".join(part.capitalize() for part in re.split(r"[_-]", key))


def absence_alert(subject: str) -> str:
    """Name the alert that speaks when a signal's metrics have gone missing: `HttpMetricsAbsent`."""
    return f"{camel(subject)}MetricsAbsent"


def slo_alerts(slo: str) -> tuple[str, str, str, str]:
    """Name an objective's alerts: its page, its ticket, and those of a missing indicator and of unlabelled events."""
    name = camel(slo)
    return f"{name}BudgetBurn", f"{name}BudgetBurnSlow", f"{name}SliMissing", f"{name}EventsUnlabelled"


def definition(text: str) -> str:
    """Tell definitions of an objective apart by eight characters, so that each has a history of its own."""
    return f"{zlib.crc32(text.encode()):08x}"


def rule_group(service: str, area: str, part: int) -> str:
    """Name a rule group; the first part carries no number, so that growth renames nothing."""
    name = f"{service}-{area.replace('.', '-')}"
    return name if part == 0 else f"{name}-{part + 1}"


def rule_file(service: str, area: str) -> str:
    """Place the rules of an area of a service under `out/`; small files are quick to test and to review."""
    return f"prometheus/rules/{service}.{area}.rules.yml"


def slo_group(service: str, slo: str, part: str) -> str:
    """Name a group of an objective's recordings."""
    return f"{service}-{slo}-{part}"


def slo_rule_file(service: str, slo: str, part: str) -> str:
    """Place the recordings of an objective under `out/`: its `events` apart from its `windows`.

    What depends on events comes out empty where both are backfilled at once.
    """
    return f"prometheus/rules/{service}.{slo_area(slo)}.{part}.rules.yml"


def monitoring_area(subject: str) -> str:
    """Name the area of what watches that a subject can be seen at all."""
    return f"monitoring.{subject}"


def slo_area(slo: str) -> str:
    """Name the area of an objective's alerts."""
    return f"{SLO_AREA}{slo}"


def test_file(service: str, area: str, step: str) -> str:
    """Place promtool tests under `out/`: those of an area's rules that run at one step."""
    return f"prometheus/tests/{service}.{area}.{step}.test.yml"


def receiver(team: str, channels: Iterable[str]) -> str:
    """Name a team's receiver by what it does: `backend/pagerduty+slack+email`; no team's name has a slash."""
    return f"{team}/{'+'.join(channels)}"


def secret_file(folder: str, name: str) -> str:
    """Place a secret file on the machine that runs Alertmanager."""
    return f"{folder}/{name}"


def metrics_page(service: str) -> str:
    """Place the page of metrics that a service must export under `out/`."""
    return f"docs/metrics/{service}.md"


def alert_page(service: str, alert: str) -> str:
    """Place an alert's page under `out/`; `runbook_url` leads there."""
    return f"docs/alerts/{service}/{alert}.md"


def service_page(service: str) -> str:
    """Place a service's page under `out/`."""
    return f"docs/services/{service}.md"


def team_page(team: str) -> str:
    """Place a team's page under `out/`."""
    return f"docs/teams/{team}.md"


def severity_page(severity: str) -> str:
    """Place the page of all alerts of a severity under `out/`."""
    return f"docs/severities/{severity}.md"


def slo_page(service: str, slo: str) -> str:
    """Place an objective's page under `out/`."""
    return f"docs/slos/{service}/{slo}.md"


def runbook_page(runbook: str) -> str:
    """Place a runbook's page under `out/`, by its id, so that another title moves nothing."""
    return f"docs/runbooks/{runbook}.md"


def decision_page(decision: str) -> str:
    """Place a decision's page under `out/`, by its id too: `ADR-020`, or `0019` of the project's own."""
    return f"docs/adr/{decision}.md"


def anchor(title: str) -> str:
    """Name a heading's anchor as Markdown's table of contents does: `Is it real?` becomes `is-it-real`."""
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower())


def spec_pointer(document: str, alert: str) -> str:
    """Point at an alert in its spec, without a line number, which would churn."""
    return f"{document}#alerts.{alert}"


def dashboard_uid(service: str, dashboard: str) -> str:
    """Name a dashboard for ever; Grafana allows 40 characters, longer names end in a checksum."""
    uid = f"{service}-{dashboard}"
    if len(uid) <= MAX_UID:
        return uid
    return f"{uid[: MAX_UID - 9]}-{zlib.crc32(uid.encode()):08x}"


_ABBREVIATIONS = frozenset({"api", "cpu", "http", "slo", "sql"})


def dashboard_title(service: str, dashboard: str) -> str:
    """Title a dashboard by its service's title and its own key: `Core API: HTTP metrics`."""
    first, *rest = (word.upper() if word in _ABBREVIATIONS else word for word in re.split(r"[_-]", dashboard))
    return f"{service}: {' '.join([first[:1].upper() + first[1:], *rest])}"


def dashboard_file(uid: str) -> str:
    """Place a dashboard's JSON under `out/`."""
    return f"grafana/dashboards/{uid}.json"


def board_file(uid: str) -> str:
    """Place a dashboard's page for places without Grafana under `out/`."""
    return f"board/{uid}.html"


def slo_panel(word: str, title: str) -> str:
    """Title a panel of an objective: `Burn rate: Availability`."""
    return f"{word}: {title}"


def panel_id(title: str) -> int:
    """Derive a panel's number from its title, so that inserting a panel moves no link; 1 to 2**31 - 1."""
    return zlib.crc32(title.encode()) % (2**31 - 1) + 1


def signal_pointer(document: str, key: str) -> str:
    """Point at a signal in its spec; at the target for the subject that every service gets."""
    return f"{document}#target" if key == TARGETS else f"{document}#signals.{key}"


def slo_pointer(document: str, name: str) -> str:
    """Point at an objective in its spec."""
    return f"{document}#slos.{name}"
