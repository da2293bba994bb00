"""Resolve names: what a spec tree says becomes typed things that know each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeVar

from watchbill import library
from watchbill.authoring import Authored, Faults, load, read
from watchbill.errors import Diagnostic, Span, SpecError, choose
from watchbill.link_signals import build_signal
from watchbill.model.bundle import Environment, Scrape, ScrapeTargets
from watchbill.model.origin import Origin
from watchbill.model.signals import Signal
from watchbill.naming import RESERVED_LABELS
from watchbill.source import Document, Map
from watchbill.spec.alert import AlertSpec, alert_models
from watchbill.spec.pack import PackSpec
from watchbill.spec.platform import PlatformSpec
from watchbill.spec.profile import ProfileSpec
from watchbill.spec.service import PackUse, ScrapeSpec, ServiceSpec

Model = TypeVar("Model", bound=Authored)


@dataclass(frozen=True, slots=True)
class LinkedAlert:
    """An alert with its signal; `origin` is where an author would change it."""

    name: str
    spec: AlertSpec
    signal: Signal
    source: str
    area: str
    dashboard: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class LinkedService:
    """A service with everything that its spec names."""

    spec: ServiceSpec
    environments: tuple[Environment, ...]
    signals: tuple[Signal, ...]
    alerts: tuple[LinkedAlert, ...]
    scrapes: tuple[Scrape, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Linked:
    """A spec tree without a loose end; `warnings` are what its authors should know."""

    platform: PlatformSpec
    services: tuple[LinkedService, ...]
    warnings: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Profiles and packs by name: the shipped ones, and the tree's own."""

    profiles: Mapping[str, ProfileSpec]
    packs: Mapping[str, PackSpec]


def link(documents: Iterable[Document]) -> Linked:
    """Read and resolve a spec tree; raises `SpecError` with all that is wrong in each phase."""
    faults = Faults()
    sorted_out = _sort_out(documents, faults)
    profiles = _shelve(ProfileSpec, "profile", [*library.documents("profiles"), *sorted_out["profiles"]], faults)
    for profile in profiles.values():
        profile.check(faults)
    packs = _shelve(PackSpec, "pack", [*library.documents("packs"), *sorted_out["packs"]], faults)
    platforms = [read(PlatformSpec, document, faults) for document in sorted_out["platform"]]
    services = [(document, read(ServiceSpec, document, faults)) for document in sorted_out["services"]]
    _stop_if_fatal(faults)
    platform = platforms[0]
    if platform is None:
        raise ValueError("a platform without faults was read")
    shelf = Shelf(profiles, packs)
    if platform.defaults.team not in platform.teams:
        span = platform.defaults.span("team")
        faults.add(
            span,
            f'team "{platform.defaults.team}" is unknown',
            choose(platform.defaults.team, platform.teams),
        )
    linked = [link_service(spec, document, platform, shelf, faults=faults) for document, spec in services if spec]
    _refuse_twins(linked, faults)
    _stop_if_fatal(faults)
    return Linked(platform, tuple(sorted(linked, key=lambda s: s.spec.service)), tuple(faults.found))


def _stop_if_fatal(faults: Faults) -> None:
    if faults.fatal:
        raise SpecError(faults.found)


def _sort_out(documents: Iterable[Document], faults: Faults) -> dict[str, list[Document]]:
    """Tell what each document is by its place in the tree."""
    found: dict[str, list[Document]] = {"platform": [], "services": [], "profiles": [], "packs": []}
    root = "specs/platform.yaml"
    for document in documents:
        parts = PurePosixPath(document.pointer).parts[1:]
        if parts == ("platform.yaml",):
            found["platform"].append(document)
        elif len(parts) == 2 and parts[0] in {"services", "profiles", "packs"}:
            found[parts[0]].append(document)
        else:
            what = f"nothing is known of a spec at {'/'.join(parts)}"
            faults.add(_start(document), what, "move it to platform.yaml, services/, profiles/ or packs/")
        root = document.path[: len(document.path) - len("/".join(parts))] + "platform.yaml"
    if not found["platform"]:
        faults.add(
            Span(root, 1, 1, 1, 1),
            "the platform's spec is missing",
            "write it: teams, environments, urls, defaults",
        )
    return found


