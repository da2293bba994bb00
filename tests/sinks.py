"""Receivers on loopback that record what Slack, PagerDuty, a webhook or a mailbox would have been sent.

Leave an Alertmanager before its receivers: `with web_sink() as web, alertmanager(...) as url`.
"""

from __future__ import annotations

import email
import email.policy
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage, Message
from typing import Any, Generic, TypeVar

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from servers import Handler, http_server
from watchbill.stack.loopback import PATIENCE_SECONDS
from watchbill.stack.receivers import mailing

T = TypeVar("T")


class Inbox(Generic[T]):
    """What a receiver got, in the order of arrival; the test waits while the receiver's thread records."""

    def __init__(self) -> None:
        self._items: list[T] = []
        self._arrival = threading.Condition()

    def add(self, item: T) -> None:
        with self._arrival:
            self._items.append(item)
            self._arrival.notify_all()

    def those(self, admits: Callable[[T], bool]) -> list[T]:
        with self._arrival:
            return [item for item in self._items if admits(item)]

    def wait_for(self, count: int, admits: Callable[[T], bool], patience: float) -> list[T]:
        with self._arrival:
            self._arrival.wait_for(lambda: sum(map(admits, self._items)) >= count, patience)
        found = self.those(admits)
        assert len(found) >= count, f"{len(found)} of {count} arrived in {patience} s"
        return found


@dataclass(frozen=True, slots=True)
class Posted:
    """One request that a web sink got; `headers` are asked without regard to case."""

    path: str
    headers: Message
    body: Any


class WebSink:
    """An address that takes what Slack, PagerDuty and webhooks are sent, under paths of the test's choice."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.inbox = Inbox[Posted]()
        self.statuses: dict[str, int] = {}

    def requests(self, path_prefix: str = "/") -> list[Posted]:
        """List what has arrived below a path, refused or not."""
        return self.inbox.those(lambda posted: posted.path.startswith(path_prefix))

    def wait_for(self, count: int, path_prefix: str = "/", patience: float = PATIENCE_SECONDS) -> list[Posted]:
        """Wait until so many have arrived below a path, and list them; fails where they do not within `patience` s."""
        return self.inbox.wait_for(count, lambda posted: posted.path.startswith(path_prefix), patience)

    def answer(self, path: str, status: int) -> None:
        """Answer a path with a status from now on; 200 mends it.

        Alertmanager gives up at 403, and counts the notification as failed; 500 it retries for at least 10 s before.
        """
        self.statuses[path] = status

    def reply(self, posted: Posted) -> tuple[int, str]:
        """Choose status and body as the receiver does that the body is meant for."""
        if (status := self.statuses.get(posted.path, 200)) != 200:
            return status, "refused by the test"
        if "routing_key" in posted.body:
            return 202, json.dumps({"status": "success", "message": "Event processed", "dedup_key": "x"})
        return 200, "ok"


@contextmanager
def web_sink() -> Iterator[WebSink]:
    """Record every POST of JSON; gives the sink, with its `url`."""

    class Receiver(Handler):
        def do_POST(self) -> None:  # noqa: N802 (its base calls it so)
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            posted = Posted(self.path, self.headers, body)
            status, text = sink.reply(posted)
            with suppress(ConnectionError):  # an Alertmanager that is being stopped does not wait for its answer
                self.respond(status, "application/json" if status == 202 else "text/plain", text)
            sink.inbox.add(posted)

    with http_server(Receiver) as port:
        sink = WebSink(port)
        yield sink


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it was handed over: the envelope, and the parsed message."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage


class MailSink:
    """A mail server that takes everything, and notes who logs in; it delivers nothing."""

    def __init__(self) -> None:
        self.smarthost = ""
        self.inbox = Inbox[Mail]()
        self.logins: set[tuple[str, str]] = set()

    def admit(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.logins.add((given.login.decode(), given.password.decode()))
        return AuthResult(success=True)

    def mails(self) -> list[Mail]:
        """List what has arrived."""
        return self.inbox.those(lambda _: True)

    def wait_for(self, count: int, patience: float = PATIENCE_SECONDS) -> list[Mail]:
        """Wait until so many have arrived, and list them; fails where they do not within `patience` s."""
        return self.inbox.wait_for(count, lambda _: True, patience)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 (aiosmtpd calls it so)
        message = email.message_from_bytes(envelope.original_content or b"", policy=email.policy.default)
        self.inbox.add(Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), message))
        return "250 taken"


@contextmanager
def mail_sink() -> Iterator[MailSink]:
    """Record every mail that is handed over without TLS, with a login or without; gives the sink."""
    sink = MailSink()
    with mailing(sink) as sink.smarthost:
        yield sink
