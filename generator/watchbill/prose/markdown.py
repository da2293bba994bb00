"""Find what matters in Markdown without rendering it: code, headings, links, and what could run in a browser."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

# A fence may stand inside a list, so any indent will do.
_FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<marks>`{3,}|~{3,})(?P<info>[^\n`]*)$", re.MULTILINE)
_LANGUAGE = re.compile(r"[ \t]*[\w+-]*[ \t]*")
# The elements that begin a block of raw HTML where they begin a line, code or not (Markdown 3.10).
_BLOCKS = (
    "address|article|aside|blockquote|body|canvas|center|colgroup|dd|details|div|dl|dt|fieldset|figcaption|figure|footer"
    "|form|group|h[1-6r]|header|hgroup|html|iframe|legend|li|main|map|math|menu|nav|noscript|object|ol|option|output|p"
    "|pre|progress|script|section|style|summary|table|tbody|td|textarea|tfoot|th|thead|tr|ul|video"
)
_BLANK = re.compile(r"\n[ \t]*\n(?!\s{0,40}:[ \t])")  # what stands above a definition belongs to it
_LINE = re.compile(r"\n")
# A span of code ends where a line begins a block of its own: a heading or what underlines one, a list, a quote, a row
# of a table, an admonition, raw HTML.
_BLOCK = re.compile(
    r"\n(?=[ \t]*(?:[#>|]|[*+-][ \t]|[0-9]+\.[ \t]|[=|:-][=|: \t-]*$|!!!|\?\?\?|\[[^\]\n]{1,200}\]:|<[/!?]|<(?:"
    + _BLOCKS
    + r")\b))",
    re.MULTILINE | re.IGNORECASE,
)
_HEADLINE = re.compile(r"^[ \t*+.0-9-]*#[^\n]*$", re.MULTILINE)
# Each line stands for itself in a table, as the row below its titles tells, in a list of definitions, in a quote, and
# where an indented block ends without a blank line.
_LINEWISE = re.compile(
    r"^(?:[ \t:|-]*\|[ \t:|-]*$|[ \t]*:[ \t]|[ \t]*>|(?: {4}|\t)[^\n]*\n(?! {4}|\t|[ \t]*$))",
    re.MULTILINE,
)
_TICKS = re.compile(r"(?<!\\)(?P<slashes>\\*)(?P<marks>`+)")
_JOINT = re.compile(r"\]\(")
_HEADING = re.compile(r"^(?P<marks>#{1,6})[ \t]+(?P<title>[^\n]*?)[ \t]*#*[ \t]*$", re.MULTILINE)
_AUTOLINK = re.compile(r"<(?:https?://[^\s<>]+|[\w.+-]+@[\w.-]+)>")
_HTML = re.compile(r"<[A-Za-z/!?][^<>\n]{0,200}>?")
_BRACE = re.compile(r"(?<!\\)\{[^{}\n]{0,200}\}?")
_LINK = re.compile(r"(?P<image>!?)\[(?P<label>[^\[\]]{0,500})\]\((?P<target>[^()\s]{0,500})[^()\n]{0,200}\)")
# Also in a list or a quote, and with the address in the next line.
_DEFINITION = re.compile(r"^[ \t>*+:.0-9-]{0,40}\[[^\[\]]{1,200}\]:[ \t]*\n?[ \t]*\S+", re.MULTILINE)


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
        spans = tuple(_code(text, start))
        self._code = tuple((begin, end) for begin, end, closed in spans if closed)
        self._unclosed = tuple((begin, end) for begin, end, closed in spans if not closed)
        self._begins = [begin for begin, _ in self._code]

    def in_code(self, index: int) -> bool:
        """Whether a character is part of code."""
        return self.code_around(index) is not None

    def code_around(self, index: int) -> tuple[int, int] | None:
        """Return the piece of code that a character is part of, if any."""
        nearest = bisect_right(self._begins, index) - 1
        return self._code[nearest] if nearest >= 0 and index < self._code[nearest][1] else None

    def code(self) -> tuple[str, ...]:
        """List the pieces of code as they are written, blocks and spans."""
        return tuple(self.text[begin:end] for begin, end in self._code)

    def code_ranges(self) -> tuple[tuple[int, int], ...]:
        """List where the pieces of code begin and end."""
        return self._code

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

    def odd_fences(self) -> Iterator[tuple[int, int]]:
        """Yield what Markdown takes for prose though it looks like code.

        A fence says more than a language, or stands right below what is indented further; a line behind it is indented
        less, or the last one otherwise.
        """
        for begin, end in self._code:
            opening = _FENCE.match(self.text, begin)
            if opening is None:
                continue
            if not _LANGUAGE.fullmatch(opening["info"]):
                yield opening.span("info")
            indent, marks = opening["indent"], opening["marks"]
            inside = re.compile(
                rf"^(?!{indent}|[ \t]*$|[ \t]*{marks}[ \t]*$).+$|^(?!{indent}{marks}).*\Z", re.MULTILINE
            )
            less = inside.search(self.text, opening.end() + 1, end)
            if less is not None:
                yield less.span()
            above = self.text[self.text.rfind("\n", 0, max(begin - 1, 0)) + 1 : begin]
            if above.strip() and above.expandtabs(4).startswith(f"{indent.expandtabs(4)}    "):
                yield opening.span("marks")

    def unclosed(self) -> tuple[tuple[int, int], ...]:
        """List backticks that no others close: Markdown reads them in ways that nobody expects."""
        return self._unclosed

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


def _code(text: str, start: int) -> Iterator[tuple[int, int, bool]]:
    """Yield the ranges of code: fenced blocks, and spans in backticks between them; false with those that never end."""
    while (opening := _FENCE.search(text, start)) is not None:
        yield from _spans(text, start, opening.start())
        closing = _closing(opening["marks"]).search(text, opening.end())
        start = closing.end() if closing is not None else len(text)
        yield opening.start(), start, True
    yield from _spans(text, start, len(text))


def _spans(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Yield spans in backticks: each begins and ends with as many of them, in one block, and in one line of a table."""
    for heading in _HEADLINE.finditer(text, start, end):
        yield from _spans_of_text(text, start, heading.start())
        yield from _spans_of_block(text, *heading.span())
        start = heading.end()
    yield from _spans_of_text(text, start, end)


def _spans_of_text(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    for begin, stop in _cut(_BLANK, text, start, end):
        alone = _LINEWISE.search(text, begin, stop) is not None
        for first, last in _cut(_LINE if alone else _BLOCK, text, begin, stop):
            yield from _spans_of_block(text, first, last)


def _cut(border: re.Pattern[str], text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for match in border.finditer(text, start, end):
        yield start, match.start()
        start = match.end()
    yield start, end


def _spans_of_block(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    found = list(_TICKS.finditer(text, start, end))
    by_length: dict[int, list[int]] = {}
    for index, match in enumerate(found):
        by_length.setdefault(len(match["marks"]), []).append(index)
    index = 0
    while index < len(found):
        # a backslash keeps a backtick from opening a span, never from closing one
        begin, stop = found[index].start("marks") + len(found[index]["slashes"]) % 2, found[index].end()
        alike = by_length.get(stop - begin, [])
        position = bisect_right(alike, index)
        closing = alike[position] if position < len(alike) else index
        if begin < stop:
            yield begin, found[closing].end(), closing > index
        index = closing + 1 if begin < stop else index + 1
