"""Drill one alert: healthy, fault, pending, firing, notified, fault removed, resolved."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from watchbill import naming
from watchbill.channels import definitions
from watchbill.channels.received import Notification, Recipient
from watchbill.drill import checks, history, inhibited, links
from watchbill.drill.fault import Fault, fault, notified, paging_place
from watchbill.drill.outcome import incidents
from watchbill.drill.record import Record
from watchbill.drill.rulesets import areas_beside, rule_files
from watchbill.drill.watch import Say, Watch, named
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle, Service
from watchbill.model.examples import Phase
from watchbill.model.proof import Fired
from watchbill.outputs import prometheus as prometheus_target
from watchbill.quantity import Duration
from watchbill.stack import configuration
from watchbill.stack.api import key
from watchbill.stack.notifications import SWITCH
from watchbill.stack.running import Scaled, Setting, Stack, stack
from watchbill.stack.world import UP, Moving, Target, World, targets
from watchbill.words.yamltext import dump

TOLERANCE_SECONDS = 12.0  # for scrapes, evaluations and deliveries on a busy machine
HEALTHY_SECONDS = 1.0
WAITED_SECONDS = 15.0  # of a history; what is longer is written down beforehand
Arrivals = Mapping[Recipient, list[Notification]]


class Drill:
    """One alert on its own stack, and everything that is held of it.

    It is `settled` where the fault has lasted for its whole window when the alert begins to fire.
    """

    settled = False

    def __init__(self, alert: Alert, service: Service, scaled: Scaled, setting: Setting) -> None:
        self.alert, self.service, self.scaled, self.setting = alert, service, scaled, setting
        self.bundle = scaled.bundle
        self.place = paging_place(service)
        known = targets([service])
        self.fault = self._fault(known)
        self.example = self.fault.example
        self.targets: Sequence[Target] = (*known, *self.fault.targets)
        self.record = Record(alert.id, alert.summary, alert.severity.value, scaled.scale.divisor)

    def _fault(self, known: Sequence[Target]) -> Fault:
        return fault(self.alert, self.service, self.place, known)

    def run(self, folder: Path, say: Say) -> Record:
        """Go through all phases; what fails is noted, and the rest goes on."""
        world = World(self.setting.samples)
        often = self._scrape()
        scaled = replace(self.scaled, scrape=lambda _: often)
        with stack(folder, self.setting, scaled, self.targets, world, self.rules()) as running:
            watch = Watch(running, self.record, say)
            moving = self._begin(world, folder)
            with running.alerting(), running.measuring():
                self._go(running, watch, moving)
        self.record.seconds = time.time() - watch.began
        return self.record

    def _scrape(self) -> Duration:
        """Ask targets as often as the shortest window needs; one that reads no window needs only the latest value."""
        if any(each.example.metric == UP for each in self.fault.series):
            return configuration.USUAL_SCRAPE
        spans = (self.example.settles, self.example.clears)
        return configuration.scrape_interval(
            min((span for span in spans if span.milliseconds), default=Duration(60_000))
        )

    def rules(self) -> dict[str, configuration.Config]:
        """Write the rules that run: without what would mute the alert, which is drilled by itself."""
        muted_by = {id_.partition("/")[2] for id_ in self.bundle.inhibited_by[self.alert.id]}
        if self.scaled.alone:
            others = [each.name for each in self.service.alerts if each.name != self.alert.name]
            return rule_files(self.service, others, [self.alert.area])
        found = rule_files(self.service, muted_by, areas_beside(self.alert, self.service))
        if self.alert.slo:
            for name, groups in prometheus_target.recordings(self.service).items():
                if naming.slo_area(self.alert.slo) in name:
                    found[Path(name).name] = configuration.rules(dump({"groups": groups}, source=""))
        return found

    def _begin(self, world: World, folder: Path) -> list[Moving]:
        """Lay the series, healthy, with a history where the alert compares with what was long ago."""
        needed = seconds(self.example.history)
        if needed <= WAITED_SECONDS:
            return world.lay(self.fault.series)
        return history.healthy(self.fault.series, needed, world, folder, self.setting.generation.promtool)

    def _go(self, running: Stack, watch: Watch, moving: Sequence[Moving]) -> None:
        watch.healthy(HEALTHY_SECONDS + min(seconds(self.example.history), WAITED_SECONDS))
        self._healthy(watch)
        at = time.time()
        for each in moving:
            each.enter(Phase.FIRING, at)
        watch.note("fault", f"{self.alert.sentence}", at)
        self._firing(running, watch, at)
        beside = inhibited.post(self.alert, self.fault, self.service, watch)
        outlives = seconds(self.alert.keep_firing_for) > inhibited.WATCHED_SECONDS  # so the end need not wait for them
        if beside and not outlives:
            inhibited.hold_muted(self.alert, beside, watch)
        cleared = time.time()
        for each in moving:
            each.enter(Phase.HEALTHY, cleared)
        watch.note("cleared", "the fault is gone", cleared)
        if beside and outlives:
            inhibited.hold_muted(self.alert, beside, watch)
        self._resolved(running, watch)
        self._aftermath(running, watch)

    def _healthy(self, watch: Watch) -> None:
        always = {alert.name for alert in self.service.alerts if alert.rules[0].example.constant}
        early = sorted(named(dict(each)) for each in watch.fired if dict(each)["alertname"] not in always)
        watch.note("healthy", f"{len(self.targets)} targets answer as they usually do")
        self.record.hold("nothing fires while all is well", ", ".join(early))

    def _firing(self, running: Stack, watch: Watch, at: float) -> None:
        wanted = {key(expected.labels) for expected in self.fault.expected}
        patience = seconds(self.example.settles) + seconds(self.alert.for_) + TOLERANCE_SECONDS
        fires = watch.until(patience, lambda: wanted <= watch.fired.keys())
        self.record.hold("fires with its exact labels", "" if fires else self._unlike(watch))
        if not fires:
            return
        reaches = notified(self.alert, self.place[0], self.bundle.platform)
        mine = [checks.Subject(e.labels, e.annotations["summary"], reaches) for e in self.fault.expected]

        def arrived() -> bool:
            notifications = running.receivers.received.notifications()
            return all(checks.arrivals(subject, notifications).keys() >= subject.notified for subject in mine)

        watch.until(TOLERANCE_SECONDS, arrived)
        notifications = running.receivers.received.notifications()
        # What is sent before the window holds nothing but the fault carries a number that is still on its way.
        soon = not self.settled and seconds(self.alert.for_) + seconds(self.example.rises) < seconds(
            self.example.settles
        )
        if soon:
            watch.for_(at + seconds(self.example.settles) + HEALTHY_SECONDS - time.time())
        shares = any(each.example.metric == UP for each in self.fault.series)
        tolerance = checks.TOLERANCE_OF_SCRAPES if shares else checks.TOLERANCE
        for expected, subject in zip(self.fault.expected, mine, strict=True):
            self.record.hold("reaches exactly its receivers", checks.reached(subject, notifications))
            self.record.hold("its texts are right", checks.texts(expected, watch, tolerance))
            carried = checks.said(expected, subject, notifications, math.inf if soon else tolerance)
            self.record.hold("messages carry the right number", carried)
            self._links(running, expected, subject, checks.arrivals(subject, notifications))
            self._not_early(watch, expected, subject, at)

    def _unlike(self, watch: Watch) -> str:
        near = [dict(each) for each in watch.fired if dict(each).get("alertname") == self.alert.name]
        return f"expected {[dict(e.labels) for e in self.fault.expected]}, got {near}"

    def _not_early(self, watch: Watch, expected: Fired, subject: checks.Subject, at: float) -> None:
        got = checks.arrivals(subject, watch.stack.receivers.received.notifications())
        first = min(
            (notification.at for notifications in got.values() for notification in notifications), default=at + 1e9
        )
        # Where a window begins and ends between scrapes, it shows the fault a little sooner than it should.
        soonest = at + seconds(self.alert.for_) + seconds(self.example.rises) / 2 - configuration.SHORTEST_EVALUATION
        text = f"notified {first - at:.1f} s after the fault, and for lasts {seconds(self.alert.for_):.1f} s"
        self.record.hold("notifies nobody before its time is over", "" if first >= soonest else text)
        began = watch.stack.began().get(key(expected.labels))
        if began is not None:
            lasted = began - watch.seen[key(expected.labels)].active_at
            self.record.hold("waits just as long as its for", checks.waited(seconds(self.alert.for_), lasted))
        if seconds(self.alert.for_) > 1:
            pending = key(expected.labels) in watch.pending
            self.record.hold("is pending first", "" if pending else "it was never seen pending")

    def _links(self, running: Stack, expected: Fired, subject: checks.Subject, got: Arrivals) -> None:
        if not any(links.offered(each) for each in subject.notified):
            return
        follow: dict[str, Callable[[str], str]] = {
            "Runbook": lambda link: links.runbook(link, self.alert, self.bundle.platform.urls.site, self.setting.site),
            "Panel": lambda link: links.panel(
                link, self.bundle.platform.urls.grafana, self.setting.panels, expected.labels
            ),
            "Silence": lambda link: links.silence(link, running, expected.labels),
        }
        first = {recipient: all_[0] for recipient, all_ in got.items() if links.offered(recipient)}
        offers = {recipient: checks.links_of(subject, message) for recipient, message in first.items()}
        for name, lead in follow.items():
            wrong = [
                lead(found[name]) if name in found else f"{' '.join(recipient)} has no such link"
                for recipient, found in offers.items()
                if found is not None
            ]
            failure = "; ".join(dict.fromkeys(filter(None, wrong))) if wrong else "no message offers any links"
            self.record.hold(f"its link {name} leads there", failure)

    def _resolved(self, running: Stack, watch: Watch) -> None:
        wanted = {key(expected.labels) for expected in self.fault.expected} & watch.fired.keys()
        if not wanted:
            return
        known = checks.subjects(watch, self.bundle)
        mine = [known[each] for each in wanted]
        notified_end = [s for s in mine if any(one[0] != SWITCH for one in s.notified)]

        def over() -> bool:
            notifications = running.receivers.received.notifications()
            return not wanted & watch.firing() and not any(
                checks.reached(s, notifications, ended=True) for s in notified_end
            )

        policy = self.bundle.platform.policies[self.alert.severity]
        clears = seconds(self.example.clears) + seconds(self.alert.keep_firing_for)
        watch.until(clears + seconds(policy.timing.group_interval) + TOLERANCE_SECONDS, over)
        self.record.hold("resolves", "it fires on" if wanted & watch.firing() else "")
        notifications = running.receivers.received.notifications()
        for subject in notified_end:
            self.record.hold("notifies that it has ended", checks.reached(subject, notifications, ended=True))

    def _aftermath(self, running: Stack, watch: Watch) -> None:
        known = checks.subjects(watch, self.bundle)
        notifications = running.receivers.received.notifications()
        self.record.hold("nobody else is notified", checks.strangers(known.values(), notifications))
        own = [subject for subject in known.values() if subject.labels["alertname"] == self.alert.name]
        twice = [how for subject in own if (how := checks.repeated(subject, known.values(), notifications))]
        self.record.hold("notifies each of them once", "; ".join(twice))
        self.record.hold("no receiver refuses a message", "; ".join(running.receivers.received.refused()))
        self.record.incidents = sum(incidents(notifications, self.bundle).values())
        opening = {each.channel.called for each in definitions().values() if each.channel.incidents}
        if any(notified_[0] in opening for subject in own for notified_ in subject.notified):
            more = f"{self.record.incidents} were opened" if self.record.incidents != 1 else ""
            self.record.hold("opens one incident", more)
        moved = frozenset(each.example.metric for each in self.fault.series)
        if UP in moved or not moved:
            return
        metrics = frozenset(name for each in moved for name in (each, each.rsplit("_", 1)[0]))
        odd = [
            named(subject.labels)
            for subject in known.values()
            if subject.labels["alertname"] != self.alert.name
            and not _alert(self.bundle, subject.labels).rules[0].example.constant
            and not checks.related(_alert(self.bundle, subject.labels), metrics, self.bundle)
        ]
        self.record.hold("nothing else fires that reads other metrics", ", ".join(odd))


def _alert(bundle: Bundle, labels: Mapping[str, str]) -> Alert:
    return bundle.alert(f"{labels['service']}/{labels['alertname']}")


def seconds(duration: Duration) -> float:
    """Say a duration in seconds."""
    return duration.milliseconds / 1000
