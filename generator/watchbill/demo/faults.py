"""The faults of a running stack: each has an alert that it shall bring, and an end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from watchbill.demo.burning import KIND, burning
from watchbill.demo.overlay import Labels, Laid, LivingWorld, area, clash
from watchbill.drill.fault import JOB, Fault, fault, paging_place, rule_at
from watchbill.errors import ToolError, WatchbillError
from watchbill.explain import find
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle, Service
from watchbill.model.slo import Slo
from watchbill.quantity import Duration
from watchbill.stack.world import Target, targets

LONGEST = Duration.parse("1h")


class UnknownError(WatchbillError):
    """There is no such alert or fault."""


class ConflictError(WatchbillError):
    """A fault cannot be injected as things are."""


@dataclass(frozen=True, slots=True)
class Running:
    """A fault that runs now, until a Unix time."""

    id: str
    alert: Alert
    until: float
    laid: tuple[Laid, ...]


Say = Callable[[str, str], None]
"""Tells who watches of a kind of event, and in words what happened."""


@dataclass(frozen=True, slots=True)
class Possible:
    """What can be injected: by an alert's id its fault and its signal's labels, or why there is none; and targets."""

    faults: Mapping[str, Fault]
    within: Mapping[str, Labels]
    without: Mapping[str, str]
    targets: tuple[Target, ...]


def possible(bundle: Bundle) -> Possible:
    """Work out the fault of every alert."""
    faults: dict[str, Fault] = {}
    within: dict[str, Labels] = {}
    without: dict[str, str] = {}
    every: list[Target] = []
    for service in bundle.services:
        known = list(targets([service]))
        for alert in service.alerts:
            try:
                faults[alert.id] = found = _fault(alert, service, known)
                within[alert.id] = _within(alert, service)
                known += found.targets  # made up once, for all alerts that need them
            except ToolError as error:
                without[alert.id] = str(error)
        every += known
    return Possible(faults, within, without, tuple(every))


def _fault(alert: Alert, service: Service, known: Sequence[Target]) -> Fault:
    place = paging_place(service)
    example = rule_at(alert, place).example
    if example.constant:
        raise ToolError("it fires always, so that a switch notices when it stops")
    if example.long_history:
        raise ToolError("it needs a longer history than a demo has")
    found = burning(alert, service, place, known) if alert.kind == KIND else fault(alert, service, place, known)
    if not found.series:
        raise ToolError("nothing is scraped that it reads")
    return found


def _within(alert: Alert, service: Service) -> Labels:
    own = service.signal(service.slo(alert.slo).signal if alert.slo else alert.subject)
    return frozenset((each.label, each.value) for each in own.matchers if each.op == "=" and each.label != JOB)


class Faults:
    """What runs now. Threads may ask and change it at once."""

    def __init__(self, bundle: Bundle, what: Possible, world: LivingWorld, say: Say) -> None:
        self._bundle, self._possible, self._world, self._say = bundle, what, world, say
        self._lock = Lock()
        self._running: dict[str, Running] = {}
        self._last = 0

    def running(self) -> list[Running]:
        """List what runs, the oldest first."""
        with self._lock:
            return list(self._running.values())

    def inject(self, name: str, ttl: Duration) -> Running:
        """Begin a fault; raises `UsageError`, `UnknownError` or `ConflictError` with a sentence."""
        alert = find(self._bundle, name)
        if isinstance(alert, Slo):
            raise UnknownError(f'"{alert.id}" is an objective; name one of its alerts, such as {self._of(alert)}')
        if alert.id not in self._possible.faults:
            raise ConflictError(f"{alert.id} cannot be injected: {self._possible.without[alert.id]}")
        series, within = self._possible.faults[alert.id].series, self._possible.within[alert.id]
        with self._lock:
            for other in self._running.values():
                for job, (env, _), family, _ in clash(
                    (area(each, within) for each in series), (each.area for each in other.laid)
                ):
                    raise ConflictError(
                        f"{alert.id} moves {family} of {job} in {env}, and so does fault {other.id} "
                        f"({other.alert.id}); clear that one first"
                    )
            self._last += 1
            until = time.time() + float(ttl.seconds)
            found = Running(str(self._last), alert, until, self._world.disturb(series, within))
            self._running[found.id] = found
        self._say("fault", f"{alert.id} for {ttl}: {alert.sentence}")
        return found

    def _of(self, slo: Slo) -> str:
        return min(each.id for each in self._bundle.alerts if each.service == slo.service and each.slo == slo.name)

    def clear(self, id_: str) -> None:
        """End a fault; raises `UnknownError` with a sentence."""
        self._end(id_, "cleared", "was taken away")

    def expire(self) -> None:
        """End what has lived its time."""
        for each in self.running():
            if each.until <= time.time():
                try:
                    self._end(each.id, "expired", "has lived its time")
                except UnknownError:  # somebody cleared it just now
                    continue

    def _end(self, id_: str, kind: str, how: str) -> None:
        with self._lock:
            if id_ not in self._running:
                raise UnknownError(f'no fault "{id_}" runs; GET /faults lists those that do')
            found = self._running.pop(id_)
            self._world.lift(found.laid)
        self._say(kind, f"the fault of {found.alert.id} {how}")
