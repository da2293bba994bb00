"""A page for each kind of indicator: its fields, and an objective on it with all that it becomes."""

from __future__ import annotations

from watchbill import naming
from watchbill.model.slo import Slo
from watchbill.reference import shown
from watchbill.reference.page import Block, Facts, Heading, Listing, Page, Row, See, Table, Text
from watchbill.reference.synthetic import Example, compiled
from watchbill.sli import Sli, kinds
from watchbill.words import objectives

TITLE = "Indicators of objectives"


def names() -> tuple[str, ...]:
    """List the kinds, sorted."""
    return tuple(kinds())


def page(kind: str) -> Page:
    """Tell of a kind."""
    model = kinds()[kind]
    found = compiled(model.usage)
    see = See("specs/objective.md", "`objective`", "The fields that every objective has beside those of its indicator")
    blocks = shown.kind_parts(model, Sli, see, _became(found, found.service.slos[0]))
    return Page(f"slis/{kind}.md", kind, blocks)


def _became(found: Example, slo: Slo) -> tuple[Block, ...]:
    recorded = {rule.record: rule.expr for group in slo.groups for rule in group.rules}
    counted = {name: recorded[name] for name in (naming.SLO_EVENTS, naming.SLO_ERRORS)}
    alerts = [alert for alert in found.service.alerts if alert.slo == slo.name]
    rows = tuple(Row(alert.name, f"{alert.severity}. Fires: {alert.sentence}") for alert in alerts)
    panels = dict.fromkeys(panel.title for alert in alerts if (panel := found.panel_of(alert)) is not None)
    return (
        Facts((("Good", f"{slo.events} {slo.good}."), ("Budget", objectives.budget(slo)))),
        Heading("PromQL"),
        Text("What is recorded every minute; windows, budget and burn rates are made of these."),
        Listing("\n\n".join(f"# {name}\n{expr}" for name, expr in counted.items()), "promql"),
        Heading("Alerts"),
        Table(("Alert", "When it fires"), rows),
        Facts((("Panels", ", ".join(panels)),)),
        *shown.hint_parts(found),
    )
