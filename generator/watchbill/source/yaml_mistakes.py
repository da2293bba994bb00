"""Recognise what people commonly mean where YAML reads something else."""

from __future__ import annotations

import re

from watchbill.errors import Diagnostic
from watchbill.source.scalars import Refusal, quote
from watchbill.source.text import Text

MOST_CHARACTERS = 4000  # how far into a mapping in braces a slip is looked for; bounds the time

_COMMENT = re.compile(r"[ \t]*:?[ \t]+(#[^\s#](?:[^\n]*?[^\s,}\])])?)[,}\])]*(?=\s+#|\s*$)", re.MULTILINE)
_FLOW_COMMENT = re.compile(
    r"""(?P<key>"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[\w.-]+)(?P<colon>:(?=[ \t]+\#[^\s#]))?|\#[^\n]*""",
)
_SECOND_COLON = re.compile(r":[ \t][^,\n]*$")
_COMPARISON = re.compile(r"([<>]=?)[ \t]*([0-9.][^\s,}\]]*)")
_PERCENT = re.compile(r"%[ \t]*([0-9.]+)(?![^\s,}\]])")


def find_comment(text: Text, index: int, *, key: str | None) -> Diagnostic | None:
    """Check whether the comment behind the key or dash that ends at `index` was meant to be the value.

    A comment whose "#" stands apart from its words is none. `key` is None for the item of a list.
    """
    match = _COMMENT.match(text.text, index)
    if match is None:
        return None
    owner = "this item" if key is None else quote(key)
    what = f"{quote(match[1])} is read as a comment, so {owner} has no value"
    return Diagnostic(text.between(match.start(1), match.end(1)), "yaml/comment-as-value", what, "put it in quotes")


def find_flow_slip(text: Text, *, opened: int, stopped: int) -> Diagnostic | None:
    """Find why a mapping or list in brackets, opened at one index, went wrong at another."""
    for match in _FLOW_COMMENT.finditer(text.text, opened, min(stopped, opened + MOST_CHARACTERS)):
        if match["colon"]:
            return find_comment(text, match.end(), key=match["key"].strip("\"'"))
    line = text.text[max(opened, text.text.rfind("\n", 0, stopped)) : stopped]
    if text.text.startswith(":", stopped) and _SECOND_COLON.search(line[-MOST_CHARACTERS:]):
        todo = "put the text in quotes, or separate the entries by a comma"
        return Diagnostic(text.at(stopped), "yaml/syntax", "a second colon stands in this value", todo)
    return find_closing_quote(text, stopped)


def find_closing_quote(text: Text, stopped: int) -> Diagnostic | None:
    """Find the quote that closes a value too early, directly before the text that the parser stopped at."""
    mark, behind = text.text[max(stopped - 1, 0) : stopped], text.text[stopped : stopped + 1]
    if mark not in {"'", '"'} or not behind.strip() or behind in "#,:}]":
        return None
    other = "put the text in double quotes" if mark == "'" else "put the text in single quotes"
    return Diagnostic(text.at(stopped - 1), "yaml/syntax", "this quote ends the text, and more follows", other)


def advise_quantity(text: Text, index: int) -> str | None:
    """Say what to write where a value at `index` begins with a sign that a quantity does not need."""
    if match := _COMPARISON.match(text.text, index):
        return f'write {match[2]} without "{match[1]}", or put the value in quotes'
    if match := _PERCENT.match(text.text, index):
        return f"write {match[1]}%, or put the value in quotes"
    return None


def check_block_header(header: str) -> Refusal | None:
    """Refuse a digit behind ">" or "|" above an empty block of text: a comparison was meant."""
    if len(header) > 1 and header[1:].rstrip("%").isdigit():
        todo = f'write {header[1:]} without "{header[0]}", or put the value in quotes'
        return Refusal("yaml/syntax", f"{quote(header)} begins a block of text, which is empty", todo)
    return None
