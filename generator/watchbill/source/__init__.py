"""Read YAML text into plain data in which every value knows where it stands."""

from __future__ import annotations

from watchbill.source.files import read_file, read_tree
from watchbill.source.nodes import Document, Map, Position, Seq, SourceError, Value, span_of
from watchbill.source.parser import parse
from watchbill.source.prose import Prose, beside, read_prose

__all__ = [
    "Document",
    "Map",
    "Position",
    "Prose",
    "Seq",
    "SourceError",
    "Value",
    "beside",
    "parse",
    "read_file",
    "read_prose",
    "read_tree",
    "span_of",
]
