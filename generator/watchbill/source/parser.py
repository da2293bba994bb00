"""Parse YAML text: the parser's events go to a builder, and its complaints become ours."""

from __future__ import annotations

import re
from bisect import bisect
from typing import Any

import yaml

from watchbill.errors import Diagnostic, sort_diagnostics
from watchbill.source.builder import MOST_FAULTS, Builder, StopError
from watchbill.source.nodes import Document, SourceError, file_error
from watchbill.source.scalars import Refusal, find_forbidden
from watchbill.source.text import Text
from watchbill.source.yaml_errors import translate
from watchbill.source.yaml_mistakes import advise_quantity, find_closing_quote, find_flow_slip

MOST_BYTES = 1 << 20

# Loaders and events are `Any` below: types-PyYAML lets marks be None and gives the loaders no common base.
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C extension is optional, and 7 times as fast
_INDENTS = (
    ("a tab", re.compile(r"^ *(\t[ \t]*)(?=[^\s#])", re.MULTILINE)),
    ("a no-break space", re.compile(r"^[ \t]*(\u00a0[ \t\u00a0]*)", re.MULTILINE)),
)


def parse(text: str, *, path: str, pointer: str, dates: bool = False) -> Document:
    """Parse one YAML document whose top is a mapping; `dates` may stand without quotes, and are text.

    Raises `SourceError` with every fault that can be found at once, up to `MOST_FAULTS`.
    """
    text = admit(text, path=path)
    builder = Builder(Text(path, text), dates=dates)
    _build(builder)
    if builder.root is None or builder.diagnostics:
        raise SourceError(sort_diagnostics(builder.diagnostics)[:MOST_FAULTS], {path: text})
    return Document(path=path, pointer=pointer, text=text, data=builder.root)


def admit(text: str, *, path: str) -> str:
    """Return a text without its byte order mark; raises `SourceError` where it is too long or has odd characters."""
    text = text.removeprefix("\ufeff")
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise file_error(path, "yaml/too-large", "the file is larger than 1 MiB", "split it into several files")
    diagnostics = _check_characters(Text(path, text))
    if diagnostics:
        raise SourceError(diagnostics, {path: text})
    return text


def _check_characters(text: Text) -> list[Diagnostic]:
    diagnostics = []
    for start, end, refusal in find_forbidden(text.text):
        diagnostics.append(Diagnostic(text.between(start, end), *refusal))
        if len(diagnostics) == MOST_FAULTS:
            break
    return diagnostics


def _build(builder: Builder) -> None:
    """Feed the builder, and add what the parser itself has to say."""
    read_to, complaint = len(builder.text.text), None
    try:
        _feed(builder)
    except StopError:
        read_to = -1
    except yaml.YAMLError as error:
        read_to, complaint = _translate(error, builder.text)
    indents = _find_indents(builder, read_to)
    builder.diagnostics.extend(indents)
    if complaint is not None and all(indent.span.line != complaint.span.line for indent in indents):
        builder.diagnostics.append(complaint)


def _feed(builder: Builder) -> None:
    text = builder.text
    start = text.skip_blank(0)
    if text.text.startswith("%", start):
        builder.stop(text.at(start), "yaml/not-used-here", "a directive begins here", "delete the line")
    loader = Loader(text.text)
    try:
        while not isinstance(event := _next_event(loader, builder), yaml.StreamEndEvent):
            if isinstance(event, yaml.ScalarEvent):
                builder.scalar(event)
            elif isinstance(event, yaml.CollectionStartEvent):
                builder.open(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                builder.close(event)
            elif isinstance(event, yaml.AliasEvent):
                builder.alias(event)
            elif isinstance(event, yaml.DocumentEndEvent):
                _require_one_document(event, builder)
    finally:
        loader.dispose()
    builder.finish()


def _next_event(loader: Any, builder: Builder) -> Any:
    try:
        return loader.get_event()
    except (OverflowError, ValueError):  # from PyYAML without its C extension, for "\UFFFFFFFF"
        builder.stop(builder.text.at(0), "yaml/syntax", "an escape sequence names no character", "correct it")


def _require_one_document(event: Any, builder: Builder) -> None:
    """Stop before a second document; a mass of directives in it would take the parser minutes."""
    text = builder.text
    index = text.skip_blank(event.end_mark.index)
    if index == len(text.text):
        return
    if event.explicit or text.text.startswith("---", index):
        builder.stop(
            text.at(index), "yaml/not-used-here", "a second document begins here", "put it into a file of its own"
        )
    builder.stop(
        text.at(index), "yaml/syntax", "text stands outside the top mapping", "delete it, or indent it under its key"
    )


def _translate(error: yaml.YAMLError, text: Text) -> tuple[int, Diagnostic]:
    """Return how far the parser came, and what it complained about in our words."""
    context, problem = (getattr(error, name, None) or "" for name in ("context", "problem"))
    refusal, at_context = translate(f"{context} {problem}")
    began, came_to = (getattr(error, name, None) for name in ("context_mark", "problem_mark"))
    stopped = came_to.index if came_to else 0
    mark = (at_context and began) or came_to
    index = min(mark.index, len(text.text.rstrip())) if mark else 0
    if text.text.startswith("\t", index):
        refusal = Refusal("yaml/indentation", "a tab stands where YAML wants spaces", "delete it, or write spaces")
    elif "expected ',' or" in problem and began:
        if (slip := find_flow_slip(text, opened=began.index, stopped=stopped)) is not None:
            return stopped, slip
    elif context.startswith("while parsing a block"):
        if (slip := find_closing_quote(text, stopped)) is not None:
            return stopped, slip
    elif "cannot start any token" in problem or "block scalar" in context:
        start = began.index if "block scalar" in context and began else index
        refusal = refusal._replace(todo=advise_quantity(text, start) or refusal.todo)
    return stopped, Diagnostic(text.at(index), *refusal)


def _find_indents(builder: Builder, read_to: int) -> list[Diagnostic]:
    """Find the lines that no spaces indent, up to where the parser came, outside blocks of text."""
    text = builder.text.text
    end = text.find("\n", read_to) if 0 <= read_to < len(text) else read_to
    starts = [start for start, _ in builder.block_scalars]
    diagnostics = []
    for name, pattern in _INDENTS:
        for match in pattern.finditer(text, 0, len(text) if end < 0 <= read_to else max(end, 0)):
            nearest = bisect(starts, match.start()) - 1
            if nearest < 0 or builder.block_scalars[nearest][1] <= match.start():
                span = builder.text.between(match.start(1), match.end(1))
                diagnostics.append(
                    Diagnostic(span, "yaml/indentation", f"{name} indents this line", "indent with spaces")
                )
            if len(diagnostics) >= MOST_FAULTS:
                return diagnostics
    return diagnostics
