"""A page for each kind of view: its fields, and a panel of it with all that it asks."""

from __future__ import annotations

from watchbill.reference import shown
from watchbill.reference.page import Page, See
from watchbill.reference.synthetic import compiled
from watchbill.views import View, kinds

TITLE = "Views of panels"


def names() -> tuple[str, ...]:
    """List the kinds, sorted."""
    return tuple(kinds())


def page(kind: str) -> Page:
    """Tell of a kind."""
    model = kinds()[kind]
    found = compiled(model.usage)
    panel = next(panel for panel in found.panels() if f"- title: {panel.title}\n" in model.usage)
    see = See("specs/panel.md", "`panel`", "The fields that every panel has beside those of its view")
    blocks = shown.kind_parts(model, View, see, (*shown.panel_parts(panel), *shown.hint_parts(found)))
    return Page(f"views/{kind}.md", kind, blocks)
