"""The example house: a whole spec tree with its prose, compiled once."""

from __future__ import annotations

from datetime import date
from functools import cache

from watchbill.compilation import compile_documents
from watchbill.model.bundle import Bundle
from watchbill.prose import bind
from watchbill.reference.synthetic import EXAMPLES
from watchbill.source import read_prose, read_tree

_TODAY = date(2026, 11, 24)  # waivers end; the reference does not change with the day


@cache
def house() -> Bundle:
    """Compile the tree and the prose beside it."""
    compiled = compile_documents(read_tree(EXAMPLES / "specs"))
    prose = {label: read_prose(EXAMPLES / label, label=label) for label in ("runbooks", "adr")}
    return bind(compiled.bundle, prose["runbooks"], prose["adr"], _TODAY)
