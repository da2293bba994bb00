"""`specs/drills/<name>.yaml`: a fault as people know it, what it breaks, and who must hear of it."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field

from watchbill.language.base import Authored, Formerly
from watchbill.language.fields import Count, DurationText, KeyName, Reference, ServiceName, TextRule, Title
from watchbill.spec.platform import ChannelName

AlertId = Annotated[
    str,
    TextRule(
        "an alert",
        "write service/Alert, such as core-api/CircuitBreakerOpen",
        121,
        re.compile(r"[a-z0-9-]+/[A-Za-z0-9]+"),
    ),
]
Alerts = tuple[AlertId, ...]


class FlapsSpec(Authored):
    """A fault that comes and goes: for how long it is there, for how long it is gone, and how often."""

    broken: DurationText
    """How long the fault is there each time."""
    healthy: DurationText
    """How long it is gone in between."""
    times: Count
    """How often it comes."""


class ReceiverSpec(Authored):
    """A receiver that answers every message with an error, from the fault on and for a while."""

    channel: ChannelName
    """The channel whose receiver fails."""
    fails_for: DurationText
    """For how long, from the fault on."""


class ExpectSpec(Authored):
    """What must come of a fault, and nothing else may.

    `notified` reach exactly their receivers, once; `muted` fire and reach nobody; `quiet` must not fire. `incidents`
    counts what each team sees of this fault; a team that is not named is not woken.
    """

    notified: Annotated[Alerts, Field(min_length=1), Formerly("told")]
    """The alerts that reach exactly their receivers, once."""
    muted: Alerts = ()
    """The alerts that fire, and reach nobody."""
    quiet: Alerts = ()
    """The alerts that must not fire."""
    incidents: dict[Reference, Count]
    """How many incidents are opened for each team; a team that is not named is not woken."""


class DrillSpec(Authored):
    """A drill. `breaks` lists the alerts whose own series are played past their thresholds, in each environment.

    `env` is the first that pages where nothing is said. `restart` stops and starts a server in the middle.
    """

    drill: ServiceName
    """The drill's name, which is the file's too."""
    title: Title
    """What happens, in one line."""
    env: Annotated[tuple[KeyName, ...], Field(min_length=1)] | None = None
    """The environments in which it happens; without it the first that pages."""
    breaks: Annotated[Alerts, Field(min_length=1)]
    """The alerts whose own series are played past their thresholds."""
    flaps: FlapsSpec | None = None
    """For a fault that comes and goes."""
    restart: Literal["prometheus", "alertmanager"] | None = None
    """The server that is stopped and started in the middle."""
    receiver: ReceiverSpec | None = None
    """A receiver that fails meanwhile."""
    expect: ExpectSpec
    """What must come of it, and nothing else may."""
