"""Resolve a service: its team, its places, its signals and its alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from watchbill.errors import choose
from watchbill.language.base import Diagnostics
from watchbill.link.alerts import link_alerts
from watchbill.link.dashboards import link_panels
from watchbill.link.linked import LinkedAlert, LinkedService, Registry
from watchbill.link.places import link_environments, link_scrape
from watchbill.link.signals import build_signal
from watchbill.link.slos import link_slos, made_for_objectives
from watchbill.model.origin import Origin
from watchbill.model.signals import Signal
from watchbill.naming import RESERVED_LABELS, TARGET_DOWN, TARGETS, absence_alert
from watchbill.quantity import Duration
from watchbill.source import Document
from watchbill.spec.platform import PlatformSpec
from watchbill.spec.service import ServiceSpec

SLOWEST_EVALUATION = Duration.parse("2m")  # half of Prometheus' lookback of 5m, less a late evaluation


def link_service(
    spec: ServiceSpec, document: Document, platform: PlatformSpec, registry: Registry, *, diagnostics: Diagnostics
) -> LinkedService:
    """Resolve one service; what is wrong goes to `diagnostics`."""
    if PurePosixPath(document.pointer).stem != spec.service:
        diagnostics.add(
            spec.span("service"),
            "file/name-differs",
            f'service "{spec.service}" stands in a file of another name',
            f"call the file {spec.service}.yaml",
        )
    if spec.team not in platform.teams:
        diagnostics.add(
            spec.span("team"), "team/unknown", f'team "{spec.team}" is unknown', choose(spec.team, platform.teams)
        )
    _require_unreserved(spec, ("target",), spec.target, diagnostics)
    if spec.evaluation_interval is not None and spec.evaluation_interval > SLOWEST_EVALUATION:
        what = f"evaluated every {spec.evaluation_interval}, recorded series would be invisible half of the time"
        diagnostics.add(
            spec.span("evaluation_interval"), "service/evaluated-too-rarely", what, f"use {SLOWEST_EVALUATION} or less"
        )
    environments = link_environments(spec, platform, diagnostics)
    scrapes = tuple(link_scrape(job, scrape, platform, diagnostics) for job, scrape in spec.scrape.items())
    signals: dict[str, Signal] = {}
    for key, signal in sorted(spec.signals.items()):
        _require_unreserved(spec, ("signals", key, "target"), signal.target, diagnostics)
        built = build_signal(
            key, spec, platform=platform, registry=registry.profiles, document=document.pointer, diagnostics=diagnostics
        )
        if built is not None:
            signals[key] = built
    alerts = link_alerts(spec, document.pointer, registry.packs, signals, diagnostics=diagnostics)
    slos = link_slos(spec, document.pointer, signals, platform, diagnostics)
    made = {**_made_for_signals(spec, signals, diagnostics), **made_for_objectives(slos)}
    _require_free_names(made, alerts, diagnostics)
    origin = Origin(spec.span("service", key=True), document.pointer)
    panels = link_panels(spec, registry.packs, signals, alerts, diagnostics=diagnostics)
    return LinkedService(spec, environments, tuple(signals.values()), alerts, slos, panels, scrapes, origin)


def _require_unreserved(
    spec: ServiceSpec, path: tuple[str, ...], target: Iterable[str], diagnostics: Diagnostics
) -> None:
    for label in sorted(RESERVED_LABELS & set(target)):
        todo = "remove it; env and cluster come from the scrape configuration, the others from the alert"
        diagnostics.add(
            spec.span(*path, label, key=True), "label/reserved", f'label "{label}" is not for selecting a target', todo
        )


def _made_for_signals(spec: ServiceSpec, signals: Iterable[str], diagnostics: Diagnostics) -> dict[str, str]:
    """Map the alerts that every service gets, of its targets and of each signal's absence, to what they are of."""
    if TARGETS in spec.signals:
        what = f'signal "{TARGETS}" is there for every service already: what Prometheus scrapes'
        diagnostics.add(spec.span("signals", TARGETS, key=True), "spec/name-taken", what, "choose another name")
    owners = {TARGET_DOWN: TARGETS}
    for key in signals:
        other = owners.setdefault(absence_alert(key), key)
        if other != key:
            what = f'signals "{other}" and "{key}" would share the alert "{absence_alert(key)}"'
            diagnostics.add(spec.span("signals", key, key=True), "alert/duplicate", what, "rename one of them")
    return {alert: f'signal "{key}"' for alert, key in owners.items()}


def _require_free_names(made: Mapping[str, str], alerts: Iterable[LinkedAlert], diagnostics: Diagnostics) -> None:
    """Refuse alerts that would share a name with those that nobody has to write."""
    for alert in alerts:
        if alert.name in made:
            what = f'alert "{alert.name}" is made for {made[alert.name]} already'
            diagnostics.add(alert.origin.span, "alert/duplicate", what, "choose another name")
