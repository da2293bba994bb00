"""The page of every diagnostic: what its code means, why it is refused, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from watchbill import library, naming
from watchbill.reference import markdown
from watchbill.reference.page import Block, Heading, Listing, Page, Row, Table, Text
from watchbill.source import Map

TITLE = "Diagnostics"
_PATH = "diagnostics.md"
_LEAD = (
    "What is wrong with a spec or a page is said with its place, and ends with a code, such as `pack/unknown-alert`. "
    "A code stays as it is when its sentence is reworded. Programs find it as `code` in JSON, and annotations on "
    "GitHub have it as their title. `watchbill explain --code pack/unknown-alert` prints what stands here."
)
_IN_PROSE = frozenset({"decision", "file", "markdown", "prose", "runbook", "secret", "site", "yaml"})


@dataclass(frozen=True, slots=True)
class Entry:
    """What a code stands for; it has a remedy in words, or an example of wrong and right."""

    code: str
    means: str
    why: str
    remedy: str = ""
    wrong: str = ""
    right: str = ""


@cache
def catalogue() -> dict[str, Entry]:
    """Read all entries by their codes, sorted: `library/diagnostics/<area>.yaml` holds those of an area."""
    found = {}
    for document in library.documents("diagnostics"):
        area = document.path.rpartition("/")[2].removesuffix(".yaml")
        for slug, fields in document.data.items():
            if not isinstance(fields, Map):
                raise TypeError(f"{document.path}: {slug} is no mapping")
            code = f"{area}/{slug}"
            found[code] = Entry(code, **{name: str(text) for name, text in fields.items()})
    return dict(sorted(found.items()))


def names() -> tuple[str, ...]:
    """List the codes."""
    return tuple(catalogue())


def page(name: str) -> Page:
    """Tell of one code."""
    return Page(_PATH, name, _blocks(catalogue()[name]))


def render() -> dict[str, str]:
    """Write all of them on one page, which has an anchor for each."""
    entries = tuple(catalogue().values())
    rows = tuple(Row(entry.code, entry.means, target=f"{_PATH}#{naming.anchor(entry.code)}") for entry in entries)
    found: list[Block] = [Text(_LEAD), Table(("Code", "What it means"), rows)]
    for entry in entries:
        found += [Heading(f"`{entry.code}`"), *_blocks(entry)]
    return markdown.written((Page(_PATH, TITLE, tuple(found), code=False),))


def _blocks(entry: Entry) -> tuple[Block, ...]:
    words = (entry.means, f"Why: {entry.why}", entry.remedy and f"What to do: {entry.remedy}")
    language = "text" if entry.code.partition("/")[0] in _IN_PROSE else "yaml"
    found: list[Block] = [Text(each) for each in words if each]
    for title, example in (("Wrong:", entry.wrong), ("Right:", entry.right)):
        if example:
            found += [Text(title), Listing(example, language)]
    return tuple(found)
