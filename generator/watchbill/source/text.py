"""Find the lines and columns of a text from the positions that a YAML parser knows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from watchbill.errors import Span

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")


@dataclass(frozen=True, slots=True)
class Text:
    """A file's text under the path that people know it by.

    Events are `Any`, since types-PyYAML lets their marks be None.
    """

    path: str
    text: str

    def between(self, start: int, end: int) -> Span:
        """Return the span from one index to another."""
        line = self.text.count("\n", 0, start) + 1
        end_line = line + self.text.count("\n", start, end)
        column, end_column = (index - self.text.rfind("\n", 0, index) for index in (start, end))
        return Span(self.path, line, column, end_line, end_column)

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
