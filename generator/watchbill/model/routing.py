"""Who is notified: channels, receivers, and what holds for each severity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watchbill import naming
from watchbill.quantity import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A way to reach a team, in the words of its file in `channels/`.

    `title` begins a line, `called` stands within a sentence, `server` is what can be out of order there (the same
    where it is empty), and `listed` writes an address (`Slack {}`). `rank` is low where it is loud. One that `wakes`
    somebody is used only where environments page; `incidents` says that it opens one, which stays until it is closed.
    """

    name: str
    title: str
    called: str
    rank: int
    listed: str
    server: str = ""
    wakes: bool = False
    incidents: bool = False


@dataclass(frozen=True, slots=True)
class Receiver:
    """Whom Alertmanager tells under one name: a team over its channels, loudest first.

    One that is not of a team and a severity has a name of its own, such as `unowned`.
    """

    team: str = ""
    channels: tuple[Channel, ...] = ()
    own_name: str = ""

    @property
    def name(self) -> str:
        """The name in Alertmanager's configuration and in the catalogue; it is written, and never read."""
        return self.own_name or naming.receiver(self.team, (channel.name for channel in self.channels))


HEARTBEAT = Receiver(own_name=naming.HEARTBEAT)
SHADOW = Receiver(own_name=naming.SHADOW)
FALLBACK = Receiver(own_name=naming.FALLBACK)


SHORT_WAIT = Duration.parse("5s")  # of the route of a service that has promised a time


@dataclass(frozen=True, slots=True)
class Timing:
    """When Alertmanager tells (its documentation, "route"): first, of what joins the group, and again."""

    group_wait: Duration
    group_interval: Duration
    repeat_interval: Duration


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for a severity: its channels, loudest first, its timing, and the quiet times that it keeps."""

    channels: tuple[Channel, ...]
    timing: Timing
    quiet_times: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A part of a day, `HH:MM` to `HH:MM` exclusive, never across midnight; all days where none is named."""

    days: tuple[str, ...]
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class QuietTime:
    """When a severity that can wait is not sent; what still fires afterwards is."""

    name: str
    ranges: tuple[TimeRange, ...]
    zone: str


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server as `host:port`; where it wants a user, its password is a secret file."""

    host: str
    sender: str
    user: str


@dataclass(frozen=True, slots=True)
class Fallback:
    """An address that is reached without anything that the first path needs."""

    email: str
    smtp: Smtp


@dataclass(frozen=True, slots=True)
class Delivery:
    """What Alertmanager needs to reach the outside; empty where a platform has no such thing.

    `secrets` is the folder of its secret files, on the machine that runs it; `shadow` the log channel;
    `heartbeat` the URL of a dead man's switch.
    """

    secrets: str
    smtp: Smtp | None
    shadow: str
    heartbeat: str
    heartbeat_token: bool
    fallback: Fallback | None


@dataclass(frozen=True, slots=True)
class Match:
    """A matcher on one label. `values` are alternatives; none means that the label is not there."""

    label: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class InhibitRule:
    """While a source fires, targets with the same values of `equal` are muted; `why` is for readers."""

    source: tuple[Match, ...]
    target: tuple[Match, ...]
    equal: tuple[str, ...]
    why: str


Receivers = Mapping[str, tuple[Receiver, ...]]
"""Environment -> the receivers that are notified, in the order in which routes reach them."""
