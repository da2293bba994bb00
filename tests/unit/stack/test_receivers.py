"""Receivers refuse what the real ones refuse."""

from __future__ import annotations

import json
import smtplib
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import spectree
from watchbill.channels.base import Destination
from watchbill.channels.email import CHANNEL as EMAIL
from watchbill.stack.configuration import addresses
from watchbill.stack.receivers import Addresses, Receivers, receiving

ADDRESSES = Addresses(
    known={
        "pagerduty": {"drill-key": "Backend"},
        "slack": {"#backend": "#backend"},
        "email": {"team@example.com": "team@example.com"},
    },
    fallback=(Destination(EMAIL.channel, "sms@example.net", fallback=True),),
    switch={"/beat": "token"},
    passwords={"e-mail": "drill-smtp-password", "e-mail, fallback": "drill-second-path-smtp-password"},
)
EVENT = {
    "routing_key": "drill-key",
    "event_action": "trigger",
    "dedup_key": "one",
    "payload": {"summary": "It fails", "source": "Alertmanager", "severity": "critical"},
}
MESSAGE = {"channel": "#backend", "attachments": [{"title": "[P1] It fails", "fallback": "It fails", "text": "x"}]}


@pytest.fixture(scope="module")
def receivers() -> Iterator[Receivers]:
    with receiving(ADDRESSES) as found:
        yield found


def post(url: str, body: Mapping[str, Any], **headers: str) -> int:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"} | headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_pagerduty_takes_an_event_of_a_known_key_and_nothing_else(receivers: Receivers) -> None:
    url = f"{receivers.url}/pagerduty"
    assert post(url, EVENT) == 202
    assert receivers.received.notifications()[-1].incident == "one"
    assert post(url, EVENT | {"routing_key": "of-others"}) == 400
    assert post(url, EVENT | {"event_action": "shout"}) == 400
    assert post(url, EVENT | {"dedup_key": "x" * 256}) == 400
    assert post(url, EVENT | {"payload": {"summary": "y" * 1025, "source": "s", "severity": "critical"}}) == 400
    assert post(url, EVENT | {"payload": {"summary": "y", "source": "s", "severity": "P0"}}) == 400
    assert any("routing_key" in why for why in receivers.received.refused())


def test_slack_takes_a_message_to_a_known_channel_and_nothing_else(receivers: Receivers) -> None:
    url = f"{receivers.url}/slack"
    assert post(url, MESSAGE) == 200
    assert post(url, MESSAGE | {"channel": "#of-others"}) == 404
    assert post(url, MESSAGE | {"attachments": []}) == 400
    receivers.received.break_("Slack", time.time() + 0.3)
    assert post(url, MESSAGE) == 500
    time.sleep(0.4)
    assert post(url, MESSAGE) == 200


def test_a_switch_wants_its_token(receivers: Receivers) -> None:
    beat = {"status": "firing", "alerts": [{"labels": {"alertname": "Watchdog"}}]}
    assert post(f"{receivers.url}/switch/beat", beat) == 401
    assert post(f"{receivers.url}/switch/beat", beat, Authorization="Bearer token") == 200
    assert post(f"{receivers.url}/switch/other", beat, Authorization="Bearer token") == 404


def test_mail_is_taken_with_a_password_and_for_a_known_mailbox(receivers: Receivers) -> None:
    host, _, port = receivers.at["e-mail"].partition(":")
    text = "Subject: [P1] It fails\r\nContent-Type: text/plain\r\n\r\nIt fails\r\nRunbook: https://r\r\n"
    with smtplib.SMTP(host, int(port)) as smtp, pytest.raises(smtplib.SMTPRecipientsRefused):
        smtp.sendmail("am@example.com", ["team@example.com"], text)
    with smtplib.SMTP(host, int(port)) as smtp:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.login("alertmanager", "wrong")
        smtp.login("alertmanager", "drill-smtp-password")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            smtp.sendmail("am@example.com", ["of-others@example.com"], text)
        smtp.sendmail("am@example.com", ["team@example.com"], text)
    got = receivers.received.notifications()[-1]
    assert (got.recipient, got.ended, dict(got.links)) == (
        ("e-mail", "team@example.com"),
        False,
        {"Runbook": "https://r"},
    )


def test_each_mail_server_knows_its_own_password_only(receivers: Receivers) -> None:
    host, _, port = receivers.at["e-mail, fallback"].partition(":")
    with smtplib.SMTP(host, int(port)) as smtp:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.login("alertmanager", "drill-smtp-password")
        smtp.login("alertmanager", "drill-second-path-smtp-password")


def test_mail_is_taken_without_a_login_where_the_platform_names_no_user() -> None:
    text = "Subject: [P1] It fails\r\nContent-Type: text/plain\r\n\r\nIt fails\r\n"
    with receiving(replace(ADDRESSES, passwords={})) as found:
        for called, address in (("e-mail", "team@example.com"), ("e-mail, fallback", "sms@example.net")):
            host, _, port = found.at[called].partition(":")
            with smtplib.SMTP(host, int(port)) as smtp:
                smtp.sendmail("am@example.com", [address], text)
            with smtplib.SMTP(host, int(port)) as smtp, pytest.raises(smtplib.SMTPRecipientsRefused):
                smtp.sendmail("am@example.com", ["of-others@example.com"], text)
            with smtplib.SMTP(host, int(port)) as smtp, pytest.raises(smtplib.SMTPAuthenticationError):
                smtp.login("alertmanager", "")  # Alertmanager logs in only where a user is configured
        notified = [notification.recipient for notification in found.received.notifications()]
        assert notified == [("e-mail", "team@example.com"), ("e-mail, fallback", "sms@example.net")]


@pytest.mark.parametrize(
    ("first", "second", "asked"),
    [
        ("", "", set()),
        (", user: alerts", "", {"e-mail"}),
        ("", ", user: alerts", {"e-mail, fallback"}),
        (", user: alerts", ", user: texts", {"e-mail", "e-mail, fallback"}),
    ],
)
def test_a_platform_decides_by_its_users_which_mail_servers_ask_for_a_password(
    tmp_path: Path, first: str, second: str, asked: set[str]
) -> None:
    way = f'fallback: {{email: sms@example.net, smtp: {{host: "smtp.example.net:587", from: a@example.com{second}}}}}'
    platform = spectree.PLATFORM.replace("from: alerts@example.com}", f"from: alerts@example.com{first}}}, {way}")
    alert = "signal: kit, kind: level, metric: load, above: 5, for: 5m, severity: Info, summary: Load"
    files = {"platform.yaml": platform, "services/shop.yaml": spectree.service({"LoadHigh": alert})}
    bundle = spectree.compile_tree(spectree.write_tree(tmp_path, files))
    assert addresses(bundle.platform).passwords.keys() == asked
