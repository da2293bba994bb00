"""Refuse what "watchbill new" wrote and nobody has filled in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from watchbill.language.base import Diagnostics
from watchbill.source import Document
from watchbill.source.text import Text

MOST_FAULTS = 100  # of a file; nobody reads more
_UNFILLED = re.compile(r"FILL IN: (?P<what>[^\"\n]{1,200})")


def require_filled(documents: Iterable[Document], diagnostics: Diagnostics) -> tuple[Document, ...]:
    """Note each line that is still to be written; return the documents in which there is none."""
    filled = []
    for document in documents:
        text, found = Text(document.path, document.text), list(islice(_UNFILLED.finditer(document.text), MOST_FAULTS))
        for match in found:
            what = f"the skeleton is not filled in: {match['what'].strip()}"
            diagnostics.add(text.between(*match.span()), what, "write it")
        filled += [] if found else [document]
    return tuple(filled)
