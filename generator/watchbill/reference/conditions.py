"""A page for each kind of condition: its fields, and an alert of it with all that it becomes."""

from __future__ import annotations

from watchbill.conditions import Condition, kinds
from watchbill.reference import shown
from watchbill.reference.page import Page, See
from watchbill.reference.synthetic import compiled

TITLE = "Conditions"


def names() -> tuple[str, ...]:
    """List the kinds, sorted."""
    return tuple(kinds())


def page(kind: str) -> Page:
    """Tell of a kind."""
    model = kinds()[kind]
    found = compiled(model.usage)
    see = See("specs/alert.md", "`alert`", "The fields that every alert has beside those of its condition")
    blocks = shown.kind_parts(model, Condition, see, shown.alert_parts(found, found.alert()))
    return Page(f"conditions/{kind}.md", kind, blocks)
