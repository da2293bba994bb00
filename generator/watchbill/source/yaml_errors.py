"""Say in plain English what a YAML parser complains about."""

from __future__ import annotations

import re

from watchbill.source.scalars import Refusal

# What libyaml or PyYAML says, and what it means.
_COMPLAINTS: tuple[tuple[str, str, str], ...] = (
    (
        r"mapping values are not allowed",
        "a colon stands where no key can",
        "put a value that holds a colon in quotes, or correct the indentation of this line",
    ),
    (
        r"could not find expected ':'",
        "this line has no colon after its key",
        'write "key: value", or indent the line if it belongs to the value above it',
    ),
    (
        r"quoted scalar.*(end of stream|document indicator|document separator)",
        "this quote is never closed",
        "close it with the same kind of quote",
    ),
    (
        r"expected ',' or '\]'",
        "the list opened by [ goes wrong",
        "separate its items by commas and close it with ]",
    ),
    (
        r"expected ',' or '\}'",
        "the mapping opened by { goes wrong",
        "separate its entries by commas and close it with }",
    ),
    (
        r"expected key|block mapping.*expected <block end>",
        "this does not fit into the mapping around it",
        "indent it like its neighbours, and put a value that holds quotes or brackets in quotes",
    ),
    (
        r"'-' indicator|block collection.*expected <block end>",
        "this does not fit into the list around it",
        'begin the line with "- " and indent it like its neighbours',
    ),
    (
        r"sequence entries are not allowed",
        'a list item ("- ") cannot begin here',
        "begin the list on its own line, or put the value in quotes",
    ),
    (
        r"mapping keys are not allowed",
        'a key that begins with "? " cannot stand here',
        "put the value in quotes",
    ),
    (
        r"\\t|tab character",
        "a tab stands where YAML wants spaces",
        "indent with spaces",
    ),
    (
        r"cannot start any token",
        "a value cannot begin with this character",
        "put the value in quotes",
    ),
    (
        r"block scalar.*(a comment or|comment or line|chomping or indentation)",
        'text stands behind "|" or ">", which begin a block of text',
        "put the value in quotes, or begin the text on the next line",
    ),
    (
        r"indentation indicator",
        "this indentation indicator is not a digit from 1 to 9",
        "leave it out",
    ),
    (
        r"escape sequence|escape character|hexdeci?mal|Unicode character escape|escape code",
        "this escape sequence is unknown",
        "double the backslash, or use single quotes",
    ),
    (
        r"scanning an (anchor|alias)",
        'the name after "&" or "*" is not made of letters, digits, "-" and "_"',
        "put the value in quotes, or correct the name",
    ),
    (
        r"tag|URI",
        "a tag begins here, and tags are not used in specs",
        "leave it out, or put the value in quotes",
    ),
    (
        r"directive|incompatible YAML",
        "a directive begins here, and directives are not used in specs",
        "delete the line",
    ),
    (
        r"node content",
        "a value is missing here",
        "write the value, or put it in quotes",
    ),
    (
        r"found unexpected ':'",
        "a colon stands inside a plain value",
        "put the value in quotes",
    ),
    (
        r"document start|document indicator",
        "text stands outside the top mapping",
        "delete it, or indent it under its key",
    ),
)
# These faults stand where their context starts, such as an opening quote, not where the parser gave up.
_AT_CONTEXT = re.compile(r"could not find expected ':'|quoted scalar.*(end of stream|document)|expected ',' or")


def translate(complaint: str) -> tuple[Refusal, bool]:
    """Say in plain English what a YAML parser's message means.

    `complaint` is the parser's context and problem, joined by a blank. The flag tells that the fault stands
    where the context starts.
    """
    at_context = _AT_CONTEXT.search(complaint) is not None
    for pattern, what, todo in _COMPLAINTS:
        if re.search(pattern, complaint):
            return Refusal("yaml/syntax", what, todo), at_context
    refusal = Refusal(
        "yaml/syntax", f"this is not YAML ({complaint.strip()})", "correct it, or put the value in quotes"
    )
    return refusal, at_context
