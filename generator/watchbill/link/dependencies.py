"""Resolve who depends on what, which alerts declare it down, and which signals tell of it."""

from __future__ import annotations

from collections.abc import Iterable

from watchbill.errors import DiagnosticLevel, choose
from watchbill.language.base import Diagnostics
from watchbill.link.linked import LinkedService


def validate_dependencies(services: Iterable[LinkedService], diagnostics: Diagnostics) -> None:
    """Check `depends_on`, `needs` and `declares_down` against names that are known, and to each other."""
    everything = {service.spec.service: service for service in services}
    needed = {name for service in everything.values() for name in dependencies(service)}
    declared = {down for service in everything.values() for alert in service.alerts if (down := alert.declares_down)}
    for service in everything.values():
        _validate_dependencies(service, everything, declared, diagnostics)
        _validate_needs(service, diagnostics)
        for alert in service.alerts:
            if alert.declares_down and alert.declares_down not in needed:
                name = alert.spec.declares_down
                what = f'"{alert.name}" declares "{name}" down, and nothing depends on it'
                diagnostics.add(
                    alert.span("declares_down"),
                    "dependency/not-declared-down",
                    what,
                    _who_could(service, alert.declares_down),
                )


def dependencies(service: LinkedService) -> tuple[str, ...]:
    """Name what a service depends on: `<service>`, or `<service>/<signal>` for something of its own."""
    own = {signal.key for signal in service.signals}
    return tuple(f"{service.spec.service}/{name}" if name in own else name for name in service.spec.depends_on)


def _validate_dependencies(
    service: LinkedService, everything: dict[str, LinkedService], declared: set[str], diagnostics: Diagnostics
) -> None:
    own, others = set(service.spec.signals), set(everything) - {service.spec.service}
    for index, (name, full) in enumerate(zip(service.spec.depends_on, dependencies(service), strict=True)):
        span = service.spec.span("depends_on", index)
        if name in own & others:
            diagnostics.add(
                span,
                "spec/name-taken",
                f'"{name}" is both a signal of this service and another service',
                "rename the signal",
            )
        elif name == service.spec.service and name not in own:
            diagnostics.add(span, "dependency/on-itself", "a service does not depend on itself", "remove it")
        elif name not in own | others:
            what = f'"{name}" is neither a signal of this service nor another service'
            diagnostics.add(span, "dependency/unknown", what, choose(name, own | others))
        elif name in service.spec.depends_on[:index]:
            diagnostics.add(span, "spec/duplicate-entry", f'"{name}" stands here twice', "remove one of them")
        elif full not in declared:
            todo = f'add "declares_down: {name}" to the alert that tells that it is down, or remove it here'
            what = f'no alert declares "{name}" down, so its outage mutes nothing'
            diagnostics.add(span, "dependency/not-declared-down", what, todo, level=DiagnosticLevel.WARNING)


def _validate_needs(service: LinkedService, diagnostics: Diagnostics) -> None:
    own = service.spec.signals
    for what, keys in service.spec.needs.items():
        for index, key in enumerate(keys):
            span = service.spec.span("needs", what, index)
            if key not in own:
                diagnostics.add(span, "dependency/unknown", f'"{key}" is no signal of this service', choose(key, own))
            elif key in keys[:index]:
                diagnostics.add(span, "spec/duplicate-entry", f'"{key}" stands here twice', "remove one of them")


def _who_could(service: LinkedService, down: str) -> str:
    if "/" in down:
        return f'add "depends_on: [{down.partition("/")[2]}]" to this service, or remove it here'
    return f'add "depends_on: [{service.spec.service}]" to the services that need this one, or remove it here'
