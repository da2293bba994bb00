"""Gather a service's alerts: those of its packs with its changes, and its own; none looks back too far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from watchbill.errors import DiagnosticLevel, Span, choose
from watchbill.language.base import Diagnostics, load
from watchbill.link.linked import LinkedAlert, LinkedService
from watchbill.link.slots import link_slots
from watchbill.model.origin import Origin
from watchbill.model.signals import Signal
from watchbill.quantity import REAL_TIME, Duration
from watchbill.source import Map
from watchbill.spec.alert import AlertSpec, alert_models
from watchbill.spec.pack import PackSpec
from watchbill.spec.platform import PlatformSpec
from watchbill.spec.service import ServiceSpec

SHORTEST_RETENTION = Duration.parse("2h")  # of samples in memory, which are written to disk in blocks of this length


def link_alerts(
    spec: ServiceSpec,
    document: str,
    packs: Mapping[str, PackSpec],
    signals: Mapping[str, Signal],
    *,
    diagnostics: Diagnostics,
) -> tuple[LinkedAlert, ...]:
    """Gather them in the order in which they are written; every name is unique."""
    return _Alerts(spec, document, packs, signals, diagnostics).all()


@dataclass(frozen=True, slots=True)
class _Alerts:
    """Gathers a service's alerts: those of its packs with its changes, and its own."""

    spec: ServiceSpec
    document: str
    packs: Mapping[str, PackSpec]
    signals: Mapping[str, Signal]
    diagnostics: Diagnostics

    def all(self) -> tuple[LinkedAlert, ...]:
        """Gather them in the order in which they are written; every name is unique."""
        found: dict[str, LinkedAlert] = {}
        changed: set[str] = set()
        unknown = False
        for index, use in enumerate(self.spec.alerts.packs):
            span = self.spec.span("alerts", "packs", index)
            pack = self.packs.get(use.pack)
            if pack is None:
                self.diagnostics.add(
                    span, "pack/unknown", f'pack "{use.pack}" is unknown', choose(use.pack, self.packs)
                )
                unknown = True
                continue
            slots = link_slots(use, pack, self.spec, self.signals, span=span, diagnostics=self.diagnostics)
            for name in pack.alerts:
                changed.add(name)
                alert = self._from_pack(name, pack, slots, span)
                if alert is not None:
                    self._keep(found, alert, span)
        for name, spec in self.spec.alerts.own.items():
            alert = self._own(name, spec)
            if alert is not None:
                self._keep(found, alert, alert.origin.span)
        if not unknown:  # else the changes may be of the pack that is meant
            self._require_used_changes(changed)
        return tuple(found.values())

    def _keep(self, found: dict[str, LinkedAlert], alert: LinkedAlert, span: Span) -> None:
        if alert.name in found:
            first = found[alert.name]
            self.diagnostics.add(
                span,
                "alert/duplicate",
                f'alert "{alert.name}" comes from {first.source} already',
                "rename or drop one of them",
            )
        found[alert.name] = alert

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
            self.diagnostics.add(
                spec.span("signal"),
                "signal/unknown",
                f'signal "{spec.signal}" is not among the pack\'s needs',
                choose(spec.signal, pack.needs),
            )
        signal = slots.get(spec.signal)
        dashboard = spec.dashboard or pack.dashboard
        keys = {slot: found.key for slot, found in slots.items()}
        return self._checked(name, spec, signal, (f"pack:{pack.pack}", pack.pack, dashboard), origin, slots=keys)

    def _changed(self, spec: AlertSpec, change: Map) -> AlertSpec | None:
        """Lay an override's keys over the pack's mapping, each with its own place."""
        for key in ("kind", "signal"):
            if key in change:
                self.diagnostics.add(
                    change.places[key].key or change.span,
                    "override/fixed-key",
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
        return load(alert_models()[kind], merged, self.diagnostics)

    def _own(self, name: str, spec: AlertSpec) -> LinkedAlert | None:
        if spec.signal not in self.spec.signals:
            self.diagnostics.add(
                spec.span("signal"),
                "signal/unknown",
                f'signal "{spec.signal}" is unknown',
                choose(spec.signal, self.spec.signals),
            )
        origin = self.spec.span("alerts", "own", name, key=True)
        return self._checked(
            name, spec, self.signals.get(spec.signal), ("service", "own", spec.dashboard or "service"), origin
        )

    def _checked(
        self,
        name: str,
        spec: AlertSpec,
        signal: Signal | None,
        where: tuple[str, str, str],
        origin: Span,
        *,
        slots: Mapping[str, str] = MappingProxyType({}),
    ) -> LinkedAlert | None:
        if signal is None:
            return None
        spec.check_fields(self.diagnostics)
        before = len(self.diagnostics.found)
        spec.condition.check(signal, self.diagnostics)
        sound = all(fault.level is not DiagnosticLevel.ERROR for fault in self.diagnostics.found[before:])
        down = self._down(spec, slots)
        return LinkedAlert(name, spec, signal, *where, down, Origin(origin, self.document), sound)

    def _down(self, spec: AlertSpec, slots: Mapping[str, str]) -> str:
        """Resolve what an alert declares down: the service, a signal of it, or what a pack calls that signal."""
        name = spec.declares_down
        if name is None or name == self.spec.service:
            return name or ""
        key = slots.get(name, name)
        if key not in self.spec.signals:
            known = {self.spec.service, *self.spec.signals}
            what = f'"{name}" is neither this service nor a signal of it'
            self.diagnostics.add(spec.span("declares_down"), "dependency/unknown", what, choose(name, known))
            return ""
        return f"{self.spec.service}/{key}"

    def _require_used_changes(self, known: set[str]) -> None:
        for section in ("override", "drop"):
            for name in getattr(self.spec.alerts, section):
                if name not in known:
                    span = self.spec.span("alerts", section, name, key=True)
                    none = "take the pack that has it"
                    self.diagnostics.add(
                        span,
                        "pack/unknown-alert",
                        f'no pack of this service has an alert "{name}"',
                        choose(name, known, none=none),
                    )
        for name in set(self.spec.alerts.override) & set(self.spec.alerts.drop):
            span = self.spec.span("alerts", "drop", name, key=True)
            self.diagnostics.add(
                span,
                "override/changed-and-dropped",
                f'alert "{name}" is both changed and dropped',
                "remove one of the two",
            )


def validate_history(services: Iterable[LinkedService], platform: PlatformSpec, diagnostics: Diagnostics) -> None:
    """Find alerts that compare with what is deleted by then: they would be quiet for ever."""
    kept = platform.defaults.retention
    if kept < SHORTEST_RETENTION:
        what = f"Prometheus keeps {SHORTEST_RETENTION.words()} of samples at least, and this says {kept.words()}"
        diagnostics.add(
            platform.defaults.span("retention"),
            "platform/retention-too-short",
            what,
            "write what it keeps, 15d unless it is set",
        )
        return
    for service in services:
        for alert in service.alerts:
            needed = alert.spec.condition.example(alert.signal, REAL_TIME).history
            if needed > kept:
                what = (
                    f'"{alert.name}" looks back {needed.words()}, and Prometheus keeps {kept.words()}, so that it '
                    "could never fire"
                )
                todo = (
                    f"keep more (\"retention: {needed}\" in the platform's defaults, and Prometheus' "
                    "--storage.tsdb.retention.time the same), or look back less"
                )
                diagnostics.add(alert.origin.span, "alert/looks-back-too-far", what, todo)
