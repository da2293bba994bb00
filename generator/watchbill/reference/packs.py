"""A page for each shipped pack: what it needs, its alerts and its panels."""

from __future__ import annotations

from functools import cache

from watchbill import library
from watchbill.language.base import Diagnostics, read
from watchbill.model.alerts import Alert
from watchbill.reference import profiles
from watchbill.reference.page import Block, Facts, Heading, Listing, Page, Row, Table, Text
from watchbill.reference.synthetic import compiled
from watchbill.spec.pack import PackSpec

TITLE = "Packs"


@cache
def shipped() -> dict[str, PackSpec]:
    """Read the packs, by name."""
    found = (read(PackSpec, document, Diagnostics()) for document in library.documents("packs"))
    return {spec.pack: spec for spec in found if spec is not None}


def names() -> tuple[str, ...]:
    """List the packs, sorted."""
    return tuple(shipped())


def page(name: str) -> Page:
    """Tell of a pack."""
    pack, lines = shipped()[name], taken(name)
    has = [
        f"{len(of)} {word}{'s' * (len(of) != 1)}" for word, of in (("alert", pack.alerts), ("panel", pack.panels)) if of
    ]
    needs = ", ".join(f"`{slot}` of profile `{profile}`" for slot, profile in pack.needs.items())
    blocks: tuple[Block, ...] = (
        Text(f"{pack.title}: {' and '.join(has)}."),
        Facts((("Signals", needs), ("Dashboard", f"`{pack.dashboard}`"))),
        Heading("Take it"),
        Text("Limits, and whatever else differs from the profile, are the service's own."),
        Listing(lines, "yaml"),
        *_alerts(pack, lines),
        *_panels(pack),
    )
    return Page(f"packs/{name}.md", name, blocks)


def taken(name: str) -> str:
    """Write the lines by which a service takes a pack: its signals, with the limits that it asks for."""
    pack = shipped()[name]
    parts = [*(alert.condition for alert in pack.alerts.values()), *(panel.view for panel in pack.panels)]
    speaking = [*(alert.signal for alert in pack.alerts.values()), *(panel.signal for panel in pack.panels)]
    asked = {
        (slot, str(limit))
        for slot, part in zip(speaking, parts, strict=True)
        if (limit := getattr(part, "limit", None))
    }
    signals = (
        f"  {slot}: {profiles.taken(profile, {limit for of, limit in asked if of == slot})}\n"
        for slot, profile in pack.needs.items()
    )
    return f"signals:\n{''.join(signals)}alerts:\n  packs: [{name}]\n"


def _alerts(pack: PackSpec, lines: str) -> tuple[Block, ...]:
    if not pack.alerts:
        return ()
    came = {alert.name: alert for alert in compiled(lines).service.alerts}
    return (Heading("Alerts"), *(block for name in pack.alerts for block in _alert(pack, came[name])))


def _alert(pack: PackSpec, alert: Alert) -> tuple[Block, ...]:
    spec = pack.alerts[alert.name]
    facts = (
        ("Severity", alert.severity.value),
        ("Fires", alert.sentence),
        ("Impact", spec.impact or ""),
        ("First step", spec.action or ""),
        ("Signal", f"`{spec.signal}`, kind `{alert.kind}`, for {spec.for_.words()}"),
    )
    said = tuple((label, text) for label, text in facts if text)
    return (Heading(f"`{alert.name}`", level=3), Text(f"{alert.summary}."), Facts(said))


def _panels(pack: PackSpec) -> tuple[Block, ...]:
    if not pack.panels:
        return ()
    rows = tuple(
        Row(panel.title, panel.help, (f"View `{panel.view.kind}` of signal `{panel.signal}`.",))
        for panel in pack.panels
    )
    return (Heading("Panels"), Table(("Panel", "What it shows"), rows, code=False))
