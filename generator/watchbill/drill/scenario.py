"""Play a drill of the specs: a fault that hits several alerts at once, and what is done to the servers meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Thread

from watchbill.drill import history, shipped
from watchbill.drill.fault import CHANNELS, Fault, fault, find
from watchbill.drill.flapping import enter, flapping
from watchbill.drill.outcome import Outcome, id_of
from watchbill.drill.record import Record
from watchbill.drill.servers import Servers
from watchbill.drill.single import CALM_SECONDS, SLACK_SECONDS, WAITED_SECONDS, areas_beside, rule_files, seconds
from watchbill.drill.stack import FOR_GRACE, POLL_SECONDS, Scaled, Setting, stack
from watchbill.drill.watch import Say, Watch, key, named
from watchbill.drill.world import Moving, Series, Target, World, targets
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Service
from watchbill.model.drills import SHORTEST_FOR, Drill, Server
from watchbill.model.witness import Regime

MARGIN_SECONDS = 1.5  # more than a group's wait under the time scale, on a busy machine
# Prometheus finds its targets 5 s after it has started, whatever the scale: no window of five minutes may be as short.
RESTART_SCALE = 30
LATE_SECONDS = 1.0  # for a scrape and a look on a busy machine


def scale_of(drill: Drill, divisor: int) -> int:
    """Run a drill that restarts Prometheus slower than the others."""
    return min(divisor, RESTART_SCALE) if drill.restart is Server.PROMETHEUS else divisor


def play(drill: Drill, scaled: Scaled, setting: Setting, folder: Path, say: Say) -> Record:
    """Play a drill in a folder of its own; what fails is noted, and the rest goes on."""
    return _Play(drill, scaled, setting).run(folder, say)


class _Play:
    def __init__(self, drill: Drill, scaled: Scaled, setting: Setting) -> None:
        self.drill, self.scaled, self.setting, self.bundle = drill, scaled, setting, scaled.bundle
        self.alerts = {name: find(self.bundle, name)[0] for name in drill.named}
        self.services = tuple(dict.fromkeys(find(self.bundle, name)[1].name for name in drill.named))
        known = targets(map(self._service, self.services))
        self.faults = tuple(self._fault(name, place, known) for place in drill.places for name in drill.breaks)
        made_up = dict.fromkeys(target for each in self.faults for target in each.targets)
        self.targets: Sequence[Target] = (*known, *made_up)
        severity = min(self.alerts[name].severity.value for name in drill.told)
        self.record = Record(drill.name, drill.title, severity, scaled.scale.divisor)

    def _service(self, name: str) -> Service:
        return next(service for service in self.bundle.services if service.name == name)

    def _fault(self, name: str, place: tuple[str, str], known: Sequence[Target]) -> Fault:
        alert, service = find(self.bundle, name)
        return fault(alert, service, place, known)

    def run(self, folder: Path, say: Say) -> Record:
        """Go through all phases."""
        world = World(self.setting.samples)
        with stack(folder, self.setting, self.scaled, self.targets, world, self._rules()) as running:
            watch = Watch(running, self.record, say)
            outcome = Outcome(self.drill, self.bundle, watch, self.record)
            moving = self._lay(world, folder)
            with Servers(running) as servers:
                self._go(outcome, servers, moving)
        self.record.seconds = time.time() - watch.began
        return self.record

    def _lay(self, world: World, folder: Path) -> list[Moving]:
        """Lay all series, calm, with a history where an alert compares with what was long ago."""
        series, needed = distinct(each for one in self.faults for each in one.series), self._history()
        if needed <= WAITED_SECONDS:
            return world.lay(series)
        now = time.time()
        moving = world.lay(series, since=now - needed - CALM_SECONDS)
        points = history.course(series, moving, [(Regime.CALM, now)], step=max(1.0, needed / 2000))
        history.write(points, folder / "prometheus", self.setting.generation.promtool)
        return moving

    def _history(self) -> float:
        return max(seconds(each.witness.history) for each in self.faults)

    def _rules(self) -> dict[str, shipped.Config]:
        found: dict[str, shipped.Config] = {}
        for service in map(self._service, self.services):
            found |= rule_files(service, (), areas_beside(self._of(service), service))
        return found

    def _of(self, service: Service) -> Alert:
        return next(alert for alert in self.alerts.values() if alert.service == service.name)

    def _go(self, outcome: Outcome, servers: Servers, moving: Sequence[Moving]) -> None:
        watch, outage = outcome.watch, self.drill.outage
        watch.calm(CALM_SECONDS + min(self._history(), WAITED_SECONDS))
        watch.note("healthy", f"{len(self.targets)} targets answer as they usually do")
        early = sorted(named(dict(each)) for each in watch.fired)
        self.record.hold("nothing fires while all is well", ", ".join(early))
        until = time.time() + (seconds(outage.lasts) if outage else 0.0)
        if outage is not None:
            watch.stack.receivers.inbox.break_(CHANNELS[outage.channel], until)
            watch.note("out of order", f"{outage.channel.value} answers with errors for {seconds(outage.lasts):.1f} s")
        with flapping(moving, self.drill.flaps) as coming:
            at = time.time()
            watch.note("fault", self.drill.title, at)
            self._meanwhile(outcome, servers, until, coming)
            # What is quiet must have had its time to fire.
            watch.for_(at + self._due(self.drill.quiet) + MARGIN_SECONDS - time.time())
            outcome.note_muted()
        enter(moving, Regime.CALM)
        watch.note("cleared", "the fault is gone")
        watch.until(self._clears() + SLACK_SECONDS, outcome.has_ended)
        fires_on = sorted(named(dict(each)) for each in watch.firing() if id_of(dict(each)) in self.drill.named)
        self.record.hold("everything resolves", ", ".join(fires_on))
        outcome.hold()
        if outage is not None:
            outcome.hold_outage(CHANNELS[outage.channel], until)

    def _meanwhile(self, outcome: Outcome, servers: Servers, until: float, coming: Thread | None) -> None:
        """Wait until all has come of the fault, restart what is to be, and let what is muted have its time."""
        watch = outcome.watch
        if self.drill.restart is Server.PROMETHEUS:
            self._restart_prometheus(watch, servers)
        elif self.drill.restart is Server.ALERTMANAGER:
            self._lose_alertmanager(watch, servers)
        patience = max(0.0, until - time.time()) + self._rises() + SLACK_SECONDS
        watch.until(patience, outcome.has_come)
        wanted = {key(expected.labels) for each in self.faults for expected in each.expected}
        missing = ", ".join(named(dict(each)) for each in sorted(wanted - watch.fired.keys()))
        self.record.hold("what is broken fires with its exact labels", missing)
        if self.drill.restart is Server.ALERTMANAGER:
            self._restart_alertmanager(watch, servers)
        watch.for_(self._wait())
        if coming is not None:
            watch.until(SLACK_SECONDS + self._flapping(), lambda: not coming.is_alive())

    # How long things take.

    def _rises(self) -> float:
        return self._due((*self.drill.breaks, *self.drill.told, *self.drill.muted))

    def _due(self, names: Iterable[str]) -> float:
        """How long after the fault the last of some alerts fires, if it does."""
        alerts = [self.alerts[name] for name in names]
        return max((seconds(a.rules[0].witness.settles) + seconds(a.for_) for a in alerts), default=0.0)

    def _clears(self) -> float:
        told = [self.alerts[name] for name in self.drill.told]
        interval = max(seconds(self.bundle.platform.policies[alert.severity].timing.group_interval) for alert in told)
        clears = (seconds(a.rules[0].witness.clears) + seconds(a.keep_firing_for) for a in self.alerts.values())
        return max(clears) + interval

    def _wait(self) -> float:
        """Wait longer than what is muted would: to be told first, or to join a group that was told."""
        told = {(alert.service, alert.severity) for alert in map(self.alerts.__getitem__, self.drill.told)}
        waits = [0.0]
        for alert in map(self.alerts.__getitem__, self.drill.muted):
            timing = self.bundle.platform.policies[alert.severity].timing
            joins = (alert.service, alert.severity) in told
            waits.append(seconds(timing.group_interval if joins else timing.group_wait))
        return max(waits) + MARGIN_SECONDS

    def _flapping(self) -> float:
        flaps = self.drill.flaps
        return flaps.times * (seconds(flaps.broken) + seconds(flaps.healthy)) if flaps else 0.0

    # Restarts.

    def _restart_prometheus(self, watch: Watch, servers: Servers) -> None:
        """Restart it while alerts are pending; each fires within its `for` afterwards, or sooner (adr/0033)."""
        waiting = {
            key(expected.labels): seconds(each.alert.for_)
            for each in self.faults
            for expected in each.expected
            if each.alert.for_ >= self.scaled.scale(SHORTEST_FOR)
        }
        pending = watch.until(self._rises() + SLACK_SECONDS, lambda: waiting.keys() <= watch.pending.keys())
        self.record.hold("alerts are pending when Prometheus stops", "" if pending else "some never were")
        watch.for_(min(waiting.values()) / 2)
        stopped = servers.stop(Server.PROMETHEUS)
        watch.note("stopped", "Prometheus", stopped)
        early = {each for each in waiting if each in watch.fired}
        back = servers.start(Server.PROMETHEUS)
        watch.note("started", f"Prometheus, after {back - stopped:.1f} s", back)
        bounds = {each: self._bound(for_, stopped - watch.pending.get(each, stopped)) for each, for_ in waiting.items()}
        watch.until(max(bounds.values()), lambda: waiting.keys() <= watch.fired.keys())
        late = [
            f"{named(dict(each))} after {watch.fired.get(each, float('inf')) - back:.1f} s, and {bound:.1f} s was due"
            for each, bound in bounds.items()
            if watch.fired.get(each, float("inf")) - back > bound
        ]
        self.record.hold("nothing fires before Prometheus stops", ", ".join(named(dict(each)) for each in early))
        self.record.hold("everything fires within its for after the restart", ", ".join(late))

    def _bound(self, for_: float, waited: float) -> float:
        """How long Prometheus may still wait: from a `for` as long as its grace on, it goes on where it was.

        It reads what was pending after its second evaluation, and a third one may be due until it fires.
        """
        grace = seconds(self.scaled.scale(FOR_GRACE))
        left = for_ if for_ < grace else max(grace, for_ - waited)
        return left + 3 * seconds(self.bundle.platform.evaluation_interval) + LATE_SECONDS

    def _lose_alertmanager(self, watch: Watch, servers: Servers) -> None:
        """Stop it before anything fires, and start it when something has: the page must not be lost."""
        stopped = servers.stop(Server.ALERTMANAGER)
        watch.note("stopped", "Alertmanager", stopped)
        watch.until(self._rises() + SLACK_SECONDS, lambda: bool(watch.fired))
        watch.for_(POLL_SECONDS * 5)
        back = servers.start(Server.ALERTMANAGER)
        watch.note("started", f"Alertmanager, after {back - stopped:.1f} s", back)
        fired = [at for at in watch.fired.values() if at < back]
        self.record.hold("it fires while Alertmanager is away", "" if fired else "nothing did")

    def _restart_alertmanager(self, watch: Watch, servers: Servers) -> None:
        """Restart it when everybody has been told, and it has noted that: nobody must be told again."""
        watch.for_(MARGIN_SECONDS)
        servers.stop(Server.ALERTMANAGER)
        watch.note("restarted", "Alertmanager, when everybody has been told", servers.start(Server.ALERTMANAGER))
        interval = max(policy.timing.group_interval for policy in self.bundle.platform.policies.values())
        watch.for_(min(seconds(interval), SLACK_SECONDS))


def distinct(series: Iterable[Series]) -> list[Series]:
    """Leave out what several symptoms share."""
    return list({(each.target, each.text): each for each in series}.values())
