"""Plain data in which every value knows where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from watchbill.errors import Diagnostic, Span, SpecError

Value: TypeAlias = "str | Decimal | bool | Map | Seq | None"


@dataclass(frozen=True, slots=True)
class Position:
    """Where an entry stands; an item of a list has no key."""

    key: Span | None
    value: Span


class Map(dict[str, Value]):
    """A mapping in its author's order, with the place of every entry."""

    __slots__ = ("places", "span")

    def __init__(self, span: Span) -> None:
        super().__init__()
        self.span = span
        self.places: dict[str, Position] = {}


class Seq(list[Value]):
    """A list with the place of every item."""

    __slots__ = ("places", "span")

    def __init__(self, span: Span) -> None:
        super().__init__()
        self.span = span
        self.places: list[Position] = []


@dataclass(frozen=True, slots=True)
class Document:
    """One spec file: its path as shown to people, and its pointer, the same wherever the tree lies.

    `text` has no byte order mark, so that spans count from its first character.
    """

    path: str
    pointer: str
    text: str
    data: Map


class SourceError(SpecError):
    """Faults of spec files, with their texts by path, so that a report can show the lines."""

    def __init__(self, diagnostics: Iterable[Diagnostic], texts: Mapping[str, str]) -> None:
        super().__init__(diagnostics)
        self.texts = texts


def span_of(node: Map | Seq, path: Sequence[str | int], *, key: bool = False) -> Span:
    """Find the span of the value at `path` below `node`, or of its key if `key` is true.

    A location that does not exist gives the span of the nearest parent that does. What stands behind an
    alias is found at its anchor.
    """
    here: Value = node
    place = Position(None, node.span)
    for step in path:
        if isinstance(here, Map) and isinstance(step, str) and step in here:
            place, here = here.places[step], here[step]
            continue
        if not (isinstance(here, Seq) and isinstance(step, int) and 0 <= step < len(here)):
            break
        place, here = here.places[step], here[step]
    return place.key if key and place.key else place.value


def file_error(shown: str, code: str, what: str, todo: str) -> SourceError:
    """Make the error of a file that cannot be read line by line."""
    return SourceError([Diagnostic(Span(shown, 1, 1, 1, 1), code, what, todo)], {})
