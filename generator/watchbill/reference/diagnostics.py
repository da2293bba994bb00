"""The page of every diagnostic: what its code means, why it is refused, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import groupby

from watchbill import library, naming
from watchbill.reference import markdown
from watchbill.reference.page import Block, Heading, Listing, Page, Row, Table, Text
from watchbill.source import Map

TITLE = "Diagnostics"
_LEAD = (
    "A diagnostic ends with its code, which stays as it is when its sentence is reworded. Programs find it as `code` "
    "in JSON, and annotations on GitHub have it as their title. `watchbill explain --code` prints what stands here."
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

    @property
    def area(self) -> str:
        """What stands before the slash."""
        return self.code.partition("/")[0]


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
    entry = catalogue()[name]
    return Page(_path(entry.area), name, _blocks(entry))


def render() -> dict[str, str]:
    """Write a page for each area, which has an anchor for each of its codes."""
    by_area = groupby(catalogue().values(), key=lambda entry: entry.area)
    return markdown.written(tuple(_area(area, tuple(entries)) for area, entries in by_area))


def _area(area: str, entries: tuple[Entry, ...]) -> Page:
    path = _path(area)
    rows = tuple(Row(entry.code, entry.means, target=f"{path}#{naming.anchor(entry.code)}") for entry in entries)
    lead = f"What can be wrong, with a code that begins with `{area}/`."
    found: list[Block] = [Text(lead), Text(_LEAD), Table(("Code", "What it means"), rows)]
    for entry in entries:
        found += [Heading(f"`{entry.code}`"), *_blocks(entry)]
    return Page(path, area, tuple(found))


def _path(area: str) -> str:
    return f"diagnostics/{area}.md"


def _blocks(entry: Entry) -> tuple[Block, ...]:
    words = (entry.means, f"Why: {entry.why}", entry.remedy and f"What to do: {entry.remedy}")
    language = "text" if entry.area in _IN_PROSE else "yaml"
    found: list[Block] = [Text(each) for each in words if each]
    for title, example in (("Wrong:", entry.wrong), ("Right:", entry.right)):
        if example:
            found += [Text(title), Listing(example, language)]
    return tuple(found)