def _start(document: Document) -> Span:
    return Span(document.path, 1, 1, 1, 1)


def _shelve(model: type[Model], word: str, documents: Iterable[Document], faults: Faults) -> dict[str, Model]:
    """Read profiles or packs; each is named as its file, and no name is given twice."""
    shelf: dict[str, Model] = {}
    for document in documents:
        spec = read(model, document, faults)
        if spec is None:
            continue
        name = str(getattr(spec, word))
        if PurePosixPath(document.pointer).stem != name:
            faults.add(
                spec.span(word),
                f'{word} "{name}" stands in a file of another name',
                f"call the file {name}.yaml",
            )
        if name in shelf:
            faults.add(
                spec.span(word),
                f'{word} "{name}" exists already',
                "choose another name; change single alerts by override",
            )
        shelf[name] = spec
    return shelf


def _refuse_twins(services: Iterable[LinkedService], faults: Faults) -> None:
    seen: dict[str, Span] = {}
    for service in services:
        name, span = service.spec.service, service.spec.span("service")
        if name in seen:
            faults.add(span, f'service "{name}" stands at {seen[name]} already', "give each service one file")
        seen.setdefault(name, span)


def link_service(
    spec: ServiceSpec, document: Document, platform: PlatformSpec, shelf: Shelf, *, faults: Faults
) -> LinkedService:
    """Resolve one service; what is wrong goes to `faults`."""
    if PurePosixPath(document.pointer).stem != spec.service:
        faults.add(
            spec.span("service"),
            f'service "{spec.service}" stands in a file of another name',
            f"call the file {spec.service}.yaml",
        )
    if spec.team not in platform.teams:
        faults.add(spec.span("team"), f'team "{spec.team}" is unknown', choose(spec.team, platform.teams))
    _refuse_reserved(spec, ("target",), spec.target, faults)
    environments = _environments(spec, platform, faults)
    scrapes = tuple(_scrape(job, scrape, platform, faults) for job, scrape in spec.scrape.items())
    signals: dict[str, Signal] = {}
    for key, signal in spec.signals.items():
        _refuse_reserved(spec, ("signals", key, "target"), signal.target, faults)
        built = build_signal(
            key, spec, platform=platform, shelf=shelf.profiles, document=document.pointer, faults=faults
        )
        if built is not None:
            signals[key] = built
    alerts = _Alerts(spec, document.pointer, shelf.packs, signals, faults).all()
    origin = Origin(spec.span("service", key=True), document.pointer)
    return LinkedService(spec, environments, tuple(signals.values()), alerts, scrapes, origin)


def _refuse_reserved(spec: ServiceSpec, path: tuple[str, ...], target: Iterable[str], faults: Faults) -> None:
    for label in sorted(RESERVED_LABELS & set(target)):
        todo = "remove it; env and cluster come from the scrape configuration, the others from the alert"
        faults.add(spec.span(*path, label, key=True), f'label "{label}" is not for selecting a target', todo)


def _environments(spec: ServiceSpec, platform: PlatformSpec, faults: Faults) -> tuple[Environment, ...]:
    names = spec.environments if spec.environments is not None else tuple(platform.environments)
    if not names:
        faults.add(spec.span("environments"), "a service in no environment", "name one, or remove the key")
    for index, name in enumerate(names):
        if name not in platform.environments:
            faults.add(
                spec.span("environments", index),
                f'environment "{name}" is unknown',
                choose(name, platform.environments),
            )
    known = sorted(set(names) & set(platform.environments))
    return tuple(Environment(n, platform.environments[n].clusters, platform.environments[n].pages) for n in known)


