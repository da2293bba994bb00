"""What a drill's receivers take: a message as it was read, and how a channel's file says what is read and refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from watchbill.model.routing import Delivery

Recipient = tuple[str, str]
"""A channel, as it is called, and an address on it."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One message that a receiver took: whom it reached and when, of what still fires (or of an end), and its texts.

    `firing` and `resolved` are the parts of the text about each: a drill looks there for the summary and description
    of every alert. `incident` tells the incidents of a receiver apart, "" where it opens none. `links` is what can be
    tapped, by name: Runbook, Panel and Silence, or nothing where the channel's definition says `links=False`.
    `first_only` says that other alerts of the message have no links, `brief` that it names its alerts and has
    no room for their texts.
    """

    recipient: Recipient
    at: float
    ended: bool
    incident: str
    title: str
    firing: str
    resolved: str
    links: Mapping[str, str]
    first_only: bool = False
    brief: bool = False


class Refusal(Exception):  # noqa: N818 (the receiver is fine)
    """A message that a real receiver does not take, with the status that it answers."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def need(fine: object, status: int, text: str) -> None:
    """Refuse a message unless something is so."""
    if not fine:
        raise Refusal(status, text)


@dataclass(frozen=True, slots=True)
class Post:
    """A request with JSON: its path below the receiver's own, when it came, and whom the receiver knows.

    `known` maps what a message calls an address to the address.
    """

    path: str
    body: Mapping[str, Any]
    at: float
    known: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the real receiver answers to a message that it takes."""

    status: int = 200
    text: str = "ok"
    kind: str = "text/plain"


def _fine(_notification: Notification) -> Answer:
    return Answer()


def _itself(_team: str, address: str) -> str:
    return address


@dataclass(frozen=True, slots=True)
class Web:
    """A receiver that JSON is posted to, below `/<channel>`.

    `read` makes a notification of a request, and raises `Refusal` for what the real receiver would refuse. `answer`
    is what it says to one that it took. `calls` says what a message calls an address of a team.
    """

    read: Callable[[Post], Notification]
    answer: Callable[[Notification], Answer] = _fine
    calls: Callable[[str, str], str] = _itself


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail server; `read` makes a notification of a mail, given whom it reached and when.

    `password` names the secret file with which Alertmanager logs in there, and `fallback_password` that of the
    fallback's server; "" where the platform names no user, and mail is taken without a login.
    """

    read: Callable[[EmailMessage, Recipient, float], Notification]
    password: Callable[[Delivery], str]
    fallback_password: Callable[[Delivery], str]


def _no_settings(_at: str) -> Mapping[str, Any]:
    return {}


def _no_secrets(_at: str) -> Mapping[str, str]:
    return {}


def _unchanged(_entry: Mapping[str, Any], _at: str) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Loopback:
    """What leads the emitted configuration to a receiver on loopback, by where that answers: a URL, or host and port.

    `settings` are global ones, `secrets` the texts of secret files by name (others hold `drill_secret`), and `entry`
    gives what is set in an entry.
    """

    settings: Callable[[str], Mapping[str, Any]] = _no_settings
    secrets: Callable[[str], Mapping[str, str]] = _no_secrets
    entry: Callable[[Mapping[str, Any], str], Mapping[str, Any]] = _unchanged


def drill_secret(name: str) -> str:
    """Make up what a secret file holds in a drill."""
    return f"drill-{name}"
