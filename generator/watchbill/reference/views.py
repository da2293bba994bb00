"""A page for each kind of view: its fields, and a panel of it with all that it asks."""

from __future__ import annotations

from watchbill.reference import markdown, shown
from watchbill.reference.page import Page, See, paragraphs
from watchbill.reference.synthetic import compiled
from watchbill.views import View, kinds

TITLE = "Views of panels"


def render() -> dict[str, str]:
    """Write all of them."""
    return markdown.written(tuple(map(page, names())))


def names() -> tuple[str, ...]:
    """List the kinds, sorted."""
    return tuple(kinds())


def page(kind: str) -> Page:
    """Tell of a kind."""
    model = kinds()[kind]
    found = compiled(model.usage)
    panel = next(panel for panel in found.panels() if f"- title: {panel.title}\n" in model.usage)
    blocks = (
        *paragraphs(model.__doc__),
        *shown.of_kind(model, View),
        See("specs/panel.md", "`panel`", "The fields that every panel has beside those of its view"),
        *shown.example(model.usage),
        *shown.panel_parts(panel),
        *shown.hint_parts(found),
    )
    return Page(f"views/{kind}.md", kind, blocks)
