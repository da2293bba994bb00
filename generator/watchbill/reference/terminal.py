"""Write a page of the reference for a terminal."""

from __future__ import annotations

import textwrap

from watchbill.reference.page import Block, Facts, Heading, Listing, Page, Row, See, Table, Text

WIDTH = 100


def terminal(page: Page) -> str:
    """Write a page, without the sign that ends its last line."""
    return "\n\n".join((page.title, *(_block(block) for block in page.blocks)))


def _block(block: Block) -> str:
    match block:
        case Heading():
            return block.text.upper() if "`" not in block.text else block.text.replace("`", "")
        case Text():
            return _filled(block.text, "  ")
        case Listing():
            return textwrap.indent(block.text.rstrip(), "    ")
        case Facts():
            return "\n".join(_filled(f"{label}: {text}", "  ", "      ") for label, text in block.rows)
        case See():
            return _filled(f"{block.name}: {block.text}.", "  ")
        case Table():
            return "\n".join(line for row in block.rows for line in _row(row))


def _row(row: Row) -> tuple[str, ...]:
    texts = (row.text, *row.facts)
    return (f"  {row.name}", *(_filled(text, "      ") for text in texts if text))


def _filled(text: str, first: str, rest: str | None = None) -> str:
    filler = textwrap.TextWrapper(WIDTH, break_long_words=False, break_on_hyphens=False)
    filler.initial_indent, filler.subsequent_indent = first, first if rest is None else rest
    return filler.fill(text)
