"""Read YAML text into plain data in which every value knows where it stands."""

from __future__ import annotations

import os
import re
import stat
from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import yaml

from watchbill.errors import Diagnostic, RefusedError, Span, SpecError, UsageError, choose
from watchbill.scalars import Refusal, find_forbidden, quote, read_key, read_plain, translate, visible

Value: TypeAlias = "str | Decimal | bool | Map | Seq | None"

MOST_BYTES = 1 << 20
MOST_DEPTH = 64
MOST_VALUES = 100_000  # keys included; bounds the time that one file can cost
MOST_ALIASED_VALUES = 20_000  # what all aliases of a file may add together
MOST_KEY_CHARACTERS = 200
MOST_FAULTS = 100  # per file; nobody reads more

# Loaders and events are `Any` below: types-PyYAML lets marks be None and gives the loaders no common base.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C extension is optional, and 7 times as fast
_TAB_INDENT = re.compile(r"^ *(\t[ \t]*)(?=[^\s#])", re.MULTILINE)
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_NO_SPEC = Refusal("the file holds no spec", 'write "key: value" lines, or delete the file')


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands; an item of a list has no key."""

    key: Span | None
    value: Span


class Map(dict[str, Value]):
    """A mapping in its author's order, with the place of every entry."""

    __slots__ = ("places", "span")

    def __init__(self, span: Span) -> None:
        super().__init__()
        self.span = span
        self.places: dict[str, Place] = {}


class Seq(list[Value]):
    """A list with the place of every item."""

    __slots__ = ("places", "span")

    def __init__(self, span: Span) -> None:
        super().__init__()
        self.span = span
        self.places: list[Place] = []


@dataclass(frozen=True, slots=True)
class Document:
    """One spec file: its path as shown to people, and its pointer, the same wherever the tree lies.

    `text` has no byte order mark, so that spans count from its first character.
    """

    path: str
    pointer: str
    text: str
    data: Map


class SourceError(SpecError):
    """Faults of spec files, with their texts by path, so that a report can show the lines."""

    def __init__(self, diagnostics: Iterable[Diagnostic], texts: Mapping[str, str]) -> None:
        super().__init__(diagnostics)
        self.texts = texts


def span_of(node: Map | Seq, path: Sequence[str | int], *, key: bool = False) -> Span:
    """Find the span of the value at `path` below `node`, or of its key if `key` is true.

    A location that does not exist gives the span of the nearest parent that does. What stands behind an
    alias is found at its anchor.
    """
    here: Value = node
    place = Place(None, node.span)
    for step in path:
        if isinstance(here, Map) and isinstance(step, str) and step in here:
            place, here = here.places[step], here[step]
            continue
        if not (isinstance(here, Seq) and isinstance(step, int) and 0 <= step < len(here)):
            break
        place, here = here.places[step], here[step]
    return place.key if key and place.key else place.value


def parse(text: str, *, path: str, pointer: str) -> Document:
    """Parse one YAML document whose top is a mapping.

    Raises `SourceError` with every fault that can be told apart, up to `MOST_FAULTS`.
    """
    text = text.removeprefix("\ufeff")
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise _whole_file(path, "the file is larger than 1 MiB", "split it into several files")
    faults: list[Diagnostic] = []
    for start, end, refusal in find_forbidden(text):
        faults.append(Diagnostic(_span_between(text, path, start, end), *refusal))
        if len(faults) == MOST_FAULTS:
            break
    if faults:
        raise SourceError(faults, {path: text})
    builder = _Builder(path, text)
    root = builder.build()
    if root is None or builder.faults:
        raise SourceError(builder.faults, {path: text})
    return Document(path=path, pointer=pointer, text=text, data=root)


def read_file(path: Path, *, shown: str, pointer: str) -> Document:
    """Read and parse one file; `shown` is its path in diagnostics. Raises `SourceError`."""
    content = _read_bytes(path, shown)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode().removeprefix("\ufeff")
        fault = Diagnostic(
            _span_between(before, shown, len(before), len(before)),
            f"the byte 0x{content[error.start]:02X} is not UTF-8",
            "save the file as UTF-8",
        )
        raise SourceError([fault], {shown: content.decode(errors="replace").removeprefix("\ufeff")}) from None
    return parse(text, path=shown, pointer=pointer)


