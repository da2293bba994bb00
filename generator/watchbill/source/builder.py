"""Build data from a YAML parser's events, and note every fault on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NoReturn

import yaml

from watchbill.errors import Diagnostic, Span, choose
from watchbill.source.nodes import Map, Position, Seq, Value
from watchbill.source.scalars import DATE, Refusal, find_forbidden, quote, read_key, read_plain
from watchbill.source.text import Text
from watchbill.source.yaml_mistakes import check_block_header, find_comment

MOST_DEPTH = 64
MOST_VALUES = 100_000  # keys included; bounds the time that one file can cost
MOST_ALIASED_VALUES = 20_000  # what all aliases of a file may add together
MOST_KEY_CHARACTERS = 200
MOST_FAULTS = 100  # per file; nobody reads more

_NO_SPEC = Refusal("yaml/not-a-mapping", "the file holds no spec", 'write "key: value" lines, or delete the file')


class StopError(Exception):
    """Nothing behind this point can be checked."""


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is still open; `key_span` is set between a key and its value."""

    node: Map | Seq
    anchor: str | None
    size: int = 1
    height: int = 1
    key: str | None = None  # None beside a `key_span`: the key is refused, and its value dropped
    key_span: Span | None = None
    key_end: int = 0  # as an index into the text


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an alias repeats: how many values it holds, and how deep they nest."""

    value: Value
    size: int
    height: int


@dataclass(slots=True)
class Builder:
    """Turns the parser's events into data, on a stack of its own that no nesting can overflow."""

    text: Text
    dates: bool = False  # whether a date without quotes is text
    diagnostics: list[Diagnostic] = field(default_factory=list)
    root: Map | None = None
    stack: list[_Frame] = field(default_factory=list)
    anchors: dict[str, _Anchored | None] = field(default_factory=dict)  # None while its value is open
    block_scalars: list[tuple[int, int]] = field(default_factory=list)  # where a tab at a line's start is text
    values: int = 0
    aliased_values: int = 0

    def finish(self) -> None:
        """Check what is left when the parser has no more events."""
        if self.root is None and not self.diagnostics:
            self._fault(self.text.at(0), *_NO_SPEC)

    def _fault(self, span: Span, code: str, what: str, todo: str) -> None:
        self.diagnostics.append(Diagnostic(span, code, what, todo))
        if len(self.diagnostics) >= MOST_FAULTS:
            raise StopError

    def stop(self, span: Span, code: str, what: str, todo: str) -> NoReturn:
        """Note a fault behind which nothing can be checked."""
        self.diagnostics.append(Diagnostic(span, code, what, todo))
        raise StopError

    def _awaits_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].node, Map) and self.stack[-1].key_span is None

    def _enter(self, event: Any, span: Span) -> None:
        """Check what scalars and collections have in common, and note their anchor as open."""
        self.values += 1
        if self.values > MOST_VALUES:
            self.stop(
                span,
                "yaml/too-large",
                f"the file holds more than {MOST_VALUES:,} values",
                "split it into several files",
            )
        if event.tag is not None:
            self._fault(
                span,
                "yaml/not-used-here",
                "tags are not used in specs",
                'remove the text that begins with "!", or quote it',
            )
        if event.anchor is None:
            return
        if event.anchor in self.anchors:
            self._fault(
                span,
                "yaml/wrong-anchor",
                f"the anchor {quote('&' + event.anchor)} is defined twice",
                "rename one of the two",
            )
        elif self._awaits_key():
            self._fault(
                span,
                "yaml/wrong-anchor",
                f"the key carries the anchor {quote('&' + event.anchor)}",
                "anchor its value instead",
            )
        else:
            self.anchors[event.anchor] = None

    def scalar(self, event: Any) -> None:
        """Take a scalar: a key or a value."""
        span = self.text.of(event)
        self._enter(event, span)
        if event.style == '"':
            for _, _, refusal in find_forbidden(event.value):
                self._fault(span, *refusal)
        if self._awaits_key():
            self._key(event, span)
            return
        if event.style in {"|", ">"}:
            self.block_scalars.append((event.start_mark.index, event.end_mark.index))
            span = self.text.of_block(event)
        as_written = event.style or (self.dates and DATE.fullmatch(event.value))
        value = event.value if as_written else read_plain(event.value)
        if isinstance(value, Refusal):
            self._fault(span, *value)
            value = event.value
        if not event.value:
            self._find_slip(event, span)
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchored(value, size=1, height=0)
        self._put(value, span)

    def _find_slip(self, event: Any, span: Span) -> None:
        """Check whether the comment behind an empty value, or the number in its header, was meant to be it."""
        if event.style in {"|", ">"}:
            header = self.text.text[event.start_mark.index : event.end_mark.index].partition("\n")[0]
            if (refusal := check_block_header(header.strip())) is not None:
                self._fault(span, *refusal)
        elif not event.style and self.stack:
            frame = self.stack[-1]
            index = event.end_mark.index if isinstance(frame.node, Seq) else frame.key_end
            if (slip := find_comment(self.text, index, key=frame.key)) is not None:
                self._fault(slip.span, slip.code, slip.what, slip.todo)

    def _key(self, event: Any, span: Span) -> None:
        frame = self.stack[-1]
        frame.key, frame.key_span, frame.key_end = None, span, event.end_mark.index
        key = event.value if event.style else read_key(event.value)
        if isinstance(key, Refusal):
            self._fault(span, *key)
        elif len(key) > MOST_KEY_CHARACTERS:
            self._fault(
                span, "yaml/wrong-key", f"the key is longer than {MOST_KEY_CHARACTERS} characters", "shorten it"
            )
        elif not key.isprintable() and any(break_ in key for break_ in "\t\r\n"):
            self._fault(
                span, "yaml/wrong-key", f"the key {quote(key)} holds a tab or a line break", "write it on one line"
            )
        elif isinstance(frame.node, Map) and (first := frame.node.places.get(key)) is not None:
            line = first.key.line if first.key else 0
            self._fault(
                span,
                "yaml/duplicate-key",
                f"the key {quote(key)} is written twice, first on line {line}",
                "delete one of the two",
            )
        else:
            frame.key = key

    def alias(self, event: Any) -> None:
        """Take an alias: the value of its anchor once more."""
        span = self.text.of(event)
        name, shown = event.anchor, quote("*" + event.anchor)
        if self._awaits_key():
            self._fault(span, "yaml/wrong-anchor", f"the alias {shown} stands as a key", "write the key out")
            self.stack[-1].key_span = span
            return
        target = self.anchors.get(name)
        if target is None:
            if name in self.anchors:
                self._fault(
                    span, "yaml/wrong-anchor", f"the alias {shown} repeats a value inside itself", "write the value out"
                )
            else:
                near = [anchor for anchor in islice(self.anchors, 100) if len(anchor) < 100]
                todo = choose(name[:100], near, none=f"define it first, as {quote('&' + name)} before a value")
                self._fault(span, "yaml/wrong-anchor", f"the alias {shown} has no anchor before it", todo)
            self._put(None, span)
            return
        self.aliased_values += target.size
        if self.aliased_values > MOST_ALIASED_VALUES:
            what = f"the aliases up to {shown} repeat more than {MOST_ALIASED_VALUES:,} values"
            self.stop(span, "yaml/too-large", what, "write the values out, or split the file")
        if len(self.stack) + target.height > MOST_DEPTH:
            self.stop(
                span, "yaml/too-large", f"the alias {shown} nests deeper than {MOST_DEPTH} levels", "nest less deeply"
            )
        self._put(target.value, span, size=target.size, height=target.height)

    def open(self, event: Any) -> None:
        """Begin a mapping or list."""
        span = self.text.of(event)
        self._enter(event, span)
        if len(self.stack) >= MOST_DEPTH:
            self.stop(span, "yaml/too-large", f"this nests deeper than {MOST_DEPTH} levels", "nest less deeply")
        node = Map(span) if isinstance(event, yaml.MappingStartEvent) else Seq(span)
        self.stack.append(_Frame(node, event.anchor))

    def close(self, event: Any) -> None:
        """Finish the innermost mapping or list."""
        frame = self.stack.pop()
        node, end = frame.node, self.text.of(event)
        if event.start_mark.index == event.end_mark.index:  # without a bracket it ends with its last value
            places = node.places.values() if isinstance(node, Map) else node.places
            end = next((place.value for place in reversed(places)), node.span)
        node.span = Span(self.text.path, node.span.line, node.span.column, end.end_line, end.end_column)
        if frame.anchor is not None:
            self.anchors[frame.anchor] = _Anchored(node, frame.size, frame.height)
        if self._awaits_key():
            todo = "write the key as plain text, and a template such as {{ … }} in quotes"
            self._fault(node.span, "yaml/wrong-key", "a mapping or list stands as a key", todo)
            self.stack[-1].key_span = node.span
        else:
            self._put(node, node.span, size=frame.size, height=frame.height)

    def _put(self, value: Value, span: Span, *, size: int = 1, height: int = 0) -> None:
        """Give a finished value to the mapping or list around it."""
        if not self.stack:
            self._put_at_top(value, span)
            return
        frame = self.stack[-1]
        frame.size += size
        frame.height = max(frame.height, height + 1)
        if isinstance(frame.node, Seq):
            frame.node.append(value)
            frame.node.places.append(Position(None, span))
            return
        if frame.key is not None:
            frame.node[frame.key] = value
            frame.node.places[frame.key] = Position(frame.key_span, span)
        frame.key = frame.key_span = None

    def _put_at_top(self, value: Value, span: Span) -> None:
        if isinstance(value, Map):
            self.root = value
        elif value is None:
            self._fault(span, *_NO_SPEC)
        else:
            kind = "a list" if isinstance(value, Seq) else "a single value"
            self._fault(
                span,
                "yaml/not-a-mapping",
                f"the top of the file is {kind}",
                'write "key: value" lines, with a blank after each colon',
            )
