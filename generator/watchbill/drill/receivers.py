"""Receivers that speak the real protocols, refuse what the real ones refuse, and note what they take.

PagerDuty: its "Events API v2" reference. Slack: its "Incoming webhooks" and "Message attachments" references. Mail:
RFC 5321 and 4954. A dead man's switch takes a POST with its token.
"""

from __future__ import annotations

import email
import email.policy
import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from watchbill.drill.exporter import Handler, serving
from watchbill.loopback import free_port

logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of what it does itself
PAGERDUTY, SLACK, MAIL, SECOND_MAIL, SWITCH = "PagerDuty", "Slack", "e-mail", "e-mail, second path", "switch"
_LARGEST_EVENT = 512 * 1024
_LONGEST_SUMMARY, _LONGEST_KEY, _LONGEST_ATTACHMENT = 1024, 255, 8000

Told = tuple[str, str]
"""A channel, and an address on it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message that a receiver took: whom it told and when, of what still fires (or of an end), and its texts.

    `firing` and `resolved` are the parts of the text about each, `incident` tells the incidents of a receiver apart,
    `links` what can be tapped, by name.
    """

    told: Told
    at: float
    ended: bool
    incident: str
    title: str
    firing: str
    resolved: str
    links: Mapping[str, str]


class Inbox:
    """What all receivers took, in the order of arrival, and what they refused."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notices: list[Notice] = []
        self._refused: list[str] = []
        self._out_of_order: dict[str, float] = {}

    def take(self, notice: Notice) -> None:
        """Note a message."""
        with self._lock:
            self._notices.append(notice)

    def refuse(self, why: str) -> None:
        """Note a message that the real receiver would not take."""
        with self._lock:
            self._refused.append(why)

    def notices(self) -> list[Notice]:
        """List what has arrived."""
        with self._lock:
            return list(self._notices)

    def refused(self) -> list[str]:
        """List what no real receiver would have taken."""
        with self._lock:
            return list(self._refused)

    def break_(self, channel: str, until: float) -> None:
        """Let a channel answer that it is broken until a moment."""
        with self._lock:
            self._out_of_order[channel] = until

    def broken(self, channel: str) -> bool:
        """Whether a channel is broken now."""
        with self._lock:
            return time.time() < self._out_of_order.get(channel, 0)


class Refusal(Exception):  # noqa: N818 (the receiver is fine)
    """A message that a real receiver does not take, with the status that it answers."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def _need(fine: object, status: int, text: str) -> None:
    if not fine:
        raise Refusal(status, text)


def pagerduty_event(body: Mapping[str, Any], keys: Mapping[str, str], at: float) -> Notice:
    """Judge an event as PagerDuty does; `keys` maps integration keys to their services."""
    _need(body.get("routing_key") in keys, 400, "routing_key is not of any service")
    action = body.get("event_action")
    _need(action in {"trigger", "acknowledge", "resolve"}, 400, f"event_action is {action!r}")
    dedup = str(body.get("dedup_key", ""))
    _need(dedup and len(dedup) <= _LONGEST_KEY, 400, "dedup_key is empty or too long")
    payload = body.get("payload") or {}
    if action == "trigger":
        summary = payload.get("summary", "")
        _need(summary and len(summary) <= _LONGEST_SUMMARY, 400, "payload.summary is empty or too long")
        _need(payload.get("source"), 400, "payload.source is empty")
        known = {"critical", "error", "warning", "info"}
        _need(payload.get("severity") in known, 400, f"payload.severity is {payload.get('severity')!r}")
    details = payload.get("custom_details") or {}
    ended = action == "resolve"
    told = "\n".join(str(details.get(key, "")) for key in ("what", "impact", "next_step", "firing"))
    links = {link.get("text", ""): link["href"] for link in body.get("links") or () if link.get("href")}
    return Notice(
        told=(PAGERDUTY, keys[body["routing_key"]]),
        at=at,
        ended=ended,
        incident=dedup,
        title=str(payload.get("summary", "")),
        firing="" if ended else told,
        resolved=str(details.get("resolved", "")),
        links=links,
    )


def slack_message(body: Mapping[str, Any], channels: frozenset[str], at: float) -> Notice:
    """Judge a message as Slack's webhooks do."""
    channel = body.get("channel", "")
    _need(channel in channels, 404, f"channel_not_found: {channel}")
    attachments = body.get("attachments") or []
    _need(attachments, 400, "no_text")
    first = attachments[0]
    text = str(first.get("text", ""))
    _need(len(text) <= _LONGEST_ATTACHMENT, 400, "invalid_attachments: the text is too long")
    _need(first.get("fallback") and first.get("title"), 400, "invalid_attachments: no fallback, or no title")
    title = str(first["title"])
    ended = " resolved" in title[: title.find("]")]
    firing, _, resolved = text.partition("*Resolved*")
    buttons = {button.get("text", ""): button["url"] for button in first.get("actions") or () if button.get("url")}
    return Notice(
        told=(SLACK, channel),
        at=at,
        ended=ended,
        incident="",
        title=_unescaped(title),
        firing="" if ended else _unescaped(f"{title}\n{firing}"),
        resolved=_unescaped(f"{title}\n{resolved}" if ended else resolved),
        links=buttons,
    )


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def mail(message: EmailMessage, told: Told, at: float) -> Notice:
    """Read a mail's subject and plain text."""
    body = message.get_body(("plain",))
    _need(body is not None, 550, "a mail without plain text")
    text = str(body.get_content()).replace("\r\n", "\n") if body is not None else ""
    subject = str(message["Subject"])
    ended = " resolved" in subject[: subject.find("]")]
    firing, _, resolved = text.partition("\nResolved:\n") if "\nResolved:\n" in text else text.partition("Resolved:\n")
    named = (line.partition(": ") for line in text.splitlines())
    links = {name: target for name, _, target in named if target.startswith("http")}
    return Notice(told, at, ended, "", subject, firing, resolved, links)


