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
    if destination.fallback and delivery.fallback is not None:
        smtp, password = delivery.fallback.smtp, SECOND_PASSWORD
    if smtp is None:
        raise ValueError("a platform that sends mail has been checked for a mail server")
    entry: Entry = {
        "to": destination.address,
        "send_resolved": True,
        "headers": {"subject": template("email.subject")},
        "text": template("email.text"),
        "html": template("email.html"),
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
    ended = " resolved" in subject[: subject.find("]")]
    firing, _, resolved = text.partition("\nResolved:\n") if "\nResolved:\n" in text else text.partition("Resolved:\n")
    named = (line.partition(": ") for line in text.splitlines())
    links = {name: target for name, _, target in named if target.startswith("http")}
    return Notification(recipient, at, ended, "", subject, firing, resolved, links)


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
