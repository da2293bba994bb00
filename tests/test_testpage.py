"""A test page through the shipped configuration, on an Alertmanager of each generation, to receivers that record it.

Each way in which it may not arrive has a team of its own, so that all of them share one server.
"""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import shipped
from arrivals import MAIL, PAGERDUTY, SLACK, Notification, Recipient, Running, shipped_alertmanager
from shipped import ROOT
from sinks import Posted
from spectree import run
from watchbill.model.alerts import Severity
from watchbill.model.bundle import Bundle
from watchbill.stack.loopback import alerts, post_alerts, reload
from watchbill.testpage.deployed import deployed
from watchbill.testpage.plan import SUBJECT, alert, choose_plan, end
from watchbill.testpage.run import PageResult, Sent, prepare, send
from watchbill.tools import GENERATIONS

WAIT_SECONDS = 2  # longer than any wait of the shipped configuration at 1:60
PATIENCE_SECONDS = 15.0
REACHED: dict[Severity, set[Recipient]] = {
    Severity.P0: {(PAGERDUTY, "key-of-backend"), (SLACK, "#incidents"), (MAIL, "backend@example.com")},
    Severity.P1: {(SLACK, "#incidents"), (MAIL, "backend@example.com")},
    Severity.INFO: {(SLACK, "#incidents")},
}
# What an operator did there: frozen all of messaging, muted the Info of conversations, and moved support.
FREEZE = """\
inhibit_rules:
- source_matchers: [alertname="Freeze"]
  target_matchers: [team="messaging"]
"""
MUTED = "    - receiver: conversations/slack\n"
ALWAYS = "- name: always\n  time_intervals:\n  - times: [{start_time: '00:00', end_time: '24:00'}]\n"


@pytest.fixture
def bundle() -> Bundle:
    return shipped.bundle()


@pytest.fixture(scope="module", params=GENERATIONS)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("alertmanager")
    with shipped_alertmanager(request.param, folder) as server:
        config = folder / "alertmanager.yml"
        text = config.read_text()
        assert MUTED in text
        text = text.replace(MUTED, f"{MUTED}      mute_time_intervals: [always]\n").replace("inhibit_rules:\n", FREEZE)
        config.write_text(text.replace('team="support"', 'team="helpdesk"') + ALWAYS)
        reload(server.url)
        post_alerts(server.url, [{"labels": {"alertname": "Freeze", "stage": "shadow"}}])
        yield server


def prepared(bundle: Bundle, running: Running, team: str, severity: Severity) -> Sent:
    """Prepare a page, at no hour in particular: the shipped Info waits at night."""
    plan = replace(choose_plan(bundle, team=team, severity=severity, env=None), quiet=(), waits=())
    return prepare(plan, deployed(running.url), WAIT_SECONDS)


def paged(bundle: Bundle, running: Running, team: str, severity: Severity = Severity.P0) -> PageResult:
    return send(prepared(bundle, running, team, severity), lambda _: None)


def of(verdict: PageResult, running: Running) -> list[Notification]:
    return [notification for notification in running.notifications() if verdict.sent.key in notification.text]


@pytest.mark.parametrize("severity", Severity)
def test_a_page_reaches_exactly_whom_a_real_alert_of_its_severity_does(
    bundle: Bundle, running: Running, severity: Severity
) -> None:
    verdict = paged(bundle, running, "backend", severity)
    assert verdict.wrong == ()
    assert verdict.routed.receivers == (verdict.sent.plan.receiver.name,)
    notifications = of(verdict, running)
    assert sorted(notification.recipient for notification in notifications) == sorted(REACHED[severity])
    for notification in notifications:
        assert f"TEST, nothing is broken: this is how {severity} reaches Backend Team" in notification.text
        assert f"It ends by itself at {verdict.sent.ends:%H:%M} UTC" in notification.text.replace("\n", " ")
        assert "https://runbooks.example.com/runbooks/RB-001.html" in notification.text
        assert "Nobody owns" not in notification.text


def test_a_second_page_rings_as_well(bundle: Bundle, running: Running) -> None:
    first, second = (paged(bundle, running, "platform") for _ in range(2))
    events = [
        notification.sent.body
        for verdict in (first, second)
        for notification in of(verdict, running)
        if isinstance(notification.sent, Posted) and notification.recipient[0] == PAGERDUTY
    ]
    assert [event["event_action"] for event in events] == ["trigger", "trigger"]
    assert len({event["dedup_key"] for event in events}) == 2


def test_a_page_ends_by_itself_and_whoever_was_notified_is_notified_of_that(bundle: Bundle, running: Running) -> None:
    sent = prepared(bundle, running, "platform", Severity.P0)
    verdict = send(replace(sent, ends=sent.at + timedelta(seconds=5), watched=1.0), lambda _: None)
    assert verdict.wrong == ()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(of(verdict, running)) < 6 and time.monotonic() < deadline:
        time.sleep(0.05)
    notified = {
        resolved: {n.recipient for n in of(verdict, running) if n.resolved is resolved} for resolved in (False, True)
    }
    assert len(notified[False]) == 3
    assert notified[True] == notified[False]


