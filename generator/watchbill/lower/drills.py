"""Turn drills into what the Bundle holds of them: all that they name is there, and can do what is said of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from watchbill.channels import definitions
from watchbill.errors import Span, SpecError, choose
from watchbill.language.base import Diagnostics
from watchbill.link import LinkedDrill
from watchbill.model.alerts import Alert, Stage
from watchbill.model.bundle import Bundle, Service
from watchbill.model.drills import LONGEST_COURSE, SHORTEST_FOR, Drill, Flaps, Outage, Server
from watchbill.model.examples import ExampleSeries, SamplePattern
from watchbill.model.origin import Origin
from watchbill.model.routing import Channel
from watchbill.quantity import Duration, TimeScale
from watchbill.spec.drill import DrillSpec

LISTS = ("notified", "muted", "quiet")


def lower_drills(drills: Iterable[LinkedDrill], bundle: Bundle, scale: TimeScale) -> tuple[Drill, ...]:
    """Lower drills, with all durations under `scale`; raises `SpecError` with all that is wrong with them."""
    diagnostics = Diagnostics()
    found = []
    for drill in drills:
        before = len(diagnostics.found)
        check = _Check(drill.spec, bundle, diagnostics)
        check.validate_names()
        if len(diagnostics.found) == before:
            check.validate_sense(scale)
            check.validate_series()
            found.append(_lowered(drill, check, scale))
    if diagnostics.fatal:
        raise SpecError(diagnostics.found)
    return tuple(found)


def _lowered(drill: LinkedDrill, check: _Check, scale: TimeScale) -> Drill:
    spec, expect, flaps, outage = drill.spec, drill.spec.expect, drill.spec.flaps, drill.spec.receiver
    return Drill(
        name=spec.drill,
        title=spec.title,
        severity=min((check.alerts[name].severity for name in expect.notified), key=lambda each: each.rank),
        places=check.places,
        breaks=spec.breaks,
        notified=expect.notified,
        muted=expect.muted,
        quiet=expect.quiet,
        incidents={team: int(count.number) for team, count in sorted(expect.incidents.items())},
        flaps=Flaps(scale(flaps.broken), scale(flaps.healthy), int(flaps.times.number)) if flaps else None,
        restart=Server(spec.restart) if spec.restart else None,
        outage=Outage(definitions()[outage.channel].channel, scale(outage.fails_for)) if outage else None,
        origin=Origin(spec.span("drill"), drill.document),
    )


@dataclass(frozen=True, slots=True)
class _Named:
    """An alert that a drill names, and where it does."""

    name: str
    span: Span


class _Check:
    """Holds one drill to the alerts that there are."""

    def __init__(self, spec: DrillSpec, bundle: Bundle, diagnostics: Diagnostics) -> None:
        self.spec, self.bundle, self.diagnostics = spec, bundle, diagnostics
        self.alerts = bundle.alerts_by_id
        self.breaks = self._named("breaks")
        self.lists = {name: self._named("expect", name) for name in LISTS}

    def _named(self, *path: str) -> tuple[_Named, ...]:
        names: tuple[str, ...] = getattr(self.spec.expect if len(path) > 1 else self.spec, path[-1])
        return tuple(_Named(name, self.spec.span(*path, index)) for index, name in enumerate(names))

    # What is named.

    def validate_names(self) -> None:
        """Look up every alert, and where it is at home."""
        seen: dict[str, str] = {}
        for title, named in {"breaks": self.breaks, **self.lists}.items():
            own: set[str] = set()
            for each in named:
                self._validate_name(each)
                other = seen.get(each.name) if title != "breaks" else None
                if each.name in own:
                    self.diagnostics.add(
                        each.span, "spec/duplicate-entry", f'"{each.name}" stands here twice', "remove one of them"
                    )
                elif other is not None:
                    what = f'"{each.name}" is to be {other} and {title} at once'
                    self.diagnostics.add(each.span, "drill/conflicting-outcomes", what, "remove one of them")
                own.add(each.name)
                if title != "breaks":
                    seen.setdefault(each.name, title)

    def _validate_name(self, named: _Named) -> None:
        alert = self.alerts.get(named.name)
        if alert is None:
            todo = choose(named.name, self.alerts)
            self.diagnostics.add(named.span, "drill/unknown-alert", f'alert "{named.name}" is unknown', todo)
        elif alert.slo:
            what = f'"{alert.id}" looks back for hours, and a drill of several alerts lasts for minutes'
            self.diagnostics.add(named.span, "drill/cannot-break", what, "remove it; it is drilled by itself")
        elif alert.stage is Stage.HEARTBEAT:
            self.diagnostics.add(named.span, "drill/cannot-break", f'"{alert.id}" fires all the time', "remove it")
        else:
            self._validate_home(alert, named.span)

    def _validate_home(self, alert: Alert, span: Span) -> None:
        there = {environment.name for environment in self.bundle.service(alert.service).environments}
        for env in self._environments():
            if env not in there:
                what = f'"{alert.id}" is not in "{env}"'
                self.diagnostics.add(span, "drill/other-environment", what, choose(env, there))

    def _environments(self) -> tuple[str, ...]:
        first = self.alerts.get(self.spec.breaks[0])
        return self.spec.env or ((_paging(self.bundle.service(first.service)),) if first else ())

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        """Where the fault hits: the environments that are named, else the first that pages, each in one cluster."""
        service = self.bundle.service(self.alerts[self.spec.breaks[0]].service)
        return tuple((name, _cluster(service, name)) for name in self._environments())

    # What is said of them.

    def validate_sense(self, scale: TimeScale) -> None:
        """Check what must come of the fault against what can."""
        notified, muted = set(self.spec.expect.notified), set(self.spec.expect.muted)
        for each in self.breaks:
            if each.name not in notified | muted:
                what = f'"{each.name}" is broken, so it fires, and nothing is said of it'
                self.diagnostics.add(each.span, "drill/missing-expectation", what, "add it to notified or muted")
        for each in self.lists["muted"]:
            by = self.bundle.inhibited_by[each.name]
            if not notified & set(by):
                todo = f"move it to notified, or add {' or '.join(by)}" if by else "move it to notified"
                self.diagnostics.add(
                    each.span, "drill/cannot-happen", f'nothing that is notified can mute "{each.name}"', todo
                )
        self._validate_incidents()
        self._validate_receiver()
        if self.spec.restart == "prometheus" and self._longest_for() < scale(SHORTEST_FOR):
            what = f"nothing that is broken waits for {SHORTEST_FOR}, so there is no middle to restart in"
            self.diagnostics.add(self.spec.span("restart"), "drill/no-time", what, "break an alert whose for is longer")

        self._validate_course(scale(LONGEST_COURSE))

    def _validate_course(self, longest: Duration) -> None:
        """Refuse to do anything in the middle of a fault that is played from written histories."""
        for field in ("flaps", "restart"):
            slow = [each for each in self.breaks if self.alerts[each.name].rules[0].example.settles > longest]
            if slow and getattr(self.spec, field) is not None:
                what = f'"{slow[0].name}" shows only after hours, so there is no time in a drill for "{field}"'
                self.diagnostics.add(
                    self.spec.span(field, key=True),
                    "drill/no-time",
                    what,
                    f'remove "{field}", or break something faster',
                )

    def _longest_for(self) -> Duration:
        return max(self.alerts[name].for_ for name in self.spec.breaks)

    def _validate_incidents(self) -> None:
        paging = {
            self.alerts[name].team: name
            for name in self.spec.expect.notified
            if any(channel.incidents for channel in self._channels(name))
        }
        for team in self.spec.expect.incidents:
            if team not in paging:
                span = self.spec.expect.span("incidents", team, key=True)
                self.diagnostics.add(
                    span,
                    "drill/cannot-happen",
                    f'nothing that is notified pages "{team}"',
                    "remove it, or add what does",
                )
        for team, name in paging.items():
            if team not in self.spec.expect.incidents:
                span = self.spec.expect.span("incidents", key=True)
                what = f'"{name}" pages "{team}", and nothing is said of its incidents'
                self.diagnostics.add(span, "drill/missing-expectation", what, f'add "{team}: 1"')

    def _validate_receiver(self) -> None:
        receiver = self.spec.receiver
        if receiver is None:
            return
        notified = {channel.name for name in self.spec.expect.notified for channel in self._channels(name)}
        if receiver.channel not in notified:
            what = f'nothing that is notified goes to "{receiver.channel}"'
            self.diagnostics.add(receiver.span("channel"), "drill/cannot-happen", what, "let another channel fail")

    def _channels(self, name: str) -> set[Channel]:
        notified = (each for env, _ in self.places for each in self.alerts[name].receivers[env])
        return {channel for each in notified for channel in each.channels}

    # What is played.

    def validate_series(self) -> None:
        """Refuse symptoms that move the same series of the same instance in different ways."""
        seen: dict[tuple[tuple[str, str], ...], tuple[ExampleSeries, str]] = {}
        for each in self.breaks:
            alert = self.alerts[each.name]
            for moved in alert.rules[0].example.series:
                other, by = seen.setdefault(self._series(alert, moved), (moved, each.name))
                if _patterns(other) != _patterns(moved):
                    what = f'"{by}" and "{each.name}" move {moved.metric} in different ways'
                    self.diagnostics.add(
                        each.span, "drill/conflicting-series", what, "break one of them; the other may well fire too"
                    )
                    break

    def _series(self, alert: Alert, series: ExampleSeries) -> tuple[tuple[str, str], ...]:
        signal = self.bundle.service(alert.service).signal(alert.subject)
        fixed = {matcher.label: matcher.value for matcher in signal.matchers if matcher.op == "="}
        labels: Mapping[str, str] = {**fixed, **dict(series.labels), "__name__": series.metric}
        return tuple(sorted(labels.items()))


def _patterns(series: ExampleSeries) -> tuple[SamplePattern, SamplePattern]:
    return series.healthy, series.firing


def _paging(service: Service) -> str:
    return next((each.name for each in service.environments if each.pages), service.environments[0].name)


def _cluster(service: Service, env: str) -> str:
    return next(each.clusters[0] for each in service.environments if each.name == env)
