"""Write a page of the reference as Markdown, which GitHub and MkDocs show alike."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from watchbill.outputs.docs.markdown import code, inline
from watchbill.reference.page import Block, Facts, Heading, Listing, Page, Row, See, Table, Text

INDEX = "README.md"
_CODE = re.compile(r"`([^`]+)`")


def written(pages: tuple[Page, ...]) -> dict[str, str]:
    """Write pages, by their paths."""
    return {page.path: markdown(page) for page in pages}


def markdown(page: Page) -> str:
    """Write a page."""
    title = code(page.title) if page.code else inline(page.title)
    back = f"[All of the reference]({_way(INDEX, page.path)})"
    parts = [f"# {title}", *(_block(block, page.path) for block in page.blocks), back]
    return "\n\n".join(parts) + "\n"


def prose(text: str) -> str:
    """Write a paragraph; what stands between backticks is code, and nothing else is markup."""
    found, at = [], 0
    for match in _CODE.finditer(text):
        found += [_plain(text[at : match.start()]), code(match[1])]
        at = match.end()
    return "".join((*found, _plain(text[at:])))


def _plain(text: str) -> str:
    """Escape a part of a line, and keep the spaces at its ends."""
    core = text.strip()
    start = text[: len(text) - len(text.lstrip())]
    escaped = inline(core).replace("&quot;", '"')
    return f"{start}{escaped}{text[len(start) + len(core) :]}" if core else text


def _way(target: str, page: str) -> str:
    return posixpath.relpath(target, posixpath.dirname(page))


def _block(block: Block, path: str) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {prose(block.text)}"
        case Text():
            return prose(block.text)
        case Listing():
            return f"```{block.language}\n{block.text.rstrip()}\n```"
        case Facts():
            return "\n".join(f"- **{label}:** {prose(text)}" for label, text in block.rows)
        case See():
            return f"[{prose(block.name)}]({_way(block.path, path)}): {prose(block.text)}"
        case Table():
            rows = (_row(row, path, in_code=block.code) for row in block.rows)
            return "\n".join((f"| {block.head[0]} | {block.head[1]} |", "|---|---|", *rows))


def _row(row: Row, path: str, *, in_code: bool) -> str:
    name = code(row.name) if in_code else prose(row.name)
    if row.target:
        name = f"[{name}]({_way(row.target, path)})"
    return f"| {name} | {'<br>'.join(prose(text) for text in (row.text, *row.facts) if text)} |"


def index(sections: Mapping[str, Mapping[str, str]], lead: str) -> str:
    """Write the page that links all others: for each section its title, and its pages by path."""
    parts = ["# Reference", lead]
    for title, pages in sections.items():
        rows = (f"| [{_title(text)}]({path}) | {_lead(text)} |" for path, text in pages.items())
        parts += [f"## {title}", "\n".join(("| Page | What it is |", "|---|---|", *rows))]
    return "\n\n".join(parts) + "\n"


def _title(text: str) -> str:
    return text.partition("\n")[0].removeprefix("# ")


def _lead(text: str) -> str:
    """Take the first sentence of a page."""
    return re.split(r"(?<=[.])\s", text.split("\n\n")[1], maxsplit=1)[0]
