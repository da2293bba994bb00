"""What examples become, as parts of a page: rules, thresholds, panels and hints."""

from __future__ import annotations

from collections.abc import Iterable

from watchbill.language.base import Authored
from watchbill.language.kinds import Statement
from watchbill.model.alerts import Alert
from watchbill.model.dashboards import Panel
from watchbill.quantity import Unit
from watchbill.reference import fields
from watchbill.reference.page import Block, Facts, Heading, Listing, See, Text, paragraphs
from watchbill.reference.synthetic import Example


def kind_parts(model: type[Statement], base: type[Authored], see: See, became: Iterable[Block]) -> tuple[Block, ...]:
    """Tell of a kind: its fields, of which those that all kinds share stand last, its example, and what it became."""
    return (
        *paragraphs(model.__doc__),
        *parts(model, without=("kind",), last=base.model_fields),
        see,
        *example(model.usage),
        *became,
    )


def parts(model: type[Authored], *, without: Iterable[str] = (), last: Iterable[str] = ()) -> tuple[Block, ...]:
    """Show the fields of a mapping, and those of the mappings in it."""
    found: list[Block] = []
    own = fields.table(model, without=without, last=last)
    if own.rows:
        found += [Heading("Fields"), own]
    for way, inner in fields.nested(model):
        found += [Heading(f"Fields of `{way}`"), *paragraphs(inner.__doc__), fields.table(inner)]
    return tuple(found)


def example(lines: str) -> tuple[Block, ...]:
    """Show an example as it is written."""
    return (Heading("Example"), Listing(lines, "yaml"))


def alert_parts(found: Example, alert: Alert) -> tuple[Block, ...]:
    """Show an alert: when it fires, what it asks, and its panel."""
    line = alert.threshold
    drawn = f"{line}, as a line on its panel" if line else "no line to draw"
    rules = "\n\n".join(rule.expr for rule in alert.rules)
    panel = found.panel_of(alert)
    return (
        Facts((("Fires", alert.sentence), ("Threshold", drawn))),
        Heading("PromQL"),
        Listing(rules, "promql"),
        *(panel_parts(panel) if panel else ()),
        *hint_parts(found),
    )


def panel_parts(panel: Panel) -> tuple[Block, ...]:
    """Show a panel: its title, form and unit, and what it asks."""
    unit = "numbers" if panel.unit is Unit.COUNT else f"unit {panel.unit.symbol}"
    states = ", ".join(f"{state.value} is {state.text}" for state in panel.states)
    seen = f"states, where {states}" if states else f"{panel.look}, {unit}"
    asked = "\n\n".join(f"# {query.legend}\n{query.expr}" if query.legend else query.expr for query in panel.queries)
    return (
        Heading("Panel"),
        Facts((("Title", panel.title), ("Shown as", seen))),
        Listing(asked, "promql"),
    )


def hint_parts(found: Example) -> tuple[Block, ...]:
    """Show what the compiler notes about the example."""
    return (Heading("Hints"), *map(Text, found.hints)) if found.hints else ()


def first(model: type[Authored]) -> str:
    """Take the first line of a mapping's docstring."""
    return (model.__doc__ or "").partition("\n")[0]
