"""Play a drill in whose middle a server is stopped and started again."""

from __future__ import annotations

from watchbill.drill.scenario import MARGIN_SECONDS, Scenario
from watchbill.drill.single import TOLERANCE_SECONDS, seconds
from watchbill.drill.watch import Watch, named
from watchbill.model.drills import SHORTEST_FOR, Server
from watchbill.stack.api import key
from watchbill.stack.running import FOR_GRACE, POLL_SECONDS
from watchbill.stack.servers import Servers

LATE_SECONDS = 1.0  # for a scrape and a look on a busy machine


class PrometheusRestarts(Scenario):
    """Prometheus is away while alerts are pending; each must fire within its `for` afterwards."""

    def _before(self, watch: Watch, servers: Servers) -> None:
        """Restart it while alerts are pending; each fires within its `for` afterwards, or sooner (adr/0033)."""
        waiting = {
            key(expected.labels): seconds(each.alert.for_)
            for each in self.faults
            for expected in each.expected
            if each.alert.for_ >= self.scaled.scale(SHORTEST_FOR)
        }
        pending = watch.until(self._rises() + TOLERANCE_SECONDS, lambda: waiting.keys() <= watch.pending.keys())
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


class AlertmanagerRestarts(Scenario):
    """Alertmanager is away when the alert fires, and once more when all are notified: nothing is lost, or twice."""

    def _before(self, watch: Watch, servers: Servers) -> None:
        """Stop it before anything fires, and start it when something has: the page must not be lost."""
        stopped = servers.stop(Server.ALERTMANAGER)
        watch.note("stopped", "Alertmanager", stopped)
        watch.until(self._rises() + TOLERANCE_SECONDS, lambda: bool(watch.fired))
        watch.for_(POLL_SECONDS * 5)
        back = servers.start(Server.ALERTMANAGER)
        watch.note("started", f"Alertmanager, after {back - stopped:.1f} s", back)
        fired = [at for at in watch.fired.values() if at < back]
        self.record.hold("it fires while Alertmanager is away", "" if fired else "nothing did")

    def _after(self, watch: Watch, servers: Servers) -> None:
        """Restart it when everybody has been notified, and it has noted that: nobody must be notified again."""
        watch.for_(MARGIN_SECONDS)
        servers.stop(Server.ALERTMANAGER)
        watch.note("restarted", "Alertmanager, when everybody has been notified", servers.start(Server.ALERTMANAGER))
        interval = max(policy.timing.group_interval for policy in self.bundle.platform.policies.values())
        watch.for_(min(seconds(interval), TOLERANCE_SECONDS))
