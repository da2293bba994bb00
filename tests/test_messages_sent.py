"""What really arrives when an Alertmanager of each generation sends our messages, with whatever it adds to them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from notified import ANNOTATIONS, EXTERNAL_URL, LABELS, entry_of
from servers import alertmanager
from sinks import Mail, mail_sink, web_sink
from watchbill.channels import templates
from watchbill.stack.loopback import post_alerts
from watchbill.tools import GENERATIONS
from watchbill.words.yamltext import Plain, dump

EVIL = '<!channel> & "ä"\r\nBcc: all@example.com\r\n\r\n<b>'
ALERT = {
    "labels": {**LABELS, "endpoint": EVIL},
    "annotations": {**ANNOTATIONS, "summary": f"Too many errors: {EVIL}"},
    "startsAt": "2025-05-01T14:03:00Z",
}


@dataclass(frozen=True)
class Arrived:
    """One alert, as each channel got it."""

    slack: dict[str, Any]
    pagerduty: dict[str, Any]
    mail: Mail


@pytest.fixture(scope="module", params=GENERATIONS)
def arrived(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Arrived:
    folder = tmp_path_factory.mktemp("alertmanager")
    for path, text in templates().items():
        (folder / path).write_text(text, encoding="utf-8")
    (folder / "pagerduty-backend").write_text("0123456789abcdef0123456789abcdef", encoding="utf-8")
    config = folder / "alertmanager.yml"
    with web_sink() as web, mail_sink() as post:
        config.write_text(dump(_config(web.url, post.smarthost, folder), source="a test"), encoding="utf-8")
        with alertmanager(request.param, config, folder, f"--web.external-url={EXTERNAL_URL}") as url:
            post_alerts(url, [ALERT])
            (slack,), (pagerduty,) = web.wait_for(1, "/slack"), web.wait_for(1, "/pagerduty")
            (mail,) = post.wait_for(1)
    return Arrived(slack.body, pagerduty.body, mail)


def _config(web: str, smarthost: str, secrets: Path) -> dict[str, Plain]:
    return {
        "global": {
            "slack_api_url": f"{web}/slack",
            "pagerduty_url": f"{web}/pagerduty",
            "smtp_smarthost": smarthost,
            "smtp_from": "alertmanager@example.com",
            "smtp_require_tls": False,
        },
        "route": {"receiver": "backend", "group_wait": "0s"},
        "receivers": [
            {
                "name": "backend",
                "slack_configs": [entry_of("slack")],
                "pagerduty_configs": [entry_of("pagerduty", secrets=str(secrets))],
                "email_configs": [entry_of("email", smarthost=smarthost)],
            }
        ],
        "templates": ["*.tmpl"],
    }


def test_a_label_with_lines_adds_no_header_and_no_recipient(arrived: Arrived) -> None:
    assert arrived.mail.recipients == ("backend@example.com",)
    assert "Bcc" not in arrived.mail.message
    assert arrived.mail.message["Subject"] == '[P0] production core-api: Too many errors: <!channel> & "ä" Bcc: a...'


def test_a_mail_carries_the_same_message_as_text_and_as_html(arrived: Arrived) -> None:
    parts = {part.get_content_type(): part.get_content() for part in arrived.mail.message.iter_parts()}
    assert list(parts) == ["text/plain", "text/html"]
    for text in parts.values():
        assert "Now 2.3% of requests are 5xx." in text
        assert f"{EXTERNAL_URL}/#/silences/new?filter=%7Balertname%3D" in text
    assert "<b>\n" in parts["text/plain"].replace("\r", "")
    assert "&lt;b&gt;</h1>" in parts["text/html"]


def test_slack_gets_disarmed_text_and_three_buttons(arrived: Arrived) -> None:
    (attachment,) = arrived.slack["attachments"]
    assert not arrived.slack.get("link_names")
    assert "<!channel" not in json.dumps(arrived.slack, ensure_ascii=False)
    assert attachment["title"].startswith("[P0] Too many errors: &lt;!channel&gt; &amp; ")
    assert [button["text"] for button in attachment["actions"]] == ["Runbook", "Panel", "Silence"]
    assert all(button["url"].startswith("https://") for button in attachment["actions"])


def test_pagerduty_gets_its_own_severity_and_no_details_but_ours(arrived: Arrived) -> None:
    event, ours = arrived.pagerduty, entry_of("pagerduty")["details"]
    assert event["payload"]["severity"] == "critical"
    assert event["client_url"] == EXTERNAL_URL
    assert [link["text"] for link in event["links"]] == ["Runbook", "Panel", "Silence"]
    assert isinstance(ours, dict)
    assert set(event["payload"]["custom_details"]) == set(ours)
    assert event["payload"]["custom_details"]["firing"].strip().startswith("[P0] Too many errors")
