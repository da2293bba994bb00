"""Render diagnostics for people, terminals, GitHub's annotations and programs."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate

from watchbill.errors import Diagnostic, DiagnosticLevel, Span, sort_diagnostics
from watchbill.plaintext import cover, mask, tells_of_name
from watchbill.source.scalars import visible

EXCERPT_COLUMNS = 100
_INDENT = "    "
_TAB = "    "
_BOLD, _RED, _YELLOW, _RESET = "\x1b[1m", "\x1b[31m", "\x1b[33m", "\x1b[0m"


class Style(StrEnum):
    """The forms that diagnostics can take; COLOUR is TERMINAL with ANSI colours."""

    PLAIN = "plain"
    TERMINAL = "terminal"
    COLOUR = "colour"
    GITHUB = "github"
    JSON = "json"


def pick_style(*, tty: bool, format_json: bool, environ: Mapping[str, str]) -> Style:
    """Choose the style that fits where the output goes.

    Honours GitHub's GITHUB_ACTIONS, NO_COLOR (no-color.org) and a dumb TERM.
    """
    if format_json:
        return Style.JSON
    if environ.get("GITHUB_ACTIONS") == "true":
        return Style.GITHUB
    if not tty:
        return Style.PLAIN
    plain_terminal = environ.get("NO_COLOR") or environ.get("TERM") == "dumb"
    return Style.TERMINAL if plain_terminal else Style.COLOUR


def render(diagnostics: Iterable[Diagnostic], *, style: Style, texts: Mapping[str, str]) -> str:
    """Render diagnostics, sorted and without repetitions; no line break ends the result.

    `texts` holds the files' texts by the paths of the spans; a file that it lacks is shown without excerpt.
    No text of an author reaches the result in a form that a terminal or GitHub's runner would obey, and no
    secret in a form that a log could leak.
    """
    found = sort_diagnostics(diagnostics)
    if style is Style.JSON:
        return json.dumps([as_json(diagnostic) for diagnostic in found], indent=2)
    if not found:
        return ""
    if style is Style.GITHUB:
        lines = [_annotate(diagnostic) for diagnostic in found]
    else:
        lines = _Printer(style, texts).print(found)
    return "\n".join([*lines, count(found)])


def count(diagnostics: Sequence[Diagnostic]) -> str:
    """Count by level, such as `3 errors, 1 warning`."""
    counts = [(level, sum(d.level is level for d in diagnostics)) for level in DiagnosticLevel]
    return ", ".join(f"{number} {level}{'' if number == 1 else 's'}" for level, number in counts if number)


def as_json(diagnostic: Diagnostic) -> dict[str, str | int]:
    """Turn a diagnostic into plain values, for programs; secrets are hidden."""
    span = diagnostic.span
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "level": diagnostic.level.value,
        "code": diagnostic.code,
        "what": mask(diagnostic.what),
        "todo": mask(diagnostic.todo),
    }


def _annotate(diagnostic: Diagnostic) -> str:
    """Write a workflow command; GitHub takes columns only where a span stays on one line."""
    span = diagnostic.span
    properties: dict[str, str | int] = {"file": span.file, "line": span.line, "endLine": span.end_line}
    if span.line == span.end_line:
        properties |= {"col": span.column, "endColumn": span.end_column}
    properties["title"] = diagnostic.code
    written = ",".join(
        f"{name}={_escape_command(str(value)).replace(':', '%3A').replace(',', '%2C')}"
        for name, value in properties.items()
    )
    message = _escape_command(f"{mask(diagnostic.what)}; {mask(diagnostic.todo)}")
    return f"::{diagnostic.level.value} {written}::{message}"


def _escape_command(text: str) -> str:
    """Escape as actions/toolkit does in packages/core/src/command.ts, and control characters as well."""
    return visible(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


@dataclass(slots=True)
class _Printer:
    """Writes text lines, and keeps each file's lines once split, without secrets."""

    style: Style
    texts: Mapping[str, str]
    lines: dict[str, list[str]] = field(default_factory=dict)
    hidden: list[Span] = field(default_factory=list)

    def print(self, diagnostics: Sequence[Diagnostic]) -> list[str]:
        printed = []
        self.hidden = [diagnostic.span for diagnostic in diagnostics if tells_of_name(diagnostic.what)]
        for diagnostic in diagnostics:
            printed.append(self._headline(diagnostic))
            if self.style is not Style.PLAIN:
                printed.extend(self._excerpt(diagnostic))
        return printed

    def _headline(self, diagnostic: Diagnostic) -> str:
        place, what = visible(str(diagnostic.span)), visible(mask(diagnostic.what))
        if diagnostic.level is DiagnosticLevel.WARNING:
            what = f"warning: {what}"
        place, what = self._paint(place, _BOLD), self._paint(what, _colour_of(diagnostic))
        return f"{place}: {what}; {visible(mask(diagnostic.todo))} [{diagnostic.code}]"

    def _excerpt(self, diagnostic: Diagnostic) -> list[str]:
        line = self._line(diagnostic.span)
        if line is None or not line.strip():
            return []
        shown, underline = underlined(line, diagnostic.span)
        lead = len(underline) - len(underline.lstrip())
        marks = self._paint(underline[lead:], _colour_of(diagnostic))
        return [_INDENT + shown, _INDENT + underline[:lead] + marks]

    def _line(self, span: Span) -> str | None:
        if span.file not in self.lines:
            text = self.texts.get(span.file)
            self.lines[span.file] = [] if text is None else self._split(span.file, text)
        lines = self.lines[span.file]
        return lines[span.line - 1].removesuffix("\r") if 1 <= span.line <= len(lines) else None

    def _split(self, file: str, text: str) -> list[str]:
        """Split a text into lines without secrets; it is masked as a whole, since a private key has many lines."""
        lines = mask(text.removeprefix("\ufeff")).split("\n")
        for span in self.hidden:
            if span.file == file:
                _hide(lines, span)
        return lines

    def _paint(self, text: str, code: str) -> str:
        return f"{code}{text}{_RESET}" if self.style is Style.COLOUR else text


