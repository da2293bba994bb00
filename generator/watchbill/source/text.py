"""Find the lines and columns of a text from the positions that a YAML parser knows."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from watchbill.errors import Span

_BREAK = re.compile("\n")
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")


@dataclass(frozen=True)  # without slots, so that its lines are found once
class Text:
    """A file's text under the path that people know it by.

    Events are `Any`, since types-PyYAML lets their marks be None.
    """

    path: str
    text: str

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(match.end() for match in _BREAK.finditer(self.text))]

    def between(self, start: int, end: int) -> Span:
        """Return the span from one index to another."""
        return Span(self.path, *self._place(start), *self._place(end))

    def _place(self, index: int) -> tuple[int, int]:
        """Return the line and the column of an index, both from 1."""
        line = bisect_right(self._lines, index)
        return line, index - self._lines[line - 1] + 1

    def at(self, index: int) -> Span:
        """Return the span of one character, of none at the end of a line."""
        return self.between(index, index + (index < len(self.text) and self.text[index] not in "\r\n"))

    def of(self, event: Any) -> Span:
        """Return the span that an event covers."""
        start, end = event.start_mark, event.end_mark
        if end.index >= len(self.text):  # libyaml counts a line break at the end that need not be there
            return self.between(min(start.index, len(self.text)), len(self.text))
        return Span(self.path, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def of_block(self, event: Any) -> Span:
        """Return a block scalar's span without the blank lines that the parser counts to it."""
        start, stop = event.start_mark, event.end_mark.index
        while stop > start.index and self.text[stop - 1] in " \t\r\n":
            stop -= 1
        end_line = start.line + 1 + self.text.count("\n", start.index, stop)
        return Span(self.path, start.line + 1, start.column + 1, end_line, stop - self.text.rfind("\n", 0, stop))

    def skip_blank(self, index: int) -> int:
        """Return the index behind the blanks, line breaks and comments that begin here."""
        match = _BLANK.match(self.text, index)
        return match.end() if match else index