def read_tree(root: Path, *, label: str = "specs") -> tuple[Document, ...]:
    """Read every `*.yaml` file below `root`, sorted by its path with forward slashes.

    The root may be a symbolic link, since someone chose it; nothing below it may. Raises `SourceError` with
    the faults of all files, `UsageError` where the root is no folder, `RefusedError` where it has no spec.
    """
    if not os.path.isdir(root):  # noqa: PTH112 - Path.is_dir raises where a parent folder is closed to us
        raise UsageError(f'"{visible(str(root))}" is not a folder; name the folder of the specs by --specs')
    faults: list[Diagnostic] = []
    texts: dict[str, str] = {}
    documents = []
    for relative in sorted(_walk(root, faults)):
        try:
            document = read_file(root / relative, shown=str(root / relative), pointer=f"{label}/{relative}")
            documents.append(document)
        except SourceError as error:
            faults.extend(error.diagnostics)
            texts.update(error.texts)
    if faults:
        raise SourceError(faults, texts)
    if not documents:
        raise RefusedError(f'"{visible(str(root))}" holds no spec; write one as *.yaml in it, or name another folder')
    return tuple(documents)


def _walk(root: Path, faults: list[Diagnostic]) -> Iterator[str]:
    """Yield the relative paths of spec files; add a fault for each entry that is refused."""
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(root / folder) as entries:
                found = [(f"{folder}/{entry.name}".lstrip("/"), entry) for entry in entries]
        except OSError as error:
            faults.extend(_unreadable(visible(str(root / folder)), error).diagnostics)
            continue
        for relative, entry in found:
            kind = _judge_entry(entry)
            if isinstance(kind, Refusal):
                shown = visible(str(root / relative))
                faults.append(Diagnostic(Span(shown, 1, 1, 1, 1), *kind))
            elif kind == "folder":
                folders.append(relative)
            elif kind == "spec":
                yield relative


def _judge_entry(entry: os.DirEntry[str]) -> str | Refusal:
    suffix = Path(entry.name).suffix
    named_as_spec = suffix.lower() in {".yaml", ".yml"}
    try:
        folder = entry.is_dir()
    except OSError:  # a link to itself
        folder = False
    if entry.name.startswith(".") or not (named_as_spec or folder):
        return "other"
    if not entry.name.isprintable():
        return Refusal("the name holds a character that does not print", "rename it")
    if entry.is_symlink():
        return Refusal("symbolic links are not followed", "put the file or folder itself here, or remove the link")
    if not folder and not entry.is_file(follow_symlinks=False):
        return Refusal("this is not a regular file", "remove it, or rename it so that it does not look like a spec")
    if not folder and suffix != ".yaml":
        return Refusal(f'specs end in ".yaml", not in "{suffix}"', f'rename it to "{Path(entry.name).stem}.yaml"')
    return "folder" if folder else "spec"