class MailServer:
    """A mail server that asks for user and password, and knows its mailboxes."""

    def __init__(self, channel: str, inbox: Inbox, mailboxes: frozenset[str], passwords: frozenset[str]) -> None:
        self.channel, self._inbox = channel, inbox
        self._mailboxes, self._passwords = mailboxes, passwords

    def admit(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any) -> AuthResult:
        """Let in who knows the password."""
        known = isinstance(given, LoginPassword) and given.password.decode() in self._passwords
        if not known:
            self._inbox.refuse(f"{self.channel}: a wrong password")
        return AuthResult(success=known, handled=known)  # what is not handled is refused by the server

    async def handle_RCPT(  # noqa: N802 (aiosmtpd calls it so)
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Refuse who has not logged in, and whom this server does not know."""
        if not session.authenticated:
            self._inbox.refuse(f"{self.channel}: mail without a password")
            return "530 log in first"
        if address not in self._mailboxes:
            self._inbox.refuse(f"{self.channel}: no mailbox {address}")
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (the same)
        """Take a mail, unless this server is broken."""
        if self._inbox.broken(self.channel):
            return "451 try again later"
        message = email.message_from_bytes(envelope.original_content or b"", policy=email.policy.default)
        for address in envelope.rcpt_tos:
            self._inbox.take(mail(message, (self.channel, address), time.time()))
        return "250 taken"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Who can be reached: PagerDuty services by key, Slack channels, mailboxes and passwords, and the switch.

    `mail` and `second_mail` are mailboxes of the two mail servers; `switch` maps the path of a dead man's switch to its
    token, "" where it has none.
    """

    pagerduty: Mapping[str, str]
    slack: frozenset[str]
    mail: frozenset[str]
    second_mail: frozenset[str]
    passwords: frozenset[str]
    switch: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Receivers:
    """Running receivers: where they answer, and what they took."""

    url: str
    smtp: str
    second_smtp: str
    inbox: Inbox


@contextmanager
def receiving(addresses: Addresses) -> Iterator[Receivers]:
    """Run all receivers until the block ends."""
    inbox = Inbox()

    class Web(Handler):
        def do_POST(self) -> None:  # noqa: N802 (its base calls it so)
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            try:
                self._judge(body)
            except Refusal as refusal:
                inbox.refuse(f"{self.path}: {refusal}")
                self.respond(refusal.status, "text/plain", str(refusal))

        def _judge(self, body: Mapping[str, Any]) -> None:
            at = time.time()
            if self.path == "/pagerduty":
                if inbox.broken(PAGERDUTY):
                    self.respond(500, "text/plain", "out of order")
                    return
                event = pagerduty_event(body, addresses.pagerduty, at)
                inbox.take(event)
                answer = {"status": "success", "message": "Event processed", "dedup_key": event.incident}
                self.respond(202, "application/json", json.dumps(answer))
            elif self.path == "/slack":
                if inbox.broken(SLACK):
                    self.respond(500, "text/plain", "out of order")
                    return
                inbox.take(slack_message(body, addresses.slack, at))
                self.respond(200, "text/plain", "ok")
            else:
                path = self.path.removeprefix("/switch")
                _need(path in addresses.switch, 404, "no such switch")
                token = addresses.switch[path]
                _need(not token or self.headers.get("Authorization") == f"Bearer {token}", 401, "a wrong token")
                alerts = "\n".join(alert["labels"].get("alertname", "") for alert in body.get("alerts", ()))
                ended = body.get("status") == "resolved"
                inbox.take(Notice((SWITCH, path), at, ended, "", alerts, "" if ended else alerts, "", {}))
                self.respond(200, "text/plain", "ok")

    first = MailServer(MAIL, inbox, addresses.mail, addresses.passwords)
    second = MailServer(SECOND_MAIL, inbox, addresses.second_mail, addresses.passwords)
    with serving(Web) as url, _mailing(first) as smtp, _mailing(second) as second_smtp:
        yield Receivers(url, smtp, second_smtp, inbox)


@contextmanager
def _mailing(server: MailServer) -> Iterator[str]:
    port = free_port()
    asks: dict[str, Any] = {
        "authenticator": server.admit,
        "auth_require_tls": False,
        "auth_exclude_mechanism": ["LOGIN"],
    }
    controller = Controller(server, hostname="127.0.0.1", port=port, **asks)
    controller.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        controller.stop()