def _hide(lines: list[str], span: Span) -> None:
    """Cover what a span marks, in place."""
    for number in range(span.line, min(span.end_line, len(lines)) + 1):
        line = lines[number - 1]
        start = span.column - 1 if number == span.line else 0
        end = span.end_column - 1 if number == span.end_line else len(line)
        lines[number - 1] = line[:start] + cover(line[start:end]) + line[end:]


def _colour_of(diagnostic: Diagnostic) -> str:
    return _YELLOW if diagnostic.level is DiagnosticLevel.WARNING else _RED


def underlined(line: str, span: Span) -> tuple[str, str]:
    """Return a source line as a terminal shows it, and below it `^~~~` under the span's part of it.

    A span over several lines is underlined to the end of its first. A line too long for `EXCERPT_COLUMNS` is
    cut around the span, with an ellipsis at each cut.
    """
    start = min(span.column - 1, len(line))
    end = len(line.rstrip()) if span.end_line > span.line else min(span.end_column - 1, len(line))
    offset = max(0, start - 2 * EXCERPT_COLUMNS)  # a line may be as long as the file
    part = line[offset : start + 2 * EXCERPT_COLUMNS]
    cells = [_TAB if character == "\t" else visible(character) for character in part]
    start, end = start - offset, max(min(end - offset, len(cells)), min(start - offset + 1, len(cells)))
    first, last = _window([_width(cell) for cell in cells], start, end)
    left, right = "…" * (offset + first > 0), "…" * (offset + last < len(line))
    lead = len(left) + sum(map(_width, cells[first:start]))
    marked = sum(map(_width, cells[start : min(end, last)]))
    return f"{left}{''.join(cells[first:last])}{right}", " " * lead + "^" + "~" * (marked - 1)


def _window(widths: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """Choose the cells to show: the marked ones, and around them as much as fits."""
    room = EXCERPT_COLUMNS - len(_INDENT) - len("……^")
    marked = _fit(widths[start:end], room)
    if marked < end - start:
        return start, start + marked
    room -= sum(widths[start:end])
    wanted = sum(widths[end:])
    before = _fit(widths[:start][::-1], max(room // 2, room - wanted))
    after = _fit(widths[end:], room - sum(widths[start - before : start]))
    return start - before, end + after


def _fit(widths: Iterable[int], room: int) -> int:
    """Count how many of the cells fit into that many columns."""
    return sum(1 for used in accumulate(widths) if used <= room)


def _width(text: str) -> int:
    """Count terminal columns: two for wide characters, none for those that combine with the one before."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(c) in {"Mn", "Me"} else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