def _read_bytes(path: Path, shown: str) -> bytes:
    """Read at most one byte more than allowed; never follow a link and never wait for a pipe."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise _whole_file(shown, "this is not a regular file", "name a file of YAML text")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read(MOST_BYTES + len("\ufeff".encode()) + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unreadable(shown, error) from None


def _unreadable(shown: str, error: OSError) -> SourceError:
    return _whole_file(shown, f"this cannot be read ({error.strerror})", "correct the path or its permissions")


def _whole_file(shown: str, what: str, todo: str) -> SourceError:
    return SourceError([Diagnostic(Span(shown, 1, 1, 1, 1), what, todo)], {})


def _span_between(text: str, path: str, start: int, end: int) -> Span:
    line = text.count("\n", 0, start) + 1
    end_line = line + text.count("\n", start, end)
    return Span(path, line, start - text.rfind("\n", 0, start), end_line, end - text.rfind("\n", 0, end))


def _skip_blank(text: str, index: int) -> int:
    match = _BLANK.match(text, index)
    return match.end() if match else index


class _StopError(Exception):
    """Nothing behind this point can be judged."""


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is still open; `key_span` is set between a key and its value."""

    node: Map | Seq
    anchor: str | None
    size: int = 1
    height: int = 1
    key: str | None = None  # None beside a `key_span`: the key is refused, and its value dropped
    key_span: Span | None = None


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an alias repeats: how many values it holds, and how deep they nest."""

    value: Value
    size: int
    height: int


@dataclass(slots=True)
class _Builder:
    """Turns the parser's events into data, on a stack of its own that no nesting can overflow."""

    path: str
    text: str
    faults: list[Diagnostic] = field(default_factory=list)
    root: Map | None = None
    stack: list[_Frame] = field(default_factory=list)
    anchors: dict[str, _Anchored | None] = field(default_factory=dict)  # None while its value is open
    block_scalars: list[tuple[int, int]] = field(default_factory=list)  # where a tab at a line's start is text
    values: int = 0
    aliased_values: int = 0

    def build(self) -> Map | None:
        judged, complaint = len(self.text), None
        try:
            self._read_events()
        except _StopError:
            judged = -1
        except yaml.YAMLError as error:
            judged, complaint = self._translate(error)
        tabs = self._find_tabs(judged)
        self.faults.extend(tabs)
        if complaint is not None and all(tab.span.line != complaint.span.line for tab in tabs):
            self.faults.append(complaint)
        return self.root

    def _read_events(self) -> None:
        start = _skip_blank(self.text, 0)
        if self.text.startswith("%", start):
            self._stop(self._point(start), "a directive begins here", "delete the line")
        loader = _Loader(self.text)
        try:
            while not isinstance(event := self._next_event(loader), yaml.StreamEndEvent):
                if isinstance(event, yaml.ScalarEvent):
                    self._scalar(event)
                elif isinstance(event, yaml.CollectionStartEvent):
                    self._open(event)
                elif isinstance(event, yaml.CollectionEndEvent):
                    self._close(event)
                elif isinstance(event, yaml.AliasEvent):
                    self._alias(event)
                elif isinstance(event, yaml.DocumentEndEvent):
                    self._refuse_more(event)
        finally:
            loader.dispose()
        if self.root is None and not self.faults:
            self._fault(self._point(0), *_NO_SPEC)

    def _next_event(self, loader: Any) -> Any:
        try:
            return loader.get_event()
        except (OverflowError, ValueError):  # from PyYAML without its C extension, for "\UFFFFFFFF"
            self._stop(self._point(0), "an escape sequence names no character", "correct it")

    def _fault(self, span: Span, what: str, todo: str) -> None:
        self.faults.append(Diagnostic(span, what, todo))
        if len(self.faults) >= MOST_FAULTS:
            raise _StopError

    def _stop(self, span: Span, what: str, todo: str) -> NoReturn:
        self.faults.append(Diagnostic(span, what, todo))
        raise _StopError

    def _point(self, index: int) -> Span:
        """Return the span of one character, of none at the end of a line."""
        end = index + (index < len(self.text) and self.text[index] not in "\r\n")
        return _span_between(self.text, self.path, index, end)

    def _span(self, event: Any) -> Span:
        start, end = event.start_mark, event.end_mark
        if end.index >= len(self.text):  # libyaml counts a line break at the end that need not be there
            return _span_between(self.text, self.path, min(start.index, len(self.text)), len(self.text))
        return Span(self.path, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def _awaits_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].node, Map) and self.stack[-1].key_span is None

    def _enter(self, event: Any, span: Span) -> None:
        """Check what scalars and collections have in common, and note their anchor as open."""
        self.values += 1
        if self.values > MOST_VALUES:
            self._stop(span, f"the file holds more than {MOST_VALUES:,} values", "split it into several files")
        if event.tag is not None:
            self._fault(span, "tags are not used in specs", 'remove the text that begins with "!", or quote it')
        if event.anchor is None:
            return
        if event.anchor in self.anchors:
            self._fault(span, f"the anchor {quote('&' + event.anchor)} is defined twice", "rename one of the two")
        elif self._awaits_key():
            self._fault(span, f"the key carries the anchor {quote('&' + event.anchor)}", "anchor its value instead")
        else:
            self.anchors[event.anchor] = None

    def _scalar(self, event: Any) -> None:
        span = self._span(event)
        self._enter(event, span)
        if event.style == '"':
            for _, _, refusal in find_forbidden(event.value):
                self._fault(span, *refusal)
        if self._awaits_key():
            self._key(event, span)
            return
        if event.style in {"|", ">"}:
            self.block_scalars.append((event.start_mark.index, event.end_mark.index))
            span = self._without_blank_end(event)
        value = event.value if event.style else read_plain(event.value)
        if isinstance(value, Refusal):
            self._fault(span, *value)
            value = event.value
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchored(value, size=1, height=0)
        self._put(value, span)

    def _without_blank_end(self, event: Any) -> Span:
        """Return a block scalar's span without the blank lines that the parser counts to it."""
        start, stop = event.start_mark, event.end_mark.index
        while stop > start.index and self.text[stop - 1] in " \t\r\n":
            stop -= 1
        end_line = start.line + 1 + self.text.count("\n", start.index, stop)
        end_column = stop - self.text.rfind("\n", 0, stop)
        return Span(self.path, start.line + 1, start.column + 1, end_line, end_column)

    def _key(self, event: Any, span: Span) -> None:
        frame = self.stack[-1]
        frame.key, frame.key_span = None, span
        key = event.value if event.style else read_key(event.value)
        if isinstance(key, Refusal):
            self._fault(span, *key)
        elif len(key) > MOST_KEY_CHARACTERS:
            self._fault(span, f"the key is longer than {MOST_KEY_CHARACTERS} characters", "shorten it")
        elif not key.isprintable() and any(break_ in key for break_ in "\t\r\n"):
            self._fault(span, f"the key {quote(key)} holds a tab or a line break", "write it on one line")
        elif isinstance(frame.node, Map) and (first := frame.node.places.get(key)) is not None:
            line = first.key.line if first.key else 0
            self._fault(span, f"the key {quote(key)} is written twice, first on line {line}", "delete one of the two")
        else:
            frame.key = key

    def _alias(self, event: Any) -> None:
        span = self._span(event)
        name, shown = event.anchor, quote("*" + event.anchor)
        if self._awaits_key():
            self._fault(span, f"the alias {shown} stands as a key", "write the key out")
            self.stack[-1].key_span = span
            return
        target = self.anchors.get(name)
        if target is None:
            if name in self.anchors:
                self._fault(span, f"the alias {shown} repeats a value inside itself", "write the value out")
            else:
                near = [anchor for anchor in islice(self.anchors, 100) if len(anchor) < 100]
                todo = choose(name[:100], near, none=f"define it first, as {quote('&' + name)} before a value")
                self._fault(span, f"the alias {shown} has no anchor before it", todo)
            self._put(None, span)
            return
        self.aliased_values += target.size
        if self.aliased_values > MOST_ALIASED_VALUES:
            what = f"the aliases up to {shown} repeat more than {MOST_ALIASED_VALUES:,} values"
            self._stop(span, what, "write the values out, or split the file")
        if len(self.stack) + target.height > MOST_DEPTH:
            self._stop(span, f"the alias {shown} nests deeper than {MOST_DEPTH} levels", "nest less deeply")
        self._put(target.value, span, size=target.size, height=target.height)

    def _open(self, event: Any) -> None:
        span = self._span(event)
        self._enter(event, span)
        if len(self.stack) >= MOST_DEPTH:
            self._stop(span, f"this nests deeper than {MOST_DEPTH} levels", "nest less deeply")
        node = Map(span) if isinstance(event, yaml.MappingStartEvent) else Seq(span)
        self.stack.append(_Frame(node, event.anchor))

    def _close(self, event: Any) -> None:
        frame = self.stack.pop()
        node, end = frame.node, self._span(event)
        if event.start_mark.index == event.end_mark.index:  # without a bracket it ends with its last value
            places = node.places.values() if isinstance(node, Map) else node.places
            end = next((place.value for place in reversed(places)), node.span)
        node.span = Span(self.path, node.span.line, node.span.column, end.end_line, end.end_column)
        if frame.anchor is not None:
            self.anchors[frame.anchor] = _Anchored(node, frame.size, frame.height)
        if self._awaits_key():
            todo = "write the key as plain text, and a template such as {{ … }} in quotes"
            self._fault(node.span, "a mapping or list stands as a key", todo)
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
            frame.node.places.append(Place(None, span))
            return
        if frame.key is not None:
            frame.node[frame.key] = value
            frame.node.places[frame.key] = Place(frame.key_span, span)
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
                f"the top of the file is {kind}",
                'write "key: value" lines, with a blank after each colon',
            )

    def _refuse_more(self, event: Any) -> None:
        """Stop before a second document; a mass of directives in it would take the parser minutes."""
        index = _skip_blank(self.text, event.end_mark.index)
        if index == len(self.text):
            return
        if event.explicit or self.text.startswith("---", index):
            self._stop(self._point(index), "a second document begins here", "put it into a file of its own")
        self._stop(self._point(index), "text stands outside the top mapping", "delete it, or indent it under its key")

    def _translate(self, error: yaml.YAMLError) -> tuple[int, Diagnostic]:
        """Return how far the parser came, and what it complained about in our words."""
        context, problem = (getattr(error, name, None) or "" for name in ("context", "problem"))
        refusal, at_context = translate(f"{context} {problem}")
        came_to = getattr(error, "problem_mark", None)
        mark = (at_context and getattr(error, "context_mark", None)) or came_to
        index = min(mark.index, len(self.text.rstrip())) if mark else 0
        if self.text.startswith("\t", index):
            refusal = Refusal("a tab stands where YAML wants spaces", "delete it, or write spaces")
        return came_to.index if came_to else 0, Diagnostic(self._point(index), *refusal)

    def _find_tabs(self, judged: int) -> list[Diagnostic]:
        """Find the lines that tabs indent, up to where the parser came, outside blocks of text."""
        end = self.text.find("\n", judged) if 0 <= judged < len(self.text) else judged
        starts = [start for start, _ in self.block_scalars]
        faults = []
        for match in _TAB_INDENT.finditer(self.text, 0, len(self.text) if end < 0 <= judged else max(end, 0)):
            nearest = bisect(starts, match.start()) - 1
            if nearest < 0 or self.block_scalars[nearest][1] <= match.start():
                span = _span_between(self.text, self.path, match.start(1), match.end(1))
                faults.append(Diagnostic(span, "a tab indents this line", "indent with spaces"))
        return faults[:MOST_FAULTS]
