"""The real Alertmanager and its receivers, as other tests use them, in both generations."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.request
from itertools import cycle
from pathlib import Path

import pytest

from servers import alertmanager, metric
from sinks import MailSink, WebSink, mail_sink, web_sink
from watchbill.errors import ToolError
from watchbill.stack.loopback import PORTS, alerts, free_port, inhibited, is_ready, post_alerts

RECEIVERS = """\
global: {{slack_api_url_file: {folder}/slack, resolve_timeout: 1m}}
route:
  receiver: all
  group_by: ["..."]
  group_wait: 0s
  group_interval: 1s
inhibit_rules:
  - source_matchers: [severity="critical"]
    target_matchers: [severity="warning"]
    equal: [case]
receivers:
  - name: all
    slack_configs: [{{channel: "#backend"}}]
    pagerduty_configs: [{{url: "{web.url}/v2/enqueue", routing_key_file: {folder}/key}}]
    webhook_configs: [{{url: "{web.url}/hook"}}]
    email_configs:
      - to: team@example.com
        from: am@example.com
        smarthost: "{mail.smarthost}"
        require_tls: false
"""


def configure(folder: Path, web: WebSink, mail: MailSink) -> Path:
    (folder / "slack").write_text(f"{web.url}/slack")
    (folder / "key").write_text("k" * 32)
    config = folder / "alertmanager.yml"
    config.write_text(RECEIVERS.format(folder=folder, web=web, mail=mail))
    return config


def alert(name: str, **labels: str) -> dict[str, dict[str, str]]:
    return {"labels": {"alertname": name, **labels}}


@pytest.mark.parametrize("name", ["oldest", "newest"])
def test_alert_reaches_slack_pagerduty_webhook_and_mailbox(name: str, tmp_path: Path) -> None:
    flag = "--web.external-url=https://am.example.com"
    with (
        web_sink() as web,
        mail_sink() as mail,
        alertmanager(name, configure(tmp_path, web, mail), tmp_path, flag) as url,
    ):
        post_alerts(url, [alert("Down", severity="critical")])
        [slack] = web.wait_for(1, "/slack")
        [page] = web.wait_for(1, "/v2/enqueue")
        [hook] = web.wait_for(1, "/hook")
        [letter] = mail.wait_for(1)
        [known] = alerts(url)
    assert known["receivers"] == [{"name": "all"}]
    assert slack.body["channel"] == "#backend"
    assert "Down" in slack.body["attachments"][0]["title"]
    assert (page.body["routing_key"], page.body["event_action"]) == ("k" * 32, "trigger")
    assert hook.body["externalURL"] == "https://am.example.com"
    assert hook.headers["user-agent"].startswith("Alertmanager/")
    assert (letter.sender, letter.recipients) == ("am@example.com", ("team@example.com",))
    assert "Down" in letter.message["Subject"]
    body = letter.message.get_body(("html",))
    assert body is not None
    assert "https://am.example.com" in body.get_content()


@pytest.mark.parametrize("name", ["oldest", "newest"])
def test_inhibited_alert_is_distinguished_from_the_others_and_reaches_nobody(name: str, tmp_path: Path) -> None:
    source = alert("Down", severity="critical", case="one")
    targets = [alert("Slow", severity="warning", case="one"), alert("Slow", severity="warning", case="two")]
    with (
        web_sink() as web,
        mail_sink() as mail,
        alertmanager(name, configure(tmp_path, web, mail), tmp_path) as url,
    ):
        # Without a group_wait, a target that arrives together with its source may be sent before it.
        post_alerts(url, [source])
        assert inhibited(url, [source], by=["case"]) == {("one",): False}
        post_alerts(url, targets)
        muted = inhibited(url, [source, *targets], by=["alertname", "case"])
        web.wait_for(2, "/hook")
    assert muted == {("Down", "one"): False, ("Slow", "one"): True, ("Slow", "two"): False}
    sent = [request.body["commonLabels"] for request in web.requests("/hook")]
    assert [(labels["alertname"], labels["case"]) for labels in sent] == [("Down", "one"), ("Slow", "two")]


@pytest.mark.parametrize("name", ["oldest", "newest"])
def test_refused_notification_counts_as_failed_and_the_others_do_not(name: str, tmp_path: Path) -> None:
    with (
        web_sink() as web,
        mail_sink() as mail,
        alertmanager(name, configure(tmp_path, web, mail), tmp_path) as url,
    ):
        web.answer("/slack", 403)
        post_alerts(url, [alert("Down")])
        web.wait_for(1, "/v2/enqueue")
        failed = until_positive(url, "alertmanager_notifications_failed_total", integration="slack")
        others = metric(url, "alertmanager_notifications_failed_total", integration="pagerduty")
    assert (failed > 0, others) == (True, 0)


@pytest.mark.parametrize("name", ["oldest", "newest"])
def test_notification_is_sent_again_after_an_error_of_the_receiver(name: str, tmp_path: Path) -> None:
    with (
        web_sink() as web,
        mail_sink() as mail,
        alertmanager(name, configure(tmp_path, web, mail), tmp_path) as url,
    ):
        web.answer("/v2/enqueue", 500)
        post_alerts(url, [alert("Down")])
        assert until_positive(url, "alertmanager_notification_requests_failed_total", integration="pagerduty") > 0
        web.answer("/v2/enqueue", 200)
        first, again = web.wait_for(2, "/v2/enqueue")[:2]
        assert metric(url, "alertmanager_notifications_failed_total", integration="pagerduty") == 0
    assert again.body["dedup_key"] == first.body["dedup_key"]


def until_positive(url: str, name: str, **labels: str) -> float:
    deadline = time.monotonic() + 10
    while not (value := metric(url, name, **labels)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return value


@pytest.mark.parametrize("name", ["oldest", "newest"])
def test_alertmanager_that_does_not_start_fails_with_its_log(name: str, tmp_path: Path) -> None:
    config = tmp_path / "alertmanager.yml"
    config.write_text("route: {receiver: nobody}\n")
    with pytest.raises(ToolError, match="ended with 1") as caught, alertmanager(name, config, tmp_path):
        pass
    assert 'undefined receiver "nobody"' in "".join(caught.value.__notes__).replace('\\"', '"')


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [({"routing_key": "k"}, 202, '"status": "success"'), ({"channel": "#backend"}, 200, "ok")],
)
def test_sink_answers_as_the_receiver_that_the_body_is_meant_for(body: object, status: int, words: str) -> None:
    with web_sink() as web, urllib.request.urlopen(f"{web.url}/x", json.dumps(body).encode()) as answer:
        assert (answer.status, words in answer.read().decode()) == (status, True)
        assert [posted.body for posted in web.wait_for(1)] == [body]


def test_what_does_not_arrive_fails_within_the_patience() -> None:
    with web_sink() as web, pytest.raises(AssertionError, match=r"^0 of 1 arrived in 0\.1 s$"):
        web.wait_for(1, "/slack", patience=0.1)


def test_no_port_is_given_twice_nor_to_whoever_asks_for_any() -> None:
    given = [free_port() for _ in range(500)]
    assert len(set(given)) == len(given)
    with socket.create_server(("127.0.0.1", 0)) as any_:
        assert any_.getsockname()[1] not in PORTS


def test_a_port_on_which_something_listens_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    taken, free = free_port(), free_port()
    monkeypatch.setattr("watchbill.stack.loopback._ports", cycle([taken, free]))
    with socket.create_server(("127.0.0.1", taken)):
        assert free_port() == free


def test_a_server_that_speaks_another_protocol_is_not_ready() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mail:
        greeting = threading.Thread(target=_greet, args=(mail,))
        greeting.start()
        assert not is_ready(f"http://127.0.0.1:{mail.getsockname()[1]}")
        greeting.join()


def _greet(server: socket.socket) -> None:
    client, _ = server.accept()
    with client:
        client.sendall(b"220 localhost ready\r\n")
        client.recv(1024)
