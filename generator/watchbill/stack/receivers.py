"""Receivers that speak the real protocols, refuse what the real ones refuse, and note what they take."""

from __future__ import annotations

import email
import email.policy
import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from watchbill.stack.exporter import Handler, serving
from watchbill.stack.loopback import free_port
from watchbill.stack.notifications import (
    FALLBACK_MAIL,
    MAIL,
    PAGERDUTY,
    SLACK,
    SWITCH,
    Notification,
    Received,
    Refusal,
    mail,
    need,
    pagerduty_event,
    slack_message,
)

logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of what it does itself


class Doorkeeper(Protocol):
    """Who receives mail, and decides whom to let in; aiosmtpd asks the same object for both."""

    def admit(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any) -> AuthResult:
        """Judge a login."""
        ...


class MailServer:
    """A mail server that asks for user and password, and knows its mailboxes."""

    def __init__(self, channel: str, received: Received, mailboxes: frozenset[str], passwords: frozenset[str]) -> None:
        self.channel, self._inbox = channel, received
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

    `mail` and `fallback_mail` are mailboxes of the two mail servers; `switch` maps the path of a dead man's switch to
    its token, "" where it has none.
    """

    pagerduty: Mapping[str, str]
    slack: frozenset[str]
    mail: frozenset[str]
    fallback_mail: frozenset[str]
    passwords: frozenset[str]
    switch: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Receivers:
    """Running receivers: where they answer, and what they took."""

    url: str
    smtp: str
    second_smtp: str
    received: Received


@contextmanager
def receiving(addresses: Addresses) -> Iterator[Receivers]:
    """Run all receivers until the block ends."""
    received = Received()

    class Web(Handler):
        def do_POST(self) -> None:  # noqa: N802 (its base calls it so)
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            try:
                self._check(body)
            except Refusal as refusal:
                received.refuse(f"{self.path}: {refusal}")
                self.respond(refusal.status, "text/plain", str(refusal))

        def _check(self, body: Mapping[str, Any]) -> None:
            at = time.time()
            if self.path == "/pagerduty":
                if received.broken(PAGERDUTY):
                    self.respond(500, "text/plain", "out of order")
                    return
                event = pagerduty_event(body, addresses.pagerduty, at)
                received.take(event)
                answer = {"status": "success", "message": "Event processed", "dedup_key": event.incident}
                self.respond(202, "application/json", json.dumps(answer))
            elif self.path == "/slack":
                if received.broken(SLACK):
                    self.respond(500, "text/plain", "out of order")
                    return
                received.take(slack_message(body, addresses.slack, at))
                self.respond(200, "text/plain", "ok")
            else:
                path = self.path.removeprefix("/switch")
                need(path in addresses.switch, 404, "no such switch")
                token = addresses.switch[path]
                need(not token or self.headers.get("Authorization") == f"Bearer {token}", 401, "a wrong token")
                alerts = "\n".join(alert["labels"].get("alertname", "") for alert in body.get("alerts", ()))
                ended = body.get("status") == "resolved"
                received.take(Notification((SWITCH, path), at, ended, "", alerts, "" if ended else alerts, "", {}))
                self.respond(200, "text/plain", "ok")

    first = MailServer(MAIL, received, addresses.mail, addresses.passwords)
    second = MailServer(FALLBACK_MAIL, received, addresses.fallback_mail, addresses.passwords)
    with serving(Web) as url, mailing(first) as smtp, mailing(second) as second_smtp:
        yield Receivers(url, smtp, second_smtp, received)


@contextmanager
def mailing(server: Doorkeeper) -> Iterator[str]:
    """Serve mail on loopback, with logins and without TLS, until the block ends; gives host and port."""
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
