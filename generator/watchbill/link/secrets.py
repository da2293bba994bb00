"""Refuse plain secrets in specs: Alertmanager reads its secrets from files, which no repository holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from watchbill.errors import Span
from watchbill.language.base import Diagnostics
from watchbill.plaintext import complain, find, find_all, names_secret, of_name
from watchbill.source import Document, Map, Seq, Value
from watchbill.source.scalars import quote
from watchbill.source.text import Text

_TODO = (
    "revoke it, since it is in the history; put the new one into the file that alertmanager.yml names,"
    " and remove it here"
)

# Mappings whose keys authors choose, so that a key says nothing of its value: a label may well be called "token".
_NAMED_BY_AUTHORS = frozenset(
    (
        "classes",
        "drop",
        "exclude",
        "labels",
        "limits",
        "metrics",
        "needs",
        "only",
        "order",
        "renamed",
        "signals",
        "target",
        "targets",
    )
)


def require_no_secrets(documents: Iterable[Document], diagnostics: Diagnostics) -> tuple[Document, ...]:
    """Note each plain secret in the documents as a fault, also below keys that nobody knows; return the documents."""
    checked = tuple(documents)
    for document in checked:
        in_values = dict(_in_map(document.data))
        lines = {line for span in in_values for line in range(span.line, span.end_line + 1)}
        elsewhere = ((span, kind) for span, kind in _in_text(document) if span.line not in lines)
        for span, kind in (*in_values.items(), *elsewhere):
            diagnostics.add(span, "secret/written-out", complain(kind), _TODO)
    return checked


def _in_map(node: Map, *, named_by_author: bool = False) -> Iterator[tuple[Span, str]]:
    for key, value in node.items():
        place = node.places[key]
        if place.key is not None and (found := find(key)) is not None:
            yield place.key, found.kind
        yield from _in_value(value, place.value, "" if named_by_author else key)


def _in_value(value: Value, span: Span, key: str) -> Iterator[tuple[Span, str]]:
    if isinstance(value, Map):
        yield from _in_map(value, named_by_author=key in _NAMED_BY_AUTHORS)
    elif isinstance(value, Seq):
        for item, place in zip(value, value.places, strict=True):
            yield from _in_value(item, place.value, key)
    elif isinstance(value, str) and (found := find(value)) is not None:
        yield span, found.kind
    elif names_secret(key) and isinstance(value, str | Decimal) and str(value).strip():
        yield span, of_name(quote(key)[1:-1])


def _in_text(document: Document) -> Iterator[tuple[Span, str]]:
    """Find what stands outside the values, such as in a comment."""
    text = Text(document.path, document.text)
    for found in find_all(document.text):
        yield text.between(found.start, found.end), found.kind