def _scrape(job: str, scrape: ScrapeSpec, platform: PlatformSpec, faults: Faults) -> Scrape:
    targets = []
    for place, addresses in scrape.targets.items():
        env, _, cluster = place.partition("/")
        known = platform.environments.get(env)
        if known is None:
            faults.add(
                scrape.span("targets", place, key=True),
                f'environment "{env}" is unknown',
                choose(env, platform.environments),
            )
        elif not cluster and len(known.clusters) > 1:
            faults.add(
                scrape.span("targets", place, key=True),
                f'environment "{env}" has several clusters',
                f"write {env}/{known.clusters[0]}",
            )
        elif cluster and cluster not in known.clusters:
            faults.add(
                scrape.span("targets", place, key=True),
                f'"{env}" has no cluster "{cluster}"',
                choose(cluster, known.clusters),
            )
        else:
            targets.append(ScrapeTargets(env, cluster or known.clusters[0], addresses))
    return Scrape(
        job=job,
        interval=scrape.interval or platform.defaults.scrape_interval,
        path=scrape.path or ("/probe" if scrape.probe else "/metrics"),
        scheme=scrape.scheme,
        targets=tuple(sorted(targets, key=lambda t: (t.env, t.cluster))),
        prober=scrape.probe.exporter if scrape.probe else "",
        module=scrape.probe.module if scrape.probe else "",
    )


