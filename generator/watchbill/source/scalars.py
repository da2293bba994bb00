"""Check YAML text below its structure: characters and plain scalars.

Scalars follow the core schema of YAML 1.2 (section 10.3), without what another version or tool would read
differently: such text is refused, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

MOST_DIGITS = 30  # more is a slip: no ratio, duration or size needs them


class Refusal(NamedTuple):
    """Why a text is not taken, and what to write instead; `code` as in a diagnostic."""

    code: str
    what: str
    todo: str


# Every line break but "\n" and "\r\n" is refused, so that all tools agree on which line is which.
_CONTROLS = "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ufeff\\ufffe\\uffff\\ud800-\\udfff"
_BIDIRECTIONAL = "\\u202a-\\u202e\\u2066-\\u2069"
_FORBIDDEN = re.compile(f"[{_CONTROLS}{_BIDIRECTIONAL}]+|\r(?!\n)")

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS = re.compile(r"y|n|yes|no|on|off", re.IGNORECASE)
_BOOLEANS = re.compile(r"true|false", re.IGNORECASE)
_NULLS = re.compile(r"~|null", re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE]([-+]?[0-9]+))?")
_NUMERIC = frozenset("+-.0123456789")
_DECIMALLY = "write the number in decimal digits, or put it in quotes if text is meant"
_SURPRISES: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"),
        "is a number to the base of 60 in YAML 1.1",
        "write a duration such as 90s, or put it in quotes if text is meant",
    ),
    (re.compile(r"[-+]?0[xX][0-9a-fA-F_]+"), "is a hexadecimal number", _DECIMALLY),
    (re.compile(r"[-+]?0[oO][0-7_]+"), "is an octal number in YAML 1.2", _DECIMALLY),
    (re.compile(r"[-+]?0[bB][01_]+"), "is a binary number in YAML 1.1", _DECIMALLY),
    (
        re.compile(r"[-+]?0[0-9_]+(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?"),
        "has a leading zero, which makes it octal in YAML 1.1",
        "write it without the leading zero, or put it in quotes if text is meant",
    ),
    (
        re.compile(r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?"),
        "has underscores, which only YAML 1.1 reads as a number",
        "leave them out, or put it in quotes if text is meant",
    ),
    (
        re.compile(r"[-+]?\.inf|\.nan", re.IGNORECASE),
        "is not a finite number",
        "write a finite number, or put it in quotes if text is meant",
    ),
    (
        re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?"),
        "is a date in YAML 1.1",
        "put it in quotes",
    ),
)


def visible(text: str) -> str:
    """Write out every character that does not print, so that no text can steer a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def quote(text: str) -> str:
    """Quote an author's text for a message, shortened to 60 characters."""
    return f'"{visible(text if len(text) <= 60 else text[:59] + "…")}"'


def find_forbidden(text: str) -> Iterator[tuple[int, int, Refusal]]:
    """Yield the start, end and fault of every run of characters that no spec may hold."""
    for match in _FORBIDDEN.finditer(text):
        yield match.start(), match.end(), _check_character(match[0][0])


def _check_character(character: str) -> Refusal:
    code = f"U+{ord(character):04X}"
    if character == "\r":
        return Refusal(
            "yaml/odd-character",
            "a carriage return stands here without a line feed",
            "save the file with LF or CRLF line ends",
        )
    if character == "\ufeff":
        return Refusal("yaml/odd-character", f"a byte order mark ({code}) stands inside the text", "delete it")
    if character in "\x85\u2028\u2029":
        return Refusal(
            "yaml/odd-character",
            f"the line break {code} is not a line break to every tool",
            "use an ordinary line feed",
        )
    if re.match(f"[{_BIDIRECTIONAL}]", character):
        return Refusal(
            "yaml/odd-character", f"the bidirectional override {code} makes text read other than it is", "delete it"
        )
    if "\ud800" <= character <= "\udfff":
        return Refusal("yaml/odd-character", f"the lone surrogate {code} is not a character", "delete it")
    return Refusal("yaml/odd-character", f"the control character {code} is not allowed", "delete it")


def read_plain(text: str) -> str | Decimal | bool | Refusal | None:
    """Read a plain scalar by the core rules of YAML 1.2, numbers exactly as written.

    Returns a `Refusal` where YAML 1.1, another spelling or an absurd size makes the meaning doubtful.
    """
    if not text or text == "null":
        return None
    if text in {"true", "false"}:
        return text == "true"
    if text[0] not in _NUMERIC:
        return _find_strange_word(text) or text
    if (refusal := _find_strange_number(text)) is not None:
        return refusal
    number = _NUMBER.fullmatch(text)
    return text if number is None else _read_number(text, exponent=number[1] or "0")


def read_key(text: str) -> str | Refusal:
    """Read a plain key, which is text as it is written: `200` stays "200"."""
    if not text:
        return Refusal("yaml/wrong-key", "a key is missing before this colon", "write a name before the colon")
    if text == "<<":
        return Refusal("yaml/not-used-here", 'the merge key "<<" is not supported', "write the entries out")
    if text in {"true", "false", "null"}:
        return Refusal(
            "yaml/wrong-key", f"the key {quote(text)} is not text in YAML", f"write it in quotes: {quote(text)}"
        )
    refusal = _find_strange_number(text) if text[0] in _NUMERIC else _find_strange_word(text)
    return text if refusal is None else Refusal("yaml/wrong-key", refusal.what, f"write it in quotes: {quote(text)}")


def _find_strange_word(text: str) -> Refusal | None:
    if len(text) > 5:
        return None
    quoted = f"{quote(text)} in quotes if text is meant"
    if _WORDS.fullmatch(text):
        what = f"{quote(text)} is a boolean in YAML 1.1 and text in YAML 1.2"
        return Refusal("yaml/ambiguous-value", what, f"write true or false, or {quoted}")
    if _BOOLEANS.fullmatch(text):
        what = f"{quote(text)} is not how a boolean is spelled here"
        return None if text.islower() else Refusal("yaml/ambiguous-value", what, f"write {text.lower()}, or {quoted}")
    if _NULLS.fullmatch(text):
        return Refusal(
            "yaml/ambiguous-value", f"{quote(text)} is not how null is spelled here", f"write null, or {quoted}"
        )
    return None


def _find_strange_number(text: str) -> Refusal | None:
    whole = text.lstrip("+-")
    if _NUMBER.fullmatch(text) and not (whole[0] == "0" and whole[1:2].isdigit()):
        return None
    for pattern, what, todo in _SURPRISES:
        if pattern.fullmatch(text):
            return Refusal("yaml/ambiguous-value", f"{quote(text)} {what}", todo)
    return None


def _read_number(text: str, *, exponent: str) -> Decimal | Refusal:
    if sum(map(str.isdigit, text)) > MOST_DIGITS or abs(int(exponent)) > MOST_DIGITS:
        return Refusal(
            "yaml/ambiguous-value",
            f"the number {quote(text)} has more than {MOST_DIGITS} digits",
            "write a smaller or rounder number, or put it in quotes if text is meant",
        )
    value = Decimal(text)
    return value or abs(value)  # no minus zero
