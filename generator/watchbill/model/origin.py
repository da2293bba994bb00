"""Where a node of the IR comes from."""

from __future__ import annotations

from dataclasses import dataclass

from watchbill.errors import Span


@dataclass(frozen=True, slots=True)
class Origin:
    """The place that an author would edit, and the document that `out/` names."""

    span: Span
    document: str
