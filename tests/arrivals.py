"""The shipped configuration of Alertmanager on loopback, with sinks as its receivers, and everything that arrives.

Only what cannot be on loopback is replaced: hosts, TLS of mail, the folder of secrets, and time, which runs at 1:60.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servers import alertmanager
from sinks import Mail, MailSink, Posted, WebSink, mail_sink, web_sink
from watchbill.channels.received import Recipient

__all__ = ["FALLBACK_MAIL", "LONGEST_WAIT", "MAIL", "PAGERDUTY", "SLACK", "SWITCH", "Recipient"]

PAGERDUTY, SLACK, MAIL, FALLBACK_MAIL, SWITCH = "PagerDuty", "Slack", "e-mail", "e-mail, fallback", "switch"
SHIPPED = Path(__file__).parents[1] / "out/alertmanager"
SCALE, LONGEST_WAIT = 60, 1.0  # of group_wait and group_interval, in seconds
TEAMS = ("automation", "backend", "conversations", "messaging", "platform", "support")
# Named by hand, as an operator does who follows the documentation.
SECRETS = {
    "heartbeat-token": "of-the-switch",
    "smtp-password": "of-the-first",
    "second-path-smtp-password": "of-the-second",
    **{f"pagerduty-{team}": f"key-of-{team}" for team in TEAMS},
}


@dataclass(frozen=True)
class Notification:
    """One message that arrived: whom it notified, whether of an end, and what it said."""

    recipient: Recipient
    resolved: bool
    text: str
    sent: Posted | Mail


def _on_loopback(text: str, web: WebSink, first: MailSink, second: MailSink, secrets: Path) -> str:
    """Replace what is elsewhere; nothing else of the shipped text changes."""
    assert "require_tls" not in text
    for shipped, here in {
        "global:\n": f"global:\n  smtp_require_tls: false\n  pagerduty_url: {web.url}/pagerduty\n",
        "https://heartbeat.example.com/": f"{web.url}/switch/",
        "smtp.example.com:587": first.smarthost,
        "smtp.example.net:587": second.smarthost,
        "/etc/alertmanager/secrets": str(secrets),
    }.items():
        assert shipped in text
        text = text.replace(shipped, here)
    text = re.sub(r"\n *mute_time_intervals:\n *- nights", "", text)  # else what arrives depends on the hour
    text = re.sub(r"(group_wait|group_interval|repeat_interval): (\d+)([smhd])\n", _sooner, text)
    assert not re.search(r"://\w+\.example|smtp\.example", text)
    return text


def _sooner(written: re.Match[str]) -> str:
    key, number, unit = written.groups()
    seconds = int(number) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit] / SCALE
    if key != "repeat_interval":
        seconds = min(seconds, LONGEST_WAIT)
    return f"{key}: {round(seconds * 1000)}ms\n"


class Running:
    """An Alertmanager of a generation, at `url`, and what its receivers have got."""

    def __init__(self, url: str, web: WebSink, first: MailSink, second: MailSink) -> None:
        self.url = url
        self._web, self._mail = web, {MAIL: first, FALLBACK_MAIL: second}

    def notifications(self) -> list[Notification]:
        """List what has arrived."""
        mailed = (notification for channel, sink in self._mail.items() for notification in _mailed(sink, channel))
        return [*_posted(self._web), *mailed]

    def logins(self) -> dict[str, set[tuple[str, str]]]:
        """List the users and passwords that each mail server was given."""
        return {channel: set(sink.logins) for channel, sink in self._mail.items()}


@contextmanager
def shipped_alertmanager(generation_name: str, folder: Path) -> Iterator[Running]:
    """Run the shipped configuration, with its templates and secrets in `folder`."""
    (secrets := folder / "secrets").mkdir()
    shutil.copytree(SHIPPED / "templates", folder / "templates")
    with web_sink() as web, mail_sink() as first, mail_sink() as second:
        for name, text in {**SECRETS, "slack-api-url": f"{web.url}/slack"}.items():
            (secrets / name).write_text(text, encoding="utf-8")
        shipped = (SHIPPED / "alertmanager.yml").read_text(encoding="utf-8")
        config = folder / "alertmanager.yml"
        config.write_text(_on_loopback(shipped, web, first, second, secrets), encoding="utf-8")
        with alertmanager(generation_name, config, folder) as url:
            yield Running(url, web, first, second)


def _posted(web: WebSink) -> Iterator[Notification]:
    for request in web.requests():
        body, text = request.body, json.dumps(request.body)
        if request.path == "/slack":
            ended = " resolved" in body["attachments"][0]["title"]
            yield Notification((SLACK, body["channel"]), ended, text, request)
        elif request.path == "/pagerduty":
            yield Notification((PAGERDUTY, body["routing_key"]), body["event_action"] == "resolve", text, request)
        else:
            assert request.path.startswith("/switch/")
            recipient = (SWITCH, request.path.removeprefix("/switch"))
            yield Notification(recipient, body["status"] == "resolved", text, request)


def _mailed(sink: MailSink, channel: str) -> Iterator[Notification]:
    for mail in sink.mails():
        body = mail.message.get_body(("plain",))
        assert body is not None
        subject = str(mail.message["Subject"])
        for address in mail.recipients:
            yield Notification((channel, address), " resolved" in subject, f"{subject}\n{body.get_content()}", mail)
