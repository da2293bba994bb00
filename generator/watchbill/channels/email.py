"""E-mail, over the platform's mail server: RFC 5321 and 4954."""

from __future__ import annotations

import re
from email.message import EmailMessage
from typing import Annotated

from watchbill.channels.base import Definition, Destination, Entry, Need, secret, template
from watchbill.channels.received import Loopback, Mail, Notification, Recipient, need
from watchbill.language.fields import TextRule
from watchbill.model.routing import Channel, Delivery, Smtp

PASSWORD, SECOND_PASSWORD = "smtp-password", "second-path-smtp-password"  # names of secret files
LONGEST_SHORT = 160  # characters of one text message, in seven bits (3GPP TS 23.038)
Address = Annotated[
    str,
    TextRule(
        "an e-mail address",
        "write it as in team@example.com",
        254,
        re.compile(r"[^\s@<>\"',;]+@[^\s@<>\"',;]+\.[A-Za-z0-9-]+"),
    ),
]


def _entry(destination: Destination, delivery: Delivery) -> Entry:
    """Write one entry, with its server; a receiver without one would inherit the user of a global one."""
    smtp, password = delivery.smtp, PASSWORD
    form = "short" if destination.fallback else "email"
    if destination.fallback and delivery.fallback is not None:
        smtp, password = delivery.fallback.smtp, SECOND_PASSWORD
    if smtp is None:
        raise ValueError("a platform that sends mail has been checked for a mail server")
    entry: Entry = {
        "to": destination.address,
        "send_resolved": True,
        "headers": {"subject": template(f"{form}.subject")},
        "text": template(f"{form}.text"),
        "html": "" if destination.fallback else template("email.html"),
        "smarthost": smtp.host,
        "from": smtp.sender,
    }
    if smtp.user:
        entry |= {"auth_username": smtp.user, "auth_password_file": secret(delivery, password)}
    return entry


def _second(delivery: Delivery) -> Smtp | None:
    return delivery.fallback.smtp if delivery.fallback is not None else None


def _login(smtp: Smtp | None, password: str) -> str:
    """Name the secret file of a server's user; "" where it has none."""
    return password if smtp is not None and smtp.user else ""


def _read(message: EmailMessage, recipient: Recipient, at: float) -> Notification:
    """Read a mail's subject and plain text."""
    body = message.get_body(("plain",))
    need(body is not None, 550, "a mail without plain text")
    text = str(body.get_content()).replace("\r\n", "\n") if body is not None else ""
    subject = str(message["Subject"])
    if not subject.startswith("["):
        return _short(subject, text.strip(), recipient, at)
    ended = " resolved" in subject[: subject.find("]")]
    firing, _, resolved = text.partition("\nResolved:\n") if "\nResolved:\n" in text else text.partition("Resolved:\n")
    named = (line.partition(": ") for line in text.splitlines())
    links = {name: target for name, _, target in named if target.startswith("http")}
    return Notification(recipient, at, ended, "", subject, firing, resolved, links)


def _short(subject: str, text: str, recipient: Recipient, at: float) -> Notification:
    """Read what becomes a text message, and refuse what would become two."""
    need(len(f"{subject} {text}") <= LONGEST_SHORT, 552, f"a text message of {len(subject) + 1 + len(text)} characters")
    need(f"{subject}{text}".isascii(), 554, "a text message with characters of its own")
    ended = subject.endswith(" resolved")
    return Notification(
        recipient, at, ended, "", subject, "" if ended else text, text if ended else "", {}, first_only=True, brief=True
    )


CHANNEL = Definition(
    channel=Channel(name="email", title="E-mail", called="e-mail", server="the mail server", rank=30, listed="{}"),
    address=Address,
    usual=("P0", "P1"),
    usage="""\
teams:
  backend:
    title: Backend
    email: backend@example.com
delivery:
  smtp: {host: "smtp.example.com:587", from: alerts@example.com, user: alerts}
""",
    key="email_configs",
    entry=_entry,
    needs=Need(
        "smtp",
        "there is no mail server to send it",
        'add "delivery: {smtp: {host: …, from: …}}" to the platform',
    ),
    receiver=Mail(
        read=_read,
        password=lambda delivery: _login(delivery.smtp, PASSWORD),
        fallback_password=lambda delivery: _login(_second(delivery), SECOND_PASSWORD),
    ),
    loopback=Loopback(settings=lambda _: {"smtp_require_tls": False}, entry=lambda _, host: {"smarthost": host}),
)
