"""Drills: faults that hit several alerts at once, what is done to the servers meanwhile, and what must come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from watchbill.model.alerts import Severity
from watchbill.model.origin import Origin
from watchbill.model.routing import Channel
from watchbill.quantity import Duration

SHORTEST_FOR = Duration.parse("5m")  # in which a drill can restart Prometheus
# How long a fault may take to show that comes and goes in a drill, or in the middle of which anything is restarted.
LONGEST_COURSE = Duration.parse("1h")


class Server(StrEnum):
    """What can be stopped and started in the middle of a drill."""

    PROMETHEUS = "prometheus"
    ALERTMANAGER = "alertmanager"


@dataclass(frozen=True, slots=True)
class Flaps:
    """A fault that comes and goes so many times."""

    broken: Duration
    healthy: Duration
    times: int


@dataclass(frozen=True, slots=True)
class Outage:
    """A receiver that answers with errors from the fault on, for so long."""

    channel: Channel
    lasts: Duration


@dataclass(frozen=True, slots=True)
class Drill:
    """A fault: the alerts whose series are played, by id, and those that must be notified, muted and quiet.

    `incidents` counts by team those that it sees; `places` are the environments and clusters that it hits; `severity`
    is the worst that is notified.
    """

    name: str
    title: str
    severity: Severity
    places: tuple[tuple[str, str], ...]
    breaks: tuple[str, ...]
    notified: tuple[str, ...]
    muted: tuple[str, ...]
    quiet: tuple[str, ...]
    incidents: Mapping[str, int]
    flaps: Flaps | None
    restart: Server | None
    outage: Outage | None
    origin: Origin

    @property
    def named(self) -> tuple[str, ...]:
        """List every alert that it speaks of, once."""
        return tuple(dict.fromkeys((*self.breaks, *self.notified, *self.muted, *self.quiet)))
