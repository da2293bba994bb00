"""Drill one alert: healthy, fault, pending, firing, told, fault removed, resolved."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from watchbill import naming
from watchbill.drill import history, inhibited, judge, links
from watchbill.drill.fault import Expected, Fault, fault, paging_place, told
from watchbill.drill.record import Record
from watchbill.drill.rulesets import areas_beside, rule_files
from watchbill.drill.watch import Say, Watch, named
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle, Service
from watchbill.model.witness import Regime
from watchbill.outputs import prometheus as prometheus_target
from watchbill.outputs.yamltext import dump
from watchbill.quantity import Duration
from watchbill.stack import configuration
from watchbill.stack.api import key
from watchbill.stack.notifications import PAGERDUTY, SWITCH, Notice, Told
from watchbill.stack.stack import Scaled, Setting, Stack, stack
from watchbill.stack.world import UP, Moving, Target, World, targets

SLACK_SECONDS = 12.0  # for scrapes, evaluations and deliveries on a busy machine
CALM_SECONDS = 1.0
WAITED_SECONDS = 15.0  # of a history; what is longer is written down beforehand
Arrivals = Mapping[Told, list[Notice]]


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
        self.witness = self.fault.witness
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
        if any(each.stream.metric == UP for each in self.fault.series):
            return configuration.USUAL_SCRAPE
        spans = (self.witness.settles, self.witness.clears)
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
        """Lay the series, calm, with a history where the alert compares with what was long ago."""
        needed = seconds(self.witness.history)
        if needed <= WAITED_SECONDS:
            return world.lay(self.fault.series)
        return history.calm(self.fault.series, needed, world, folder, self.setting.generation.promtool)

    def _go(self, running: Stack, watch: Watch, moving: Sequence[Moving]) -> None:
        watch.calm(CALM_SECONDS + min(seconds(self.witness.history), WAITED_SECONDS))
        self._healthy(watch)
        at = time.time()
        for each in moving:
            each.enter(Regime.ABOVE, at)
        watch.note("fault", f"{self.alert.sentence}", at)
        self._firing(running, watch, at)
        beside = inhibited.post(self.alert, self.fault, self.service, watch)
        outlives = seconds(self.alert.keep_firing_for) > inhibited.WATCHED_SECONDS  # so the end need not wait for them
        if beside and not outlives:
            inhibited.hold_muted(self.alert, beside, watch)
        cleared = time.time()
        for each in moving:
            each.enter(Regime.CALM, cleared)
        watch.note("cleared", "the fault is gone", cleared)
        if beside and outlives:
            inhibited.hold_muted(self.alert, beside, watch)
        self._resolved(running, watch)
        self._aftermath(running, watch)

    def _healthy(self, watch: Watch) -> None:
        always = {alert.name for alert in self.service.alerts if alert.rules[0].witness.constant}
        early = sorted(named(dict(each)) for each in watch.fired if dict(each)["alertname"] not in always)
        watch.note("healthy", f"{len(self.targets)} targets answer as they usually do")
        self.record.hold("nothing fires while all is well", ", ".join(early))

    def _firing(self, running: Stack, watch: Watch, at: float) -> None:
        wanted = {key(expected.labels) for expected in self.fault.expected}
        patience = seconds(self.witness.settles) + seconds(self.alert.for_) + SLACK_SECONDS
        fires = watch.until(patience, lambda: wanted <= watch.fired.keys())
        self.record.hold("fires with its exact labels", "" if fires else self._unlike(watch))
        if not fires:
            return
        reaches = told(self.alert, self.place[0], self.bundle.platform)
        mine = [judge.Subject(e.labels, e.annotations["summary"], reaches) for e in self.fault.expected]

        def arrived() -> bool:
            notices = running.receivers.inbox.notices()
            return all(judge.arrivals(subject, notices).keys() >= subject.told for subject in mine)

        watch.until(SLACK_SECONDS, arrived)
        notices = running.receivers.inbox.notices()
        # What is told before the window holds nothing but the fault carries a number that is still on its way.
        soon = not self.settled and seconds(self.alert.for_) + seconds(self.witness.rises) < seconds(
            self.witness.settles
        )
        if soon:
            watch.for_(at + seconds(self.witness.settles) + CALM_SECONDS - time.time())
        shares = any(each.stream.metric == UP for each in self.fault.series)
        tolerance = judge.TOLERANCE_OF_SCRAPES if shares else judge.TOLERANCE
        for expected, subject in zip(self.fault.expected, mine, strict=True):
            self.record.hold("reaches exactly its receivers", judge.reached(subject, notices))
            self.record.hold("its texts are right", judge.texts(expected, watch, tolerance))
            carried = judge.said(expected, subject, notices, math.inf if soon else tolerance)
            self.record.hold("messages carry the right number", carried)
            self._links(running, expected, subject, judge.arrivals(subject, notices))
            self._not_early(watch, expected, subject, at)

    def _unlike(self, watch: Watch) -> str:
        near = [dict(each) for each in watch.fired if dict(each).get("alertname") == self.alert.name]
        return f"expected {[dict(e.labels) for e in self.fault.expected]}, got {near}"

    def _not_early(self, watch: Watch, expected: Expected, subject: judge.Subject, at: float) -> None:
        got = judge.arrivals(subject, watch.stack.receivers.inbox.notices())
        first = min((notice.at for notices in got.values() for notice in notices), default=at + 1e9)
        # Where a window begins and ends between scrapes, it shows the fault a little sooner than it should.
        soonest = at + seconds(self.alert.for_) + seconds(self.witness.rises) / 2 - configuration.SHORTEST_EVALUATION
        text = f"told {first - at:.1f} s after the fault, and for lasts {seconds(self.alert.for_):.1f} s"
        self.record.hold("tells nobody before its time is over", "" if first >= soonest else text)
        began = watch.stack.began().get(key(expected.labels))
        if began is not None:
            lasted = began - watch.seen[key(expected.labels)].active_at
            self.record.hold("waits just as long as its for", judge.waited(seconds(self.alert.for_), lasted))
        if seconds(self.alert.for_) > 1:
            pending = key(expected.labels) in watch.pending
            self.record.hold("is pending first", "" if pending else "it was never seen pending")

    def _links(self, running: Stack, expected: Expected, subject: judge.Subject, got: Arrivals) -> None:
        follow: dict[str, Callable[[str], str]] = {
            "Runbook": lambda link: links.runbook(link, self.alert, self.bundle.platform.urls.site, self.setting.site),
            "Panel": lambda link: links.panel(
                link, self.bundle.platform.urls.grafana, self.setting.panels, expected.labels
            ),
            "Silence": lambda link: links.silence(link, running, expected.labels),
        }
        for name, lead in follow.items():
            wrong = []
            for told_, notices in got.items():
                found = judge.links_of(subject, notices[0])
                if found is not None and told_[0] != SWITCH:
                    wrong.append(lead(found[name]) if name in found else f"{' '.join(told_)} has no such link")
            failure = "; ".join(dict.fromkeys(filter(None, wrong))) if wrong else "no message offers any links"
            self.record.hold(f"its link {name} leads there", failure)

    def _resolved(self, running: Stack, watch: Watch) -> None:
        wanted = {key(expected.labels) for expected in self.fault.expected} & watch.fired.keys()
        if not wanted:
            return
        known = judge.subjects(watch, self.bundle)
        mine = [known[each] for each in wanted]
        told_end = [s for s in mine if any(one[0] != SWITCH for one in s.told)]

        def over() -> bool:
            notices = running.receivers.inbox.notices()
            return not wanted & watch.firing() and not any(judge.reached(s, notices, ended=True) for s in told_end)

        policy = self.bundle.platform.policies[self.alert.severity]
        clears = seconds(self.witness.clears) + seconds(self.alert.keep_firing_for)
        watch.until(clears + seconds(policy.timing.group_interval) + SLACK_SECONDS, over)
        self.record.hold("resolves", "it fires on" if wanted & watch.firing() else "")
        notices = running.receivers.inbox.notices()
        for subject in told_end:
            self.record.hold("tells that it has ended", judge.reached(subject, notices, ended=True))

    def _aftermath(self, running: Stack, watch: Watch) -> None:
        known = judge.subjects(watch, self.bundle)
        notices = running.receivers.inbox.notices()
        self.record.hold("nobody else is told", judge.strangers(known.values(), notices))
        own = [subject for subject in known.values() if subject.labels["alertname"] == self.alert.name]
        twice = [how for subject in own if (how := judge.repeated(subject, known.values(), notices))]
        self.record.hold("tells each of them once", "; ".join(twice))
        self.record.hold("no receiver refuses a message", "; ".join(running.receivers.inbox.refused()))
        self.record.incidents = sum(judge.incidents(notices).values())
        if any(told_[0] == PAGERDUTY for subject in own for told_ in subject.told):
            more = f"{self.record.incidents} were opened" if self.record.incidents != 1 else ""
            self.record.hold("opens one incident", more)
        moved = frozenset(each.stream.metric for each in self.fault.series)
        if UP in moved or not moved:
            return
        metrics = frozenset(name for each in moved for name in (each, each.rsplit("_", 1)[0]))
        odd = [
            named(subject.labels)
            for subject in known.values()
            if subject.labels["alertname"] != self.alert.name
            and not _alert(self.bundle, subject.labels).rules[0].witness.constant
            and not judge.related(_alert(self.bundle, subject.labels), metrics, self.bundle)
        ]
        self.record.hold("nothing else fires that reads other metrics", ", ".join(odd))


def _alert(bundle: Bundle, labels: Mapping[str, str]) -> Alert:
    return next(a for a in bundle.alerts if a.name == labels["alertname"] and a.service == labels["service"])


def seconds(duration: Duration) -> float:
    """Say a duration in seconds."""
    return duration.milliseconds / 1000
