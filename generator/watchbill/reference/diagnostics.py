"""The page of every diagnostic: what its code means, why it is refused, and what to write instead."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from watchbill import library
from watchbill.errors import UsageError, choose
from watchbill.source import Map

TITLE = "Diagnostics"
PAGE = "diagnostics.md"
_LEAD = (
    "Every diagnostic ends with a code, such as `[pack/unknown-alert]`, which stays the same when its sentence is "
    "reworded. Scripts find it as `code` in JSON, and annotations have it as their title. "
    "`watchbill explain --code pack/unknown-alert` prints an entry of this page."
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
    def anchor(self) -> str:
        """The anchor of its heading, as GitHub and MkDocs both make it."""
        return self.code.replace("/", "")

    @property
    def examples(self) -> tuple[tuple[str, str], ...]:
        """The example, with a word for each half."""
        return (("Wrong", self.wrong), ("Right", self.right)) if self.wrong else ()


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


def find(code: str) -> Entry:
    """Return the entry of a code; raises `UsageError` with the nearest where there is none."""
    entries = catalogue()
    if code not in entries:
        raise UsageError(f'no diagnostic has the code "{code}"; {choose(code, entries)}')
    return entries[code]


def render() -> dict[str, str]:
    """Write the page, by its path."""
    entries = tuple(catalogue().values())
    rows = (f"| [`{entry.code}`](#{entry.anchor}) | {entry.means} |" for entry in entries)
    parts = [f"# {TITLE}", _LEAD, "\n".join(("| Code | What it means |", "|---|---|", *rows))]
    return {PAGE: "\n\n".join((*parts, *map(_section, entries))) + "\n"}


def _section(entry: Entry) -> str:
    language = "text" if entry.code.partition("/")[0] in _IN_PROSE else "yaml"
    examples = (f"{title}:\n\n```{language}\n{text.rstrip()}\n```" for title, text in entry.examples)
    return "\n\n".join((f"## {entry.code}", entry.means, *_words(entry), *examples))


def _words(entry: Entry) -> Iterable[str]:
    return filter(None, (f"Why: {entry.why}", entry.remedy and f"What to do: {entry.remedy}"))


def text(entry: Entry) -> str:
    """Write an entry for a terminal."""
    parts = [f"{entry.code}: {entry.means}", *_words(entry)]
    examples = (f"{title}:\n{textwrap.indent(example.rstrip(), '    ')}" for title, example in entry.examples)
    return "\n\n".join((*(textwrap.fill(part, 100, break_on_hyphens=False) for part in parts), *examples))
