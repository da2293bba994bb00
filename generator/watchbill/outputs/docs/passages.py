"""Name the services that a passage of prose is for, where a page shows it beside those for others."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FENCE = re.compile(r"[ \t]*(?P<marks>`{3,}|~{3,})")
# what stands before the text of a list's item, a heading or a row
_MARK = re.compile(r"[ \t]*(?:[-*+] +|[0-9]+\. +|#{3,6} +|\| *)")
_RULED = re.compile(r"[ \t|:-]*-[ \t|:-]*")
_ADMONITION = re.compile(r"[ \t]*(?:!!!|\?\?\?)")


def labelled(text: str, whose: str, *, in_code: bool, lines: bool) -> str:
    """Write a passage so that it says `whose` it is: each item, row and paragraph of it; code does where it begins."""
    if not lines:
        return f"*{whose} only:* {text}"
    if in_code:
        return f"{_indent(text)}# {whose} only:\n{text}{_indent(text)}# end of {whose} only\n"
    return "".join(_labelled(text.splitlines(keepends=True), f"*{whose} only:*", _indent(text)))


def _labelled(lines: list[str], label: str, indent: str) -> Iterator[str]:
    closing, fresh, first = "", True, True
    for number, line in enumerate(lines):
        opening = _FENCE.match(line)
        outer = not closing and line.strip() and _indent(line) == indent
        ruled = number + 1 < len(lines) and "|" in line and _RULED.fullmatch(lines[number + 1].rstrip("\n"))
        if outer and fresh and (opening or ruled or _ADMONITION.match(line)):
            yield f"{indent}{label}\n\n{line}" if first else line
        elif outer and not _in_table(lines, number) and ((mark := _MARK.match(line)) or fresh):
            begin = mark.end() if mark else len(indent)
            yield f"{line[:begin]}{label} {line[begin:]}"
        else:
            yield line
        if opening and (not closing or line.strip() == closing):
            closing = "" if closing else opening["marks"]
        fresh, first = not closing and not line.strip(), first and not line.strip()


def _in_table(lines: list[str], number: int) -> bool:
    """Whether a line is of a table whose head is part of the passage."""
    while number and "|" in lines[number]:
        if _RULED.fullmatch(lines[number].rstrip("\n")):
            return True
        number -= 1
    return False


def _indent(text: str) -> str:
    first = text.lstrip("\n")
    return first[: len(first) - len(first.lstrip(" \t"))]
