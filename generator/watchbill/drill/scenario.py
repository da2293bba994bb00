"""Play a drill of the specs: a fault that hits several alerts at once, and what is done to the servers meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from watchbill.drill import history
from watchbill.drill.fault import Fault, fault
from watchbill.drill.outcome import Outcome
from watchbill.drill.record import Record
from watchbill.drill.rulesets import areas_beside, rule_files
from watchbill.drill.single import HEALTHY_SECONDS, TOLERANCE_SECONDS, WAITED_SECONDS, seconds
from watchbill.drill.watch import Say, Watch, named
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Service
from watchbill.model.drills import Drill, Flaps
from watchbill.model.examples import Phase
from watchbill.stack import configuration
from watchbill.stack.api import key
from watchbill.stack.running import Scaled, Setting, stack
from watchbill.stack.servers import Servers
from watchbill.stack.world import Moving, Series, Target, World, targets

MARGIN_SECONDS = 1.5  # more than a group's wait under the time scale, on a busy machine


class Scenario:
    """A drill of the specs on its own stack, and everything that is held of it."""

    def __init__(self, drill: Drill, scaled: Scaled, setting: Setting) -> None:
        self.drill, self.scaled, self.setting, self.bundle = drill, scaled, setting, scaled.bundle
        self.alerts = {name: self.bundle.alert(name) for name in drill.named}
        self.services = tuple(dict.fromkeys(alert.service for alert in self.alerts.values()))
        known = targets(map(self.bundle.service, self.services))
        self.faults = tuple(self._fault(name, place, known) for place in drill.places for name in drill.breaks)
        made_up = dict.fromkeys(target for each in self.faults for target in each.targets)
        self.targets: Sequence[Target] = (*known, *made_up)
        self.record = Record(drill.name, drill.title, drill.severity.value, scaled.scale.divisor)

    def _fault(self, name: str, place: tuple[str, str], known: Sequence[Target]) -> Fault:
        alert = self.alerts[name]
        return fault(alert, self.bundle.service(alert.service), place, known)

    def run(self, folder: Path, say: Say) -> Record:
        """Go through all phases; what fails is noted, and the rest goes on."""
        world = World(self.setting.samples)
        with stack(folder, self.setting, self.scaled, self.targets, world, self._rules()) as running:
            outcome = Outcome(self.drill, self.bundle, Watch(running, self.record, say), self.record)
            self._go(outcome, world, folder)
        self.record.seconds = time.time() - outcome.watch.began
        return self.record

    @property
    def series(self) -> list[Series]:
        """List the series of all faults; what several share is there once."""
        found = (each for one in self.faults for each in one.series)
        return list({(each.target, each.text): each for each in found}.values())

    def _lay(self, world: World, folder: Path) -> list[Moving]:
        """Lay all series, healthy, with a history where an alert compares with what was long ago."""
        series, needed = self.series, self._history()
        if needed <= WAITED_SECONDS:
            return world.lay(series)
        return history.healthy(series, needed, world, folder, self.setting.generation.promtool)

    def _history(self) -> float:
        return max(seconds(each.example.history) for each in self.faults)

    def _rules(self) -> dict[str, configuration.Config]:
        found: dict[str, configuration.Config] = {}
        for service in map(self.bundle.service, self.services):
            found |= rule_files(service, (), areas_beside(self._of(service), service))
        return found

    def _of(self, service: Service) -> Alert:
        return next(alert for alert in self.alerts.values() if alert.service == service.name)

    def _go(self, outcome: Outcome, world: World, folder: Path) -> None:
        moving = self._lay(world, folder)
        with Servers(outcome.watch.stack) as servers:
            self._healthy(outcome.watch, HEALTHY_SECONDS + min(self._history(), WAITED_SECONDS))
            until = self._fail_receiver(outcome.watch)
            with _breaking(moving, self.drill.flaps) as coming:
                at = time.time()
                outcome.watch.note("fault", self.drill.title, at)
                self._before(outcome.watch, servers)
                self._come(outcome, until)
                self._after(outcome.watch, servers)
                self._stay(outcome, at, coming)
            _enter(moving, Phase.HEALTHY)
            outcome.watch.note("cleared", "the fault is gone")
            self._end(outcome, until)

    def _before(self, watch: Watch, servers: Servers) -> None:
        """Do what is to be done to the servers as soon as the fault is there."""

    def _after(self, watch: Watch, servers: Servers) -> None:
        """Do what is to be done to the servers when everybody has been notified."""

    # The phases.

    def _healthy(self, watch: Watch, lasts: float) -> None:
        watch.healthy(lasts)
        watch.note("healthy", f"{len(self.targets)} targets answer as they usually do")
        early = sorted(named(dict(each)) for each in watch.fired)
        self.record.hold("nothing fires while all is well", ", ".join(early))

    def _fail_receiver(self, watch: Watch) -> float:
        """Let a receiver answer with errors from now on, where one is to; returns until when."""
        outage = self.drill.outage
        if outage is None:
            return time.time()
        until = time.time() + seconds(outage.lasts)
        watch.stack.receivers.received.break_(outage.channel.called, until)
        watch.note("out of order", f"{outage.channel.name} answers with errors for {seconds(outage.lasts):.1f} s")
        return until

    def _come(self, outcome: Outcome, until: float) -> None:
        """Wait until all has come of the fault."""
        patience = max(0.0, until - time.time()) + self._rises() + TOLERANCE_SECONDS
        outcome.watch.until(patience, outcome.has_come)
        wanted = {key(expected.labels) for each in self.faults for expected in each.expected}
        missing = ", ".join(named(dict(each)) for each in sorted(wanted - outcome.watch.fired.keys()))
        self.record.hold("what is broken fires with its exact labels", missing)

    def _stay(self, outcome: Outcome, at: float, coming: Thread | None = None) -> None:
        """Give what is muted, and what is quiet, the time to be sent and to fire; the fault came at `at`."""
        watch = outcome.watch
        watch.for_(self._wait())
        if coming is not None:
            watch.until(TOLERANCE_SECONDS + self._flapping(), lambda: not coming.is_alive())
        watch.for_(at + self._due(self.drill.quiet) + MARGIN_SECONDS - time.time())
        outcome.note_muted()

    def _end(self, outcome: Outcome, until: float) -> None:
        """Wait until all is over, and hold everything that was seen."""
        watch = outcome.watch
        watch.until(self._clears() + TOLERANCE_SECONDS, outcome.has_ended)
        self.record.hold("everything resolves", ", ".join(sorted(outcome.lasting())))
        outcome.hold()
        if self.drill.outage is not None:
            outcome.hold_outage(self.drill.outage.channel.called, until)

    # How long things take.

    def _rises(self) -> float:
        return self._due((*self.drill.breaks, *self.drill.notified, *self.drill.muted))

    def _due(self, names: Iterable[str]) -> float:
        """How long after the fault the last of some alerts fires, if it does."""
        alerts = [self.alerts[name] for name in names]
        return max((seconds(a.rules[0].example.settles) + seconds(a.for_) for a in alerts), default=0.0)

    def _clears(self) -> float:
        notified = [self.alerts[name] for name in self.drill.notified]
        interval = max(
            seconds(self.bundle.platform.policies[alert.severity].timing.group_interval) for alert in notified
        )
        clears = (seconds(a.rules[0].example.clears) + seconds(a.keep_firing_for) for a in self.alerts.values())
        return max(clears) + interval

    def _wait(self) -> float:
        """Wait longer than what is muted would: to be sent first, or to join a group that was sent."""
        notified = {(alert.service, alert.severity) for alert in map(self.alerts.__getitem__, self.drill.notified)}
        waits = [0.0]
        for alert in map(self.alerts.__getitem__, self.drill.muted):
            timing = self.bundle.platform.policies[alert.severity].timing
            joins = (alert.service, alert.severity) in notified
            waits.append(seconds(timing.group_interval if joins else timing.group_wait))
        return max(waits) + MARGIN_SECONDS

    def _flapping(self) -> float:
        flaps = self.drill.flaps
        return flaps.times * (seconds(flaps.broken) + seconds(flaps.healthy)) if flaps else 0.0


def _enter(moving: Sequence[Moving], phase: Phase) -> float:
    """Let all series go on in a phase; returns the moment."""
    at = time.time()
    for each in moving:
        each.enter(phase, at)
    return at


@contextmanager
def _breaking(moving: Sequence[Moving], flaps: Flaps | None) -> Iterator[Thread | None]:
    """Let a fault be there in the block; one that flaps comes and goes, and has ended when the thread does."""
    if flaps is None:
        _enter(moving, Phase.FIRING)
        yield None
        return
    ended = Event()
    times, on, off = flaps.times, flaps.broken.milliseconds / 1000, flaps.healthy.milliseconds / 1000

    def flap() -> None:
        began = time.monotonic()
        for turn in range(times):
            for phase, until in ((Phase.FIRING, on), (Phase.HEALTHY, on + off)):
                _enter(moving, phase)
                if ended.wait(began + turn * (on + off) + until - time.monotonic()):
                    return

    thread = Thread(target=flap, daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        ended.set()
        thread.join()