def test_a_page_neither_mutes_nor_joins_nor_is_muted_by_any_real_alert(
    bundle: Bundle, tmp_path: Path, running: Running
) -> None:
    del running  # one round for each generation is enough of it; this one has a server of its own
    real = [
        {"labels": {**entry["labels"], "alertname": entry["name"], "env": "production", "cluster": "main"}}
        for entry in shipped.alerts().values()
    ]
    now = datetime.now(UTC)
    tests = []
    for severity in Severity:
        plan = choose_plan(bundle, team="backend", severity=severity, env=None)
        tests.append(alert(plan, severity.value, now, end(plan, now, timedelta())))
    with shipped_alertmanager("newest", tmp_path) as server:
        post_alerts(server.url, real)
        time.sleep(0.5)
        alone = {entry["fingerprint"]: entry["status"]["inhibitedBy"] for entry in alerts(server.url)}
        assert any(alone.values())
        post_alerts(server.url, tests)
        time.sleep(0.5)
        together = alerts(server.url)
        ours = {entry["fingerprint"] for entry in together if entry["labels"]["subject"] == SUBJECT}
        assert len(ours) == len(tests)
        for entry in together:
            assert entry["status"]["inhibitedBy"] == alone.get(entry["fingerprint"], []), entry["labels"]
        with urllib.request.urlopen(f"{server.url}/api/v2/alerts/groups") as answer:
            groups = [{entry["fingerprint"] for entry in group["alerts"]} for group in json.load(answer)]
    assert [group for group in groups if group & ours] == [group for group in groups if group <= ours]
    assert sum(len(group) for group in groups if group & ours) == len(ours)
    assert len([group for group in groups if group & ours]) == len(ours)


def test_a_silence_is_found(bundle: Bundle, running: Running) -> None:
    now = datetime.now(UTC)
    silence = {
        "matchers": [{"name": "team", "value": "automation", "isRegex": False}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "somebody",
        "comment": "forgotten",
    }
    body = json.dumps(silence).encode()
    request = urllib.request.Request(f"{running.url}/api/v2/silences", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        made = json.load(answer)["silenceID"]
    verdict = paged(bundle, running, "automation")
    assert verdict.wrong == (f'it is silenced, by "{made}"; look at {running.url}/#/silences',)
    assert of(verdict, running) == []


def test_an_inhibition_is_found(bundle: Bundle, running: Running) -> None:
    verdict = paged(bundle, running, "messaging")
    (frozen,) = (entry for entry in alerts(running.url) if entry["labels"]["alertname"] == "Freeze")
    assert verdict.routed.inhibited_by == (frozen["fingerprint"],)
    (fault,) = verdict.wrong
    assert fault.startswith("it is inhibited, by the alert with the fingerprint")
    assert of(verdict, running) == []


def test_another_configuration_than_the_compiled_one_is_found(bundle: Bundle, running: Running) -> None:
    (fault,) = paged(bundle, running, "support").wrong
    assert fault.startswith(
        'Alertmanager routes it to "unowned", and by these specs it belongs to "support/pagerduty+slack+email"; deploy'
    )


def test_a_muted_hour_is_found_by_alertmanager_where_it_tells_and_by_the_specs(
    bundle: Bundle, running: Running
) -> None:
    sent = prepared(bundle, running, "conversations", Severity.INFO)
    words = "Info waits from 20:00 to 08:00 America/Sao_Paulo, every day"
    verdict = send(replace(sent, quiet=(words,)), lambda _: None)
    known_by_api = sent.version != "0.25.0"
    by_api = 'it is muted at this hour, by the time interval "always"'
    assert verdict.wrong == (by_api if known_by_api else f"nobody is notified at this hour: {words}",)
    assert verdict.routed.muted_by == (("always",) if known_by_api else ())
    assert of(verdict, running) == []


def page(running: Running, *more: str, team: str = "backend") -> Any:
    return run(ROOT, "page", "--team", team, "--alertmanager", running.url, "--wait", "1", *more)


def test_the_command_says_whom_it_reaches_before_and_what_was_decided_afterwards(running: Running) -> None:
    result = page(running)
    assert (result.code, result.stderr) == (0, "sent; watching it for 1 s …\n")
    reached = "PagerDuty Backend, Slack #incidents, backend@example.com"
    before, _, after = result.stdout.partition("Alertmanager routed it to backend/pagerduty+slack+email, and")
    assert f"Reaches  {reached}, by the receiver backend/pagerduty+slack+email" in before
    assert reached in after


def test_the_command_fails_where_the_page_goes_elsewhere(running: Running) -> None:
    result = page(running, team="support")
    assert result.code == 1
    assert 'Alertmanager routes it to "unowned"' in result.stdout


def test_the_command_tells_scripts_all_of_it(running: Running) -> None:
    result = page(running, "--format", "json", "--severity", "P1")
    notified = json.loads(result.stdout)
    assert result.code == 0
    assert notified["expected"]["receivers"] == notified["routed"]["receivers"] == ["backend/slack+email"]
    assert (notified["wrong"], notified["env"], notified["severity"]) == ([], "production", "P1")
