"""Whom the shipped configuration really tells, and of the end too, on an Alertmanager of each generation.

Each case has a cluster of its own, which keeps it apart from the others, and is named in its summary.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

import shipped
from arrivals import (
    FALLBACK_MAIL,
    LONGEST_WAIT,
    MAIL,
    PAGERDUTY,
    SLACK,
    SWITCH,
    Notification,
    Recipient,
    Running,
    shipped_alertmanager,
)
from sinks import Posted
from watchbill.stack.loopback import post_alerts
from watchbill.tools import GENERATIONS

ALERTS = shipped.alerts()
PATIENCE_SECONDS = 15.0
FLUSHED_SECONDS = LONGEST_WAIT + 0.5


@dataclass(frozen=True)
class Case:
    """An alert, and everybody whom it tells that it fires, and afterwards that it has ended."""

    alert: str
    env: str
    notified: frozenset[Recipient]
    resolved: bool = True
    changes: tuple[tuple[str, str], ...] = ()

    def labels(self, key: str) -> dict[str, str]:
        alert = ALERTS[self.alert]
        labels = {**alert["labels"], "alertname": alert["name"], "env": self.env, "cluster": key} | dict(self.changes)
        return {name: value for name, value in labels.items() if value}


PAGED = frozenset({(PAGERDUTY, "key-of-backend"), (SLACK, "#incidents"), (MAIL, "backend@example.com")})
OF_PLATFORM = frozenset({(PAGERDUTY, "key-of-platform"), (SLACK, "#platform-alerts"), (MAIL, "platform@example.com")})
UNPAGED = PAGED - {(PAGERDUTY, "key-of-backend")}
P0 = "core-api/HTTP5xxErrorRateCritical"
CASES = {
    "a-p0": Case(P0, "production", PAGED),
    "a-p0-of-staging": Case(P0, "staging", UNPAGED),
    "a-p1": Case("core-api/HTTP4xxErrorRateWarning", "production", UNPAGED),
    "an-info": Case("core-api/HTTPTrafficDrop", "production", frozenset({(SLACK, "#incidents")})),
    "on-trial": Case(P0, "production", frozenset({(SLACK, "#alerts-shadow")}), changes=(("stage", "shadow"),)),
    "a-heartbeat": Case("monitoring/Watchdog", "production", frozenset({(SWITCH, "/watchbill")}), resolved=False),
    "a-failing-channel": Case(
        "monitoring/NotificationsFailing", "production", OF_PLATFORM | {(FALLBACK_MAIL, "oncall@sms.example.net")}
    ),
    "without-a-team": Case(P0, "production", OF_PLATFORM, changes=(("team", ""),)),
    "of-an-unknown-team": Case(P0, "production", OF_PLATFORM, changes=(("team", "somebody-new"),)),
}


@dataclass(frozen=True)
class Arrived:
    """All that arrived, and the users and passwords that each mail server was given."""

    notifications: tuple[Notification, ...]
    logins: Mapping[str, set[tuple[str, str]]]

    def of(self, case: str) -> list[Notification]:
        return of(case, self.notifications)


def of(case: str, notifications: Iterable[Notification]) -> list[Notification]:
    return [notification for notification in notifications if re.search(rf"This is {case}(?![\w-])", notification.text)]


@pytest.fixture(scope="module", params=GENERATIONS)
def arrived(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Arrived:
    with shipped_alertmanager(request.param, tmp_path_factory.mktemp("alertmanager")) as running:
        _post(running)
        _wait(
            running,
            lambda case, notifications: case.notified <= {notification.recipient for notification in notifications},
        )
        _post(running, endsAt=datetime.now(UTC).isoformat())
        _wait(running, lambda case, notifications: not case.resolved or case.notified <= _ended(notifications))
        time.sleep(FLUSHED_SECONDS)  # for what must not be sent: the end of a heartbeat
        return Arrived(tuple(running.notifications()), running.logins())


def _post(running: Running, **times: str) -> None:
    summaries = {key: {"summary": f"This is {key}"} for key in CASES}
    post_alerts(
        running.url,
        [{"labels": case.labels(key), "annotations": summaries[key], **times} for key, case in CASES.items()],
    )


def _wait(running: Running, complete: Callable[[Case, list[Notification]], bool]) -> None:
    """Wait until every case is complete, or until patience ends: the tests tell one by one what is missing then."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        notifications = running.notifications()
        if all(complete(case, of(key, notifications)) for key, case in CASES.items()):
            return
        time.sleep(0.05)


def _ended(notifications: Iterable[Notification]) -> set[Recipient]:
    return {notification.recipient for notification in notifications if notification.resolved}


@pytest.mark.parametrize("key", CASES)
def test_an_alert_tells_exactly_whom_it_should(arrived: Arrived, key: str) -> None:
    assert {notification.recipient for notification in arrived.of(key)} == CASES[key].notified


@pytest.mark.parametrize("key", CASES)
def test_whoever_heard_of_an_alert_hears_of_its_end_and_the_switch_does_not(arrived: Arrived, key: str) -> None:
    assert _ended(arrived.of(key)) == (CASES[key].notified if CASES[key].resolved else set())


def test_nothing_arrives_that_belongs_to_no_case(arrived: Arrived) -> None:
    assert [
        notification
        for notification in arrived.notifications
        if not any(notification in arrived.of(key) for key in CASES)
    ] == []


def test_the_switch_is_called_again_and_again_with_its_token(arrived: Arrived) -> None:
    calls = [notification.sent for notification in arrived.of("a-heartbeat")]
    assert len(calls) >= 2
    assert {call.headers["Authorization"] for call in calls if isinstance(call, Posted)} == {"Bearer of-the-switch"}


def test_each_mail_server_is_given_its_own_user_and_password_only(arrived: Arrived) -> None:
    assert arrived.logins == {
        MAIL: {("alertmanager", "of-the-first")},
        FALLBACK_MAIL: {("watchbill", "of-the-second")},
    }


def test_what_nobody_owns_says_so_on_every_channel(arrived: Arrived) -> None:
    for key, team in {"without-a-team": "no team", "of-an-unknown-team": 'team "somebody-new"'}.items():
        facts = f'its labels say {team}, env "production", severity "P0". Find the owner, then correct the labels.'
        notified = [notification for notification in arrived.of(key) if not notification.resolved]
        assert {notification.recipient for notification in notified} == OF_PLATFORM
        for notification in notified:
            assert "Nobody owns this alert" in notification.text, notification.recipient
            assert facts in notification.text.replace('\\"', '"'), notification.recipient


def test_pagerduty_shows_what_fires_as_the_text_that_it_is(arrived: Arrived) -> None:
    """Alertmanager 0.33 reads each detail as YAML: `[P0] …` would be a list of one word, the rest of it lost."""
    for notification in arrived.notifications:
        if (
            isinstance(notification.sent, Posted)
            and notification.recipient[0] == PAGERDUTY
            and not notification.resolved
        ):
            details = notification.sent.body["payload"]["custom_details"]
            assert "[P0] This is " in str(details["firing"])
            changed = {name for name, value in details.items() if not isinstance(value, str)}
            assert changed <= {"num_firing", "num_resolved"}, details
