"""The page of the drills: faults that are played on real servers, and who must hear of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from watchbill import naming
from watchbill.model.alerts import Alert
from watchbill.model.drills import Drill
from watchbill.outputs.docs.markdown import PageContext, Writer, code, inline
from watchbill.words import drills


def drills_page(writer: Writer) -> str:
    """Render the list of all drills, each below an anchor that is its name."""
    page = writer.on(naming.DRILLS_PAGE)
    return writer.template("site/drills.md.j2", page.path, drills=[_entry(d, page) for d in writer.bundle.drills])


def _entry(drill: Drill, page: PageContext) -> Mapping[str, Any]:
    rows = [
        ("Breaks", _alerts(drill.breaks, page)),
        ("Notified", _alerts(drill.notified, page)),
        ("Muted", _alerts(drill.muted, page)),
        ("Quiet", _alerts(drill.quiet, page)),
        ("Wakes", inline(drills.seen(drill, page.bundle))),
        ("Also", inline("; ".join(drills.alternatives(drill)))),
        ("In", inline(", ".join(f"{env} ({cluster})" for env, cluster in drill.places))),
        ("Run", code(drills.command(drill.name))),
        ("Spec", code(drill.origin.document)),
    ]
    return {"name": drill.name, "title": drill.title, "rows": [(title, text) for title, text in rows if text]}


def _alerts(names: Iterable[str], page: PageContext) -> str:
    return ", ".join(page.alert_named(name) for name in names)


def drilled_by(alert: Alert, page: PageContext) -> list[str]:
    """List what an alert is drilled by: the drills that name it, and its own."""
    lines = [
        f"{page.to(naming.DRILLS_PAGE, drill.title, anchor=drill.name)}: {drills.expected(drill, alert)}; "
        f"{inline(drills.seen(drill, page.bundle))}; {code(drills.command(drill.name))}"
        for drill in page.writer.drills[alert.id]
    ]
    return [*lines, f"itself: {code(drills.command(alert.id))}"]
