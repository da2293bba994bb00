"""`specs/drills/<name>.yaml`: a fault as people know it, what it breaks, and who must hear of it."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field

from watchbill.language.base import Authored, Formerly
from watchbill.language.fields import Count, DurationText, KeyName, Reference, Sentence, ServiceName, TextRule
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
    healthy: DurationText
    times: Count


class ReceiverSpec(Authored):
    """A receiver that answers every message with an error, from the fault on and for a while."""

    channel: ChannelName
    fails_for: DurationText


class ExpectSpec(Authored):
    """What must come of a fault, and nothing else may.

    `notified` reach exactly their receivers, once; `muted` fire and reach nobody; `quiet` must not fire. `incidents`
    counts what each team sees for this one cause; a team that is not named is not woken.
    """

    notified: Annotated[Alerts, Field(min_length=1), Formerly("told")]
    muted: Alerts = ()
    quiet: Alerts = ()
    incidents: dict[Reference, Count]


class DrillSpec(Authored):
    """A drill. `breaks` lists the alerts whose own series are played past their thresholds, in each environment.

    `env` is the first that pages where nothing is said. `restart` stops and starts a server in the middle.
    """

    drill: ServiceName
    title: Sentence
    env: Annotated[tuple[KeyName, ...], Field(min_length=1)] | None = None
    breaks: Annotated[Alerts, Field(min_length=1)]
    flaps: FlapsSpec | None = None
    restart: Literal["prometheus", "alertmanager"] | None = None
    receiver: ReceiverSpec | None = None
    expect: ExpectSpec
