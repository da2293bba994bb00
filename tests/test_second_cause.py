"""A second P0 is heard: how the shipped configuration keeps causes apart, on an Alertmanager of each generation.

One P0 after the other, in the order in which they were found to be lost. Each case has a cluster of its own, which
keeps it apart from the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

import shipped
from arrivals import MAIL, PAGERDUTY, SLACK, Notification, Running, shipped_alertmanager
from sinks import Posted
from watchbill.stack.loopback import post_alerts
from watchbill.tools import GENERATIONS

ALERTS = shipped.alerts()
PATIENCE_SECONDS = 15.0
BY_HAND = {"severity": "P0", "team": "backend", "service": "core-api", "env": "production"}


def _of(name: str, cluster: str, **own: str) -> dict[str, str]:
    return {**ALERTS[name]["labels"], "alertname": ALERTS[name]["name"], "env": "production", "cluster": cluster, **own}


@dataclass(frozen=True)
class Case:
    """A P0 that somebody has acknowledged, the next one, and whether that has another cause."""

    first: Mapping[str, str]
    second: Mapping[str, str]
    rings: bool


CASES = {
    "memory-then-database": Case(
        _of("core-api/MemoryUsageCritical", "memory-then-database", instance="10.0.0.1:8080"),
        _of("core-api/DatabaseDown", "memory-then-database", instance="10.0.0.9:9187"),
        rings=True,
    ),
    "errors-then-budget": Case(
        _of("core-api/HTTP5xxErrorRateCritical", "errors-then-budget"),
        _of("core-api/AvailabilityBudgetBurn", "errors-then-budget"),
        rings=False,
    ),
    "probe-then-probe": Case(
        _of("core-api/HealthCheckFailing", "probe-then-probe", instance="10.0.0.1:8080"),
        _of("core-api/ReadinessCheckFailing", "probe-then-probe", instance="10.0.0.1:8080"),
        rings=False,
    ),
    "one-instance-then-another": Case(
        _of("core-api/MemoryUsageCritical", "one-instance-then-another", instance="10.0.0.1:8080"),
        _of("core-api/MemoryUsageCritical", "one-instance-then-another", instance="10.0.0.2:8080"),
        rings=False,
    ),
    "by-hand": Case(
        {**BY_HAND, "cluster": "by-hand", "alertname": "A", "subject": "disks"},
        {**BY_HAND, "cluster": "by-hand", "alertname": "B", "subject": "queues"},
        rings=True,
    ),
    "nobody-owns-an-info": Case(
        {**BY_HAND, "cluster": "nobody-owns-an-info", "alertname": "A", "team": "bakcend", "severity": "Info"},
        {**BY_HAND, "cluster": "nobody-owns-an-info", "alertname": "B", "team": "bakcend", "severity": "P0"},
        rings=True,
    ),
}


@dataclass(frozen=True)
class Heard:
    """What arrived of each case, of the first alert alone and then of both."""

    first: Mapping[str, list[Notification]]
    both: Mapping[str, list[Notification]]


@pytest.fixture(scope="module", params=GENERATIONS)
def heard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Heard:
    with shipped_alertmanager(request.param, tmp_path_factory.mktemp("alertmanager")) as running:
        post_alerts(running.url, [_alert(case.first, key, "first") for key, case in CASES.items()])
        first = _wait(running, lambda text, key: f"The first of {key}." in text)
        post_alerts(running.url, [_alert(case.second, key, "second") for key, case in CASES.items()])
        return Heard(first, _wait(running, lambda text, key: f"The second of {key}." in text))


def _alert(labels: Mapping[str, str], key: str, which: str) -> dict[str, Any]:
    texts = {"summary": f"The {which} of {key}", "description": f"The {which} of {key}."}
    texts |= {"runbook_url": f"https://runbooks.example.com/{labels['alertname']}.html"}
    return {"labels": dict(labels), "annotations": texts}


def _wait(running: Running, told: Callable[[str, str], bool]) -> dict[str, list[Notification]]:
    """Give what arrived of each case, once PagerDuty, Slack and a mail have told of it, or patience ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        arrived = running.notifications()
        found = {key: [each for each in arrived if f" of {key}" in each.text] for key in CASES}
        done = all({MAIL, PAGERDUTY, SLACK} <= {n.recipient[0] for n in found[k] if told(n.text, k)} for k in CASES)
        if done or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def _pages(notifications: list[Notification]) -> list[dict[str, Any]]:
    return [n.sent.body for n in notifications if n.recipient[0] == PAGERDUTY and isinstance(n.sent, Posted)]


@pytest.mark.parametrize("key", CASES)
def test_a_p0_rings_anew_just_where_its_cause_is_another(heard: Heard, key: str) -> None:
    (page,) = _pages(heard.first[key])
    keys = [each["dedup_key"] for each in _pages(heard.both[key])]
    assert keys[0] == page["dedup_key"]
    assert len(set(keys)) == (2 if CASES[key].rings else 1)


@pytest.mark.parametrize("key", CASES)
def test_the_newest_p0_leads_in_title_class_and_links(heard: Heard, key: str) -> None:
    page = _pages(heard.both[key])[-1]
    assert page["payload"]["summary"].removeprefix("Nobody owns this: ").startswith(f"The second of {key}")
    assert page["payload"]["class"] == CASES[key].second["alertname"]
    assert page["links"][0]["href"] == f"https://runbooks.example.com/{CASES[key].second['alertname']}.html"
    titled = [n for n in heard.both[key] if n.recipient[0] == SLACK and isinstance(n.sent, Posted)][-1]
    assert isinstance(titled.sent, Posted)
    (attachment,) = titled.sent.body["attachments"]
    assert f"] The second of {key}" in attachment["title"]
    assert attachment["actions"][0]["url"] == page["links"][0]["href"]


def test_what_else_fires_is_named(heard: Heard) -> None:
    page = _pages(heard.both["errors-then-budget"])[-1]
    assert page["payload"]["summary"].endswith("(2 firing, also HTTP5xxErrorRateCritical)")
