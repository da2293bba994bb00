"""The shipped alerts on Prometheus and Alertmanager: what a restart or a hiccup does is no page, what lasts is one.

Series are written by hand, with a sample every 15s as scraped, five seconds after each evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

import shipped
from watchbill.tools import GENERATIONS, generation
from watchbill.verify import promtool

HERE = 'cluster="main",env="production"'
PROMETHEUS = f'{HERE},job="prometheus",instance="localhost:9090"'
DROPPED = f"prometheus_notifications_dropped_total{{{PROMETHEUS}}}"
DROPPED_A, DROPPED_B = (f'{DROPPED[:-1]},alertmanager="http://{one}:9093/api/v2/alerts"}}' for one in "ab")
UNTAKEN_A, UNTAKEN_B = (each.replace("_dropped_", "_errors_") for each in (DROPPED_A, DROPPED_B))
FAILURES = f'prometheus_rule_evaluation_failures_total{{{PROMETHEUS},rule_group="/etc/a.yml;a"}}'
SLACK = f'{HERE},job="alertmanager",instance="localhost:9093",integration="slack"'
LOST = f'alertmanager_notifications_failed_total{{{SLACK},reason="serverError"}}'
REFUSED = f'alertmanager_notifications_failed_total{{{SLACK},reason="clientError"}}'
MINUTES = 60


def counter(*events: float) -> list[int]:
    """Count events, given in minutes, over an hour of samples."""
    return [sum(event * 60 <= at for event in events) for at in range(5, MINUTES * 60, 15)]


def every(minutes: float, *, since: float = 20, until: float = MINUTES) -> Iterable[float]:
    at = since
    while at < until:
        yield at
        at += minutes


# what happens, the alert, its series, and from when to when it is notified (in minutes); None for never
CASES: dict[str, tuple[str, dict[str, list[int]], tuple[float, float] | None]] = {
    "Prometheus is up before Alertmanager, and drops what fires": (
        "NotificationsDropped", {DROPPED: counter(*[20] * 57)}, None,
    ),
    "Alertmanager is away for two minutes": ("NotificationsDropped", {DROPPED: counter(20, 21.5)}, None),
    "Alertmanager is away, and only the watchdog fires": (
        "NotificationsDropped", {DROPPED: counter(*every(1.5))}, (25, 60),
    ),
    # From Prometheus 3.10 on, each Alertmanager has a count of its own.
    "one of two Alertmanagers is away, and the other takes every alert": (
        "NotificationsDropped", {DROPPED_A: counter(*every(1.5)), DROPPED_B: counter()}, None,
    ),
    "both Alertmanagers are away": (
        "NotificationsDropped", {DROPPED_A: counter(*every(1.5)), DROPPED_B: counter(*every(1.5, since=21))}, (27, 60),
    ),
    "one of two Alertmanagers is away, which is a ticket": (
        "AlertmanagerUnreachable", {UNTAKEN_A: counter(*every(1.5)), UNTAKEN_B: counter()}, (32, 60),
    ),
    "one of two Alertmanagers is restarted": (
        "AlertmanagerUnreachable", {UNTAKEN_A: counter(20, 21.5, 23), UNTAKEN_B: counter()}, None,
    ),
    "a query times out once": ("RuleEvaluationFailing", {FAILURES: counter(20)}, None),
    "a rule cannot be evaluated any more": ("RuleEvaluationFailing", {FAILURES: counter(*every(0.5))}, (26, 60)),
    "a message is lost, and the next turn brings it": ("NotificationsFailing", {LOST: counter(20)}, None),
    "a channel is away for two turns of a P1": ("NotificationsFailing", {LOST: counter(20, 25)}, None),
    "two messages are lost in an hour": ("NotificationsFailing", {LOST: counter(20, 50)}, None),
    "a channel is broken, and an Info is lost at each turn": (
        "NotificationsFailing", {LOST: counter(*every(15, since=10))}, (42, 60),
    ),
    "a channel is broken, and a P1 is lost at each turn": (
        "NotificationsFailing", {LOST: counter(*every(5))}, (35, 60),
    ),
    "a channel is broken, and a P0 is lost at each turn": (
        "NotificationsFailing", {LOST: counter(*every(1))}, (24, 60),
    ),
    "a message is lost for one reason and then for another": (
        "NotificationsFailing", {LOST: counter(20, 22), REFUSED: counter(21, 23)}, (25, 60),
    ),
}  # fmt: skip


def case(name: str) -> dict[str, Any]:
    alert, series, notified = CASES[name]
    written = [
        {"series": key, "values": "".join(f"_ {value} _ " for value in values)} for key, values in series.items()
    ]
    checks = []
    for at in range(5, MINUTES):
        fires = notified is not None and notified[0] <= at < notified[1]
        certain = notified is None or at < 10 or fires
        checks += [(at, fires)] if certain else []
    return {
        "name": name,
        "interval": "5s",
        "input_series": written,
        "promql_expr_test": [
            {
                "expr": f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})',
                "eval_time": f"{at}m",
                "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
            }
            for at, fires in checks
        ],
    }


@pytest.mark.parametrize("generation_name", GENERATIONS)
def test_what_lasts_is_notified_and_what_passes_is_not(generation_name: str, tmp_path: Path) -> None:
    wanted = {alert for alert, _, _ in CASES.values()}
    rules = [
        {
            "alert": alert.name,
            "expr": alert.rules[0].expr,
            "for": str(alert.for_),
            "keep_firing_for": str(alert.keep_firing_for),
        }
        for alert in shipped.bundle().alerts
        if alert.service == "monitoring" and alert.name in wanted
    ]
    assert len(rules) == len(wanted)
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}))
    content = {"rule_files": ["rules.yml"], "evaluation_interval": "30s", "tests": [case(name) for name in CASES]}
    file = tmp_path / "monitoring.test.yml"
    file.write_text(yaml.safe_dump(content))
    result = promtool.test(generation(generation_name).promtool, [file])
    assert result.returncode == 0, result.stdout + result.stderr
