"""Receivers that speak the real protocols, refuse what the real ones refuse, and note what they take."""

from __future__ import annotations

import email
import email.policy
import json
import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from watchbill.channels import definitions
from watchbill.channels.base import Destination
from watchbill.channels.received import Answer, Mail, Notification, Post, Refusal, Web, need
from watchbill.stack.exporter import Handler, serving
from watchbill.stack.loopback import free_port
from watchbill.stack.notifications import SWITCH, Received

logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of what it does itself


class Doorkeeper(Protocol):
    """Who receives mail, and decides whom to let in; aiosmtpd asks the same object for both."""

    def admit(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any) -> AuthResult:
        """Check a login."""
        ...


class MailServer:
    """A mail server that knows its mailboxes; one with a password asks for it."""

    def __init__(self, channel: str, received: Received, mail: Mail, mailboxes: Iterable[str], password: str) -> None:
        self.channel, self._inbox = channel, received
        self._mail, self._mailboxes, self._password = mail, frozenset(mailboxes), password

    def admit(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any) -> AuthResult:
        """Let in who knows the password."""
        known = isinstance(given, LoginPassword) and given.password.decode() == self._password != ""
        if not known:
            self._inbox.refuse(f"{self.channel}: a wrong password")
        return AuthResult(success=known, handled=known)  # what is not handled is refused by the server

    async def handle_RCPT(  # noqa: N802 (aiosmtpd calls it so)
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Refuse who has not logged in where that is asked, and whom this server does not know."""
        if self._password and not session.authenticated:
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
        try:
            for address in envelope.rcpt_tos:
                self._inbox.take(self._mail.read(message, (self.channel, address), time.time()))
        except Refusal as refusal:
            self._inbox.refuse(f"{self.channel}: {refusal}")
            return f"{refusal.status} {refusal}"
        return "250 taken"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Who can be reached: by channel, what a message calls an address, and the address; and the fallback receiver.

    `switch` maps the path of a dead man's switch to its token, "" where it has none. `passwords` maps whom a mail
    server reaches, as a `Destination` calls its recipient, to the password that it asks for, if it asks for any.
    """

    known: Mapping[str, Mapping[str, str]]
    fallback: tuple[Destination, ...]
    switch: Mapping[str, str]
    passwords: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Receivers:
    """Running receivers, and what they took: `at` says where each answers, by the channel of those whom it tells.

    That is a URL, or host and port of a mail server; `url` is the root of all URLs.
    """

    url: str
    at: Mapping[str, str]
    received: Received


class WebServer:
    """Answers what is posted to a channel's path, and to the dead man's switch."""

    def __init__(self, addresses: Addresses, received: Received) -> None:
        self._addresses, self._inbox = addresses, received

    def answer(self, path: str, token: str, text: bytes) -> Answer:
        """Take a message, or say why the real receiver would not; `token` is what it is authorized by."""
        try:
            return self._take(path, token, text)
        except Refusal as refusal:
            self._inbox.refuse(f"{path}: {refusal}")
            return Answer(refusal.status, str(refusal))

    def _take(self, path: str, token: str, text: bytes) -> Answer:
        at, body = time.time(), _json(text)
        channel, _, rest = path.removeprefix("/").partition("/")
        if channel == SWITCH:
            self._inbox.take(self._beat(f"/{rest}", token, body, at))
            return Answer()
        definition = definitions().get(channel)
        if definition is None or not isinstance(definition.receiver, Web):
            raise Refusal(404, "no such receiver")
        if self._inbox.broken(definition.channel.called):
            return Answer(500, "out of order")
        try:
            notification = definition.receiver.read(Post(rest, body, at, self._addresses.known.get(channel, {})))
        except (AttributeError, LookupError, TypeError) as error:
            raise Refusal(400, f"the message has another form ({error})") from None
        self._inbox.take(notification)
        return definition.receiver.answer(notification)

    def _beat(self, path: str, token: str, body: Mapping[str, Any], at: float) -> Notification:
        need(path in self._addresses.switch, 404, "no such switch")
        wanted = self._addresses.switch[path]
        need(not wanted or token == f"Bearer {wanted}", 401, "a wrong token")
        alerts = "\n".join(alert["labels"].get("alertname", "") for alert in body.get("alerts", ()))
        ended = body.get("status") == "resolved"
        return Notification((SWITCH, path), at, ended, "", alerts, "" if ended else alerts, "", {})


def _json(text: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        raise Refusal(400, "no JSON") from None
    if not isinstance(body, dict):
        raise Refusal(400, "no JSON object")
    return body


@contextmanager
def receiving(addresses: Addresses) -> Iterator[Receivers]:
    """Run all receivers until the block ends."""
    received = Received()
    server = WebServer(addresses, received)

    class Posted(Handler):
        def do_POST(self) -> None:  # noqa: N802 (its base calls it so)
            text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = server.answer(self.path, self.headers.get("Authorization", ""), text)
            self.respond(answer.status, answer.kind, answer.text)

    with serving(Posted) as url, ExitStack() as running:
        at = {}
        for called, mail, boxes in _mail_servers(addresses):
            password = addresses.passwords.get(called, "")
            at[called] = running.enter_context(mailing(MailServer(called, received, mail, boxes, password)))
        for name, definition in definitions().items():
            at.setdefault(definition.channel.called, f"{url}/{name}")
        yield Receivers(url, at, received)


def _mail_servers(addresses: Addresses) -> Iterator[tuple[str, Mail, Iterable[str]]]:
    """List the mail servers: what recipients are called there, how it reads, and its mailboxes."""
    for name, definition in definitions().items():
        if isinstance(definition.receiver, Mail):
            yield definition.channel.called, definition.receiver, addresses.known.get(name, {})
    for destination in addresses.fallback:
        mail = definitions()[destination.channel.name].receiver
        if isinstance(mail, Mail):
            yield destination.recipient[0], mail, [destination.address]


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
