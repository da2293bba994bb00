"""Turn an alert's example into series of real targets, and say what must come of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from urllib.parse import urlsplit

from watchbill import naming
from watchbill.channels.destinations import destinations
from watchbill.channels.received import Recipient
from watchbill.errors import ToolError
from watchbill.model.alerts import Alert, Rule
from watchbill.model.bundle import Platform, Service
from watchbill.model.examples import GONE, Example, ExampleSeries, SamplePattern, SliSource
from watchbill.model.proof import Fired
from watchbill.model.routing import HEARTBEAT
from watchbill.model.signals import Signal
from watchbill.model.slo import Slo
from watchbill.promql import quoted
from watchbill.stack.notifications import SWITCH
from watchbill.stack.world import Place, Series, Target
from watchbill.words.firing import fired

FLOW = Decimal(20)  # events a second of an objective that is healthy
INSTANCE, JOB = "instance", "job"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one alert's world: the targets that it needs, its series, and what must fire of it."""

    alert: Alert
    place: Place
    example: Example
    targets: tuple[Target, ...]
    series: tuple[Series, ...]
    expected: tuple[Fired, ...]


def paging_place(service: Service) -> Place:
    """Choose where alerts are drilled: the first environment that pages, else the first."""
    environment = next((each for each in service.environments if each.pages), service.environments[0])
    return environment.name, environment.clusters[0]


def rule_at(alert: Alert, place: Place) -> Rule:
    """Choose the rule of an alert for a place."""
    own = {"env": place[0], "cluster": place[1]}
    return next((rule for rule in alert.rules if not rule.place or dict(rule.place) == own), alert.rules[0])


def fault(alert: Alert, service: Service, place: Place, known: Sequence[Target]) -> Fault:
    """Lay an alert's example onto the targets of a place; a second instance is made up where there is only one."""
    example = rule_at(alert, place).example
    signal = service.signal(alert.subject)
    if alert.kind == "sli_missing":
        return _blind(alert, service, place, known)
    homes = Homes(signal, place, known, example.series)
    series = tuple(_of_group(each, alert) for shown in example.series for each in homes.series(shown))
    expected = tuple(
        fired(alert, {**place_labels(place), **homes.labels(dict(firing.labels))}, firing.value)
        for firing in example.firing
    )
    return Fault(alert, place, example, tuple(homes.made_up), series, expected)


def _of_group(series: Series, alert: Alert) -> Series:
    """Narrow a series to its group: an alert that is evaluated for each queue leaves the others alone."""
    own = ((name, value) for name, value in series.example.labels if name in alert.grouping)
    return replace(series, within=(*series.within, *((n, v) for n, v in own if n not in {JOB, INSTANCE})))


def _blind(alert: Alert, service: Service, place: Place, known: Sequence[Target]) -> Fault:
    """Let everything vanish that an objective is counted from: its recordings have no example that a target exports."""
    slo = service.slo(alert.slo)
    given = sli_source(slo)
    flow = SamplePattern(slope=FLOW)
    counters = [
        ExampleSeries(t.metric, t.labels, *(flow if t.good else SamplePattern(),) * 2, GONE) for t in given.counters
    ]
    gauges = [ExampleSeries(state.metric, state.labels, state.good, state.good, GONE) for state in given.states]
    every = (*counters, *gauges)
    homes = Homes(service.signal(slo.signal), place, known, every)
    series = tuple(each for shown in every for each in homes.series(shown))
    example = rule_at(alert, place).example
    # Events stay in the window that counts them, and then the recordings outlive their last sample.
    slower = replace(example, history=example.settles, settles=example.settles.times(2))
    expected = (fired(alert, place_labels(place), Decimal(1)),)
    return Fault(alert, place, slower, tuple(homes.made_up), series, expected)


def sli_source(slo: Slo) -> SliSource:
    """Return what an objective is counted from; a `ToolError` says that nobody knows."""
    if slo.sli_source is None:
        raise ToolError(f"{slo.id} is counted from what no series can show, so it cannot be drilled")
    return slo.sli_source


def place_labels(place: Place) -> dict[str, str]:
    """Label a place."""
    return {"env": place[0], "cluster": place[1]}


class Homes:
    """Which real target stands for each instance of an example."""

    def __init__(self, signal: Signal, place: Place, known: Sequence[Target], every: Iterable[ExampleSeries]) -> None:
        self._fixed = {matcher.label: matcher.value for matcher in signal.matchers if matcher.op == "="}
        self._place = place
        self.made_up: list[Target] = []
        self._homes: dict[tuple[str, str], Target] = {}
        jobs = {target.job for target in known}
        for job, instance in sorted({self._home_of(shown) for shown in every}):
            if job in jobs:
                self._settle(job, instance, [t for t in known if t.job == job and t.place == place])

    def _home_of(self, shown: ExampleSeries) -> tuple[str, str]:
        labels = self._fixed | dict(shown.labels)
        if JOB not in labels:
            raise ToolError(
                f"{shown.metric} has no job, so no target can export it; give its signal a target with a job"
            )
        return labels[JOB], labels.get(INSTANCE, "")

    def _settle(self, job: str, instance: str, real: Sequence[Target]) -> None:
        taken = [home for (other, _), home in self._homes.items() if other == job]
        free = next((target for target in real if target not in taken), None)
        if free is None:
            free = Target(job, self._place, instance or "app-1:8000")
            self.made_up.append(free)
        self._homes[job, instance] = free

    def series(self, shown: ExampleSeries) -> Iterable[Series]:
        """Place an example series; of a job that nobody scrapes there is none."""
        home = self._homes.get(self._home_of(shown))
        if home is None:
            return
        labels = {**self._fixed, **dict(shown.labels)}
        inside = ",".join(
            f"{name}={quoted(value)}"
            for name, value in sorted(labels.items())
            if name not in {JOB, INSTANCE, *naming.TARGET_LABELS}
        )
        text = f"{shown.metric}{{{inside}}}" if inside else shown.metric
        yield Series(home, text, shown, tuple((n, v) for n, v in self._fixed.items() if n not in {JOB, INSTANCE}))

    def labels(self, firing: dict[str, str]) -> dict[str, str]:
        """Name the real instance in what must fire."""
        if INSTANCE in firing:
            job = firing.get(JOB) or self._fixed.get(JOB, "")
            firing[INSTANCE] = self._homes[job, firing[INSTANCE]].instance
        return firing


def notified(alert: Alert, env: str, platform: Platform) -> frozenset[Recipient]:
    """List whom an alert of an environment must reach, by its receivers."""
    reached = (destination for receiver in alert.receivers[env] for destination in destinations(receiver, platform))
    switch = {(SWITCH, urlsplit(platform.delivery.heartbeat).path)} if HEARTBEAT in alert.receivers[env] else set()
    return frozenset({*(destination.recipient for destination in reached), *switch})