@dataclass(frozen=True, slots=True)
class _Alerts:
    """Gathers a service's alerts: those of its packs with its changes, and its own."""

    spec: ServiceSpec
    document: str
    packs: Mapping[str, PackSpec]
    signals: Mapping[str, Signal]
    faults: Faults

    def all(self) -> tuple[LinkedAlert, ...]:
        """Gather them in the order in which they are written; every name is unique."""
        found: dict[str, LinkedAlert] = {}
        changed: set[str] = set()
        for index, use in enumerate(self.spec.alerts.packs):
            span = self.spec.span("alerts", "packs", index)
            pack = self.packs.get(use.pack)
            if pack is None:
                self.faults.add(span, f'pack "{use.pack}" is unknown', choose(use.pack, self.packs))
                continue
            slots = self._slots(use, pack, span)
            for name in pack.alerts:
                changed.add(name)
                alert = self._from_pack(name, pack, slots, span)
                if alert is not None:
                    self._keep(found, alert, span)
        for name, spec in self.spec.alerts.own.items():
            alert = self._own(name, spec)
            if alert is not None:
                self._keep(found, alert, alert.origin.span)
        self._refuse_idle_changes(changed)
        return tuple(found.values())

    def _keep(self, found: dict[str, LinkedAlert], alert: LinkedAlert, span: Span) -> None:
        if alert.name in found:
            first = found[alert.name]
            self.faults.add(
                span, f'alert "{alert.name}" comes from {first.source} already', "rename or drop one of them"
            )
        found[alert.name] = alert

    def _slots(self, use: PackUse, pack: PackSpec, span: Span) -> dict[str, Signal]:
        """Find the signal for each that the pack needs: named, of the same key, or the only one of its profile."""
        slots: dict[str, Signal] = {}
        for slot, key in use.signals.items():
            if slot not in pack.needs:
                self.faults.add(
                    use.span("signals", slot, key=True),
                    f'pack "{pack.pack}" needs no signal "{slot}"',
                    choose(slot, pack.needs),
                )
            elif key not in self.signals:
                self.faults.add(use.span("signals", slot), f'signal "{key}" is unknown', choose(key, self.spec.signals))
            elif self.signals[key].profile != pack.needs[slot]:
                what = (
                    f'signal "{key}" has profile "{self.signals[key].profile}", and the pack needs "{pack.needs[slot]}"'
                )
                self.faults.add(use.span("signals", slot), what, "name another signal")
            else:
                slots[slot] = self.signals[key]
        for slot, profile in pack.needs.items():
            fitting = {key: signal for key, signal in self.signals.items() if signal.profile == profile}
            if slot in slots or slot in use.signals:
                continue
            if slot in fitting or len(fitting) == 1:
                slots[slot] = fitting.get(slot) or next(iter(fitting.values()))
            elif any(signal.profile == profile for signal in self.spec.signals.values()):
                what = f'pack "{pack.pack}" could speak of several signals as "{slot}"'
                self.faults.add(
                    span,
                    what,
                    f"say which, as in {{pack: {pack.pack}, signals: {{{slot}: {min(fitting, default='…')}}}}}",
                )
            elif len(self.signals) == len(self.spec.signals):  # else a signal's own fault has been told
                what = f'pack "{pack.pack}" needs a signal with profile "{profile}"'
                self.faults.add(span, what, f"add it under signals, as in {slot}: {{profile: {profile}}}")
        return slots

    def _from_pack(self, name: str, pack: PackSpec, slots: Mapping[str, Signal], span: Span) -> LinkedAlert | None:
        if name in self.spec.alerts.drop:
            return None
        change = self.spec.alerts.override.get(name)
        spec: AlertSpec | None = pack.alerts[name]
        origin = span
        if change is not None:
            spec = self._changed(pack.alerts[name], change)
            origin = self.spec.span("alerts", "override", name, key=True)
        if spec is None:
            return None
        if spec.signal not in pack.needs:
            self.faults.add(
                spec.span("signal"),
                f'signal "{spec.signal}" is not among the pack\'s needs',
                choose(spec.signal, pack.needs),
            )
        signal = slots.get(spec.signal)
        dashboard = spec.dashboard or pack.dashboard
        return self._checked(name, spec, signal, (f"pack:{pack.pack}", pack.pack, dashboard), origin)

    def _changed(self, spec: AlertSpec, change: Map) -> AlertSpec | None:
        """Lay an override's keys over the pack's mapping, each with its own place."""
        for key in ("kind", "signal"):
            if key in change:
                self.faults.add(
                    change.places[key].key or change.span,
                    f'an override cannot change "{key}"',
                    "drop the alert and write your own",
                )
        merged = Map(change.span)
        for part in (spec.node, change):
            for key, value in part.items():
                if part is change and key in {"kind", "signal"}:
                    continue
                merged[key] = value
                merged.places[key] = part.places[key]
        kind = str(spec.node["kind"])
        return load(alert_models()[kind], merged, self.faults)

    def _own(self, name: str, spec: AlertSpec) -> LinkedAlert | None:
        if spec.signal not in self.spec.signals:
            self.faults.add(
                spec.span("signal"),
                f'signal "{spec.signal}" is unknown',
                choose(spec.signal, self.spec.signals),
            )
        origin = self.spec.span("alerts", "own", name, key=True)
        return self._checked(
            name, spec, self.signals.get(spec.signal), ("service", "own", spec.dashboard or "service"), origin
        )

    def _checked(
        self, name: str, spec: AlertSpec, signal: Signal | None, where: tuple[str, str, str], origin: Span
    ) -> LinkedAlert | None:
        if signal is None:
            return None
        spec.judge(self.faults)
        spec.condition.check(signal, self.faults)
        return LinkedAlert(name, spec, signal, *where, Origin(origin, self.document))

    def _refuse_idle_changes(self, known: set[str]) -> None:
        for section in ("override", "drop"):
            for name in getattr(self.spec.alerts, section):
                if name not in known:
                    span = self.spec.span("alerts", section, name, key=True)
                    none = "take the pack that has it"
                    self.faults.add(
                        span, f'no pack of this service has an alert "{name}"', choose(name, known, none=none)
                    )
        for name in set(self.spec.alerts.override) & set(self.spec.alerts.drop):
            span = self.spec.span("alerts", "drop", name, key=True)
            self.faults.add(span, f'alert "{name}" is both changed and dropped', "remove one of the two")
