"""Read drills, and hold what each says to itself and to the platform; its alerts are known only when all are made."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from watchbill.errors import choose
from watchbill.language.base import Diagnostics
from watchbill.link.linked import LinkedDrill
from watchbill.quantity import Quantity
from watchbill.source import Document
from watchbill.spec.drill import DrillSpec, FlapsSpec
from watchbill.spec.platform import PlatformSpec


def link_drills(
    drills: Iterable[tuple[Document, DrillSpec]], platform: PlatformSpec, diagnostics: Diagnostics
) -> tuple[LinkedDrill, ...]:
    """Resolve the environments and teams of drills; what is wrong goes to `diagnostics`."""
    found = []
    for document, spec in drills:
        if PurePosixPath(document.pointer).stem != spec.drill:
            what = f'drill "{spec.drill}" stands in a file of another name'
            diagnostics.add(spec.span("drill"), "file/name-differs", what, f"call the file {spec.drill}.yaml")
        _validate_environments(spec, platform, diagnostics)
        _validate_teams(spec, platform, diagnostics)
        _validate_events(spec, diagnostics)
        found.append(LinkedDrill(spec, document.pointer))
    return tuple(sorted(found, key=lambda drill: drill.spec.drill))


def _validate_environments(spec: DrillSpec, platform: PlatformSpec, diagnostics: Diagnostics) -> None:
    named = spec.env or ()
    for index, name in enumerate(named):
        if name not in platform.environments:
            todo = choose(name, platform.environments)
            diagnostics.add(spec.span("env", index), "environment/unknown", f'environment "{name}" is unknown', todo)
        elif name in named[:index]:
            diagnostics.add(
                spec.span("env", index), "spec/duplicate-entry", f'"{name}" stands here twice', "remove one of them"
            )


def _validate_teams(spec: DrillSpec, platform: PlatformSpec, diagnostics: Diagnostics) -> None:
    for team, count in spec.expect.incidents.items():
        if team not in platform.teams:
            todo = choose(team, platform.teams)
            diagnostics.add(
                spec.expect.span("incidents", team, key=True), "team/unknown", f'team "{team}" is unknown', todo
            )
        if not _whole(count, least=1):
            what = f"{count} is no number of incidents"
            diagnostics.add(
                spec.expect.span("incidents", team),
                "quantity/not-a-count",
                what,
                "write 1 or more, or remove who is not woken",
            )


def _validate_events(spec: DrillSpec, diagnostics: Diagnostics) -> None:
    if spec.flaps is not None:
        _validate_flaps(spec.flaps, diagnostics)
        if spec.restart is not None:
            what = "a fault that comes and goes has no middle to restart anything in"
            diagnostics.add(spec.span("restart"), "drill/no-time", what, 'remove "flaps", or write a drill of its own')
    if spec.receiver is not None and not spec.receiver.fails_for.milliseconds:
        diagnostics.add(
            spec.receiver.span("fails_for"),
            "drill/impossible-fault",
            "a receiver that never fails",
            "write how long it fails",
        )


def _validate_flaps(flaps: FlapsSpec, diagnostics: Diagnostics) -> None:
    if not _whole(flaps.times, least=2):
        what = f"a fault that comes {flaps.times} times does not come and go"
        diagnostics.add(flaps.span("times"), "drill/impossible-fault", what, "write 2 or more")
    for field, value in (("broken", flaps.broken), ("healthy", flaps.healthy)):
        if not value.milliseconds:
            diagnostics.add(
                flaps.span(field),
                "drill/impossible-fault",
                f'"{field}" lasts for no time',
                "write a duration such as 45s",
            )


def _whole(count: Quantity, *, least: int) -> bool:
    return count.number == count.number.to_integral_value() and count.number >= least
