"""What there is to know of a channel: its address, its words, its entry in a receiver, and what a drill checks.

Every text of a message is a template that ships with this package (Alertmanager's docs, "Notification template
reference"), so a message changes without its routing. Only functions that Alertmanager 0.25 knows are used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from watchbill import naming
from watchbill.channels.received import Loopback, Mail, Recipient, Web
from watchbill.model.routing import Channel, Delivery
from watchbill.quantity import Duration

Entry = dict[str, Any]
"""One entry of a receiver's list, such as `slack_configs`, as plain data."""


@dataclass(frozen=True, slots=True)
class Destination:
    """An address on a channel, and the team that it belongs to; the platform's own has no team.

    `fallback` says that it is the fallback receiver's.
    """

    channel: Channel
    address: str
    team: str = ""
    fallback: bool = False

    @property
    def recipient(self) -> Recipient:
        """Name it as a drill's receiver does."""
        return f"{self.channel.called}, fallback" if self.fallback else self.channel.called, self.address


@dataclass(frozen=True, slots=True)
class Need:
    """What a channel needs of the platform's `delivery`: a key there, what is wrong without it, and what to add."""

    key: str
    what: str
    todo: str


@dataclass(frozen=True, slots=True)
class SecretForm:
    """What a secret file must hold: `what` ends "not …", `fits` looks at the text without blanks around it."""

    what: str
    fits: Callable[[str], bool]
    todo: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A channel as its file defines it.

    `address` is the type of the field in `teams.<team>`; the `kind` of its `TextRule` has its article, such as "a Slack
    channel", since messages say that a text "is not a Slack channel". `usual` are the severities that go there where a
    platform says nothing. `entry` writes what stands under `key` in a receiver (Alertmanager's docs, "receiver"), and
    `global_files` maps global settings to the secret files that they need. `closes_after` is how long an incident
    stays open that hears nothing, and `secret_forms` say by setting what a secret file must hold. `receiver` is what
    stands for the channel in a drill, and `loopback` how the configuration gets there.

    `usage` are lines of a platform that give a team an address here, and let a severity go there where none is usual;
    the reference compiles them with the rest of the example platform, and tests take the address from them.

    `links` says that each message offers Runbook, Panel and Silence, which drills follow; False for a channel whose
    messages have nothing to tap. A channel that sends what Alertmanager makes by itself needs no template.
    """

    channel: Channel
    address: Any
    key: str
    entry: Callable[[Destination, Delivery], Entry]
    receiver: Web | Mail
    usage: str
    links: bool = True
    usual: tuple[str, ...] = ()
    loopback: Loopback = field(default_factory=Loopback)
    global_files: Mapping[str, str] = field(default_factory=dict)
    needs: Need | None = None
    closes_after: Duration | None = None
    secret_forms: Mapping[str, SecretForm] = field(default_factory=dict)


def secret(delivery: Delivery, name: str) -> str:
    """Place a secret file of the platform's."""
    return naming.secret_file(delivery.secrets, name)


def template(name: str) -> str:
    """Name a template of ours: `slack.title`."""
    return f'{{{{ template "watchbill.{name}" . }}}}'


def link_name(target: str) -> str:
    """Name a link; where the alert has no such address, it leads to Alertmanager, and says so."""
    return "Silence" if target == "silence" else template(f"lead.{target}.called")
