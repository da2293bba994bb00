"""A page of the reference as data; Markdown and a terminal show the same page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of a part, or of a part of one (`level` 3)."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; what stands between backticks is code."""

    text: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines that keep their form: `yaml`, `promql` or `text`."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Short facts, each with its label."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class See:
    """The way to another page of the reference, `path`, with what stands there."""

    path: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of a table: its name, what it is, and short facts about it; `target` is the page that tells more."""

    name: str
    text: str
    facts: tuple[str, ...] = ()
    target: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Entries in two columns, so that a telephone shows them whole; `head` names both.

    With `code` the names are words that authors write.
    """

    head: tuple[str, str]
    rows: tuple[Row, ...]
    code: bool = True


Block = Heading | Text | Listing | Table | Facts | See


@dataclass(frozen=True, slots=True)
class Page:
    """A page; `path` is below `docs/reference`. `code` says that its title is a word that authors write."""

    path: str
    title: str
    blocks: tuple[Block, ...]
    code: bool = True


def paragraphs(docstring: str | None) -> tuple[Text, ...]:
    """Make paragraphs of a docstring, whose lines are filled."""
    return tuple(Text(" ".join(part.split())) for part in (docstring or "").split("\n\n") if part.strip())
