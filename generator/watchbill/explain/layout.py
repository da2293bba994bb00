"""Lay out an explanation on a terminal: a title in a narrow column, the text filled beside it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

WIDTH = 100
TITLE = 12


def rows(entries: Iterable[tuple[str, str]]) -> list[str]:
    """Write titles and texts, and leave out what has no text."""
    return [_row(title, text) for title, text in entries if text]


def block(text: str) -> str:
    """Indent a text that keeps its own lines, such as PromQL or a command."""
    return textwrap.indent(text, " " * (TITLE + 2))


def _row(title: str, text: str) -> str:
    indent = " " * (TITLE + 2)
    filled = textwrap.fill(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return f"  {title:<{TITLE}}{filled[len(indent) :]}"
