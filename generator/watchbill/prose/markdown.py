"""Find what matters in Markdown without rendering it: code, headings, links, and what could run in a browser."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

# A fence may stand inside a list, so any indent will do.
_FENCE = re.compile(r"^[ \t]*(?P<marks>`{3,}|~{3,})(?P<info>[^\n`]*)$", re.MULTILINE)
_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_TICKS = re.compile(r"(?<!\\)`+")
_JOINT = re.compile(r"\]\(")
_HEADING = re.compile(r"^(?P<marks>#{1,6})[ \t]+(?P<title>[^\n]*?)[ \t]*#*[ \t]*$", re.MULTILINE)
_AUTOLINK = re.compile(r"<(?:https?://[^\s<>]+|[\w.+-]+@[\w.-]+)>")
_HTML = re.compile(r"<[A-Za-z/!?][^<>\n]{0,200}>?")
_BRACE = re.compile(r"(?<!\\)\{[^{}\n]{0,200}\}?")
_LINK = re.compile(r"(?P<image>!?)\[(?P<label>[^\[\]]{0,500})\]\((?P<target>[^()\s]{0,500})[^()\n]{0,200}\)")
_DEFINITION = re.compile(r"^[ ]{0,3}\[[^\]\n]{1,200}\]:[ \t]*\S+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, and where its line starts and ends."""

    level: int
    title: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Link:
    """A link or an image, and where its target stands."""

    target: str
    image: bool
    start: int
    end: int


class Markup:
    """A text of Markdown from an index on; all ranges are indices into it."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.start = start
        self._code = tuple(_code(text, start))
        self._begins = [begin for begin, _ in self._code]

    def in_code(self, index: int) -> bool:
        """Whether a character is part of code."""
        nearest = bisect_right(self._begins, index) - 1
        return nearest >= 0 and index < self._code[nearest][1]

    def code(self) -> tuple[str, ...]:
        """List the pieces of code as they are written, blocks and spans."""
        return tuple(self.text[begin:end] for begin, end in self._code)

    def headings(self) -> tuple[Heading, ...]:
        """List the headings."""
        found = self.outside(_HEADING)
        return tuple(Heading(len(match["marks"]), match["title"], *match.span()) for match in found)

    def open_fence(self) -> tuple[int, int] | None:
        """Return the fence of a block of code that never ends: Markdown would take its content for prose."""
        last = self._code[-1] if self._code else (0, 0)
        opening = _FENCE.match(self.text, last[0])
        if opening is None or last[1] < len(self.text):
            return None
        closed = _closing(opening["marks"]).search(self.text, opening.end())
        return None if closed is not None else opening.span()

    def html(self) -> Iterator[tuple[int, int]]:
        """Yield what a browser would take for a tag."""
        links = {match.start() for match in self.outside(_AUTOLINK)}
        yield from (match.span() for match in self.outside(_HTML) if match.start() not in links)

    def braces(self) -> Iterator[tuple[int, int]]:
        """Yield braces: extensions of Markdown read attributes from them, and a script may be one."""
        yield from (match.span() for match in self.outside(_BRACE))

    def links(self) -> Iterator[Link]:
        """Yield links and images."""
        for match in self.outside(_LINK):
            yield Link(match["target"], bool(match["image"]), *match.span("target"))

    def unread(self) -> Iterator[tuple[int, int]]:
        """Yield where a link begins to tell its target and none can be read."""
        read = {link.start for link in self.links()}
        yield from (match.span() for match in self.outside(_JOINT) if match.end() not in read)

    def definitions(self) -> Iterator[tuple[int, int]]:
        """Yield links that are defined elsewhere than they stand."""
        yield from (match.span() for match in self.outside(_DEFINITION))

    def outside(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Yield what matches and does not begin in code."""
        return (match for match in pattern.finditer(self.text, self.start) if not self.in_code(match.start()))


def _closing(marks: str) -> re.Pattern[str]:
    return re.compile(rf"^[ \t]*{marks}[ \t]*$", re.MULTILINE)


def _code(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of code: fenced blocks, and spans in backticks between them."""
    while (opening := _FENCE.search(text, start)) is not None:
        yield from _spans(text, start, opening.start())
        closing = _closing(opening["marks"]).search(text, opening.end())
        start = closing.end() if closing is not None else len(text)
        yield opening.start(), start
    yield from _spans(text, start, len(text))


def _spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield spans in backticks: each begins and ends with as many of them, in one paragraph."""
    while start < end:
        gap = _PARAGRAPH.search(text, start, end)
        yield from _spans_of_paragraph(text, start, gap.start() if gap is not None else end)
        start = gap.end() if gap is not None else end


def _spans_of_paragraph(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    runs = [match.span() for match in _TICKS.finditer(text, start, end)]
    by_length: dict[int, list[int]] = {}
    for index, (begin, stop) in enumerate(runs):
        by_length.setdefault(stop - begin, []).append(index)
    index = 0
    while index < len(runs):
        begin, stop = runs[index]
        alike = by_length[stop - begin]
        position = bisect_right(alike, index)
        if position == len(alike):
            index += 1
            continue
        yield begin, runs[alike[position]][1]
        index = alike[position] + 1
