"""What authors may write in a mapping, read from its model: type, default and meaning of every field."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import WithJsonSchema
from pydantic.fields import FieldInfo

from watchbill.language.base import Authored, Formerly
from watchbill.language.fields import OrText, TextRule, ValueRule
from watchbill.quantity import Duration, Quantity
from watchbill.reference.page import Row, Table
from watchbill.source import Map
from watchbill.spec.alert import AlertSpec
from watchbill.spec.panel import PanelSpec
from watchbill.spec.slo import SloSpec

HEAD = ("Field", "What it is")
# What has a page of its own, since its fields are its kind's too.
ELSEWHERE: dict[type[Authored], tuple[str, str]] = {
    AlertSpec: ("an alert", "specs/alert.md"),
    SloSpec: ("an objective", "specs/objective.md"),
    PanelSpec: ("a panel", "specs/panel.md"),
}
_SIMPLE: dict[object, str] = {bool: "`true` or `false`", str: "text", Map: "a mapping"}


def table(model: type[Authored], *, without: Iterable[str] = (), last: Iterable[str] = ()) -> Table:
    """List the fields of a mapping in their order, with some `last`, and less those of which another page tells."""
    at_the_end, left_out = set(last), set(without)
    names = sorted((name for name in model.model_fields if name not in left_out), key=lambda name: name in at_the_end)
    return Table(HEAD, tuple(_row(model, name) for name in names))


def nested(model: type[Authored], path: str = "") -> Iterator[tuple[str, type[Authored]]]:
    """Walk through the mappings below a mapping: each with the way to it, such as `teams.<name>`."""
    for name, info in model.model_fields.items():
        for way, inner in _models(info.annotation, f"{path}{info.alias or name}"):
            yield way, inner
            yield from nested(inner, f"{way}.")


def _models(annotation: Any, way: str) -> Iterator[tuple[str, type[Authored]]]:
    if isinstance(annotation, type) and issubclass(annotation, Authored):
        if annotation not in ELSEWHERE:
            yield way, annotation
        return
    arguments, origin = get_args(annotation), get_origin(annotation)
    if origin is dict:
        yield from _models(arguments[1], f"{way}.<name>")
    elif origin in {tuple, Annotated}:
        yield from _models(arguments[0], way)
    elif origin in {Union, UnionType}:
        for argument in arguments:
            yield from _models(argument, way)


def _row(model: type[Authored], name: str) -> Row:
    info = model.model_fields[name]
    kind = _words((info.annotation, info.metadata))
    formerly = [f"Formerly `{mark.key}`, which still works." for mark in info.metadata if isinstance(mark, Formerly)]
    pages = [page for other, (_, page) in ELSEWHERE.items() if _mentions(info.annotation, other)]
    target = pages[0] if pages else ""
    return Row(
        info.alias or name,
        meaning(model, name),
        (f"{kind[:1].upper()}{kind[1:]}; {_default(info)}.", *formerly),
        target,
    )


def _mentions(annotation: Any, model: type[Authored]) -> bool:
    return annotation is model or any(_mentions(argument, model) for argument in get_args(annotation))


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value = info.default
    if value in (None, (), {}) or isinstance(value, Authored):
        return "optional"
    return f"`{_written(value)}` unless written"


def _written(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case tuple():
            return f"[{', '.join(map(_written, value))}]"
        case str() | Duration() | Quantity():
            return str(value)
    raise TypeError(f"nobody knows how authors write {value!r}")


def _words(kind: tuple[Any, Iterable[Any]]) -> str:
    """Say in English what may be written; `kind` is an annotation with what is noted beside it."""
    annotation, notes = kind
    noted = next((words for note in notes if (words := _noted(note, annotation))), None)
    return noted or _plain(annotation)


def _noted(note: object, annotation: Any) -> str:
    """Say what a note tells, such as the rule of a text; nothing where it tells nothing to authors."""
    match note:
        case TextRule() | ValueRule():
            return note.kind
        case OrText():
            return f"{note.meaning}, or {_plain(annotation)}"
        case WithJsonSchema():
            return str((note.json_schema or {}).get("description", ""))
    return ""


def _plain(annotation: Any) -> str:
    arguments, origin = get_args(annotation), get_origin(annotation)
    if origin is Annotated:
        return _words((arguments[0], arguments[1:]))
    if origin is Literal:
        return _choice([f"`{argument}`" for argument in arguments])
    if origin in {Union, UnionType}:
        return _choice([_plain(argument) for argument in arguments if argument is not NoneType])
    if origin is tuple:
        return f"a list, each entry {_plain(arguments[0])}"
    if origin is dict:
        return f"a mapping from {_plain(arguments[0])} to {_plain(arguments[1])}"
    return _class(annotation)


def _class(annotation: Any) -> str:
    if annotation in ELSEWHERE:
        return ELSEWHERE[annotation][0]
    if annotation not in _SIMPLE:
        return "a mapping, see below" if issubclass(annotation, Authored) else "a number"
    return _SIMPLE[annotation]


def _choice(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def meaning(model: type[Authored], name: str) -> str:
    """Return what stands below a field in its class or a base of it, or, of a field that is made, its description."""
    for cls in model.__mro__:
        if cls.__module__.startswith("watchbill."):
            text = _meanings(cls.__module__).get((cls.__name__, name))
            if text is not None:
                return text
    return model.model_fields[name].description or ""


@cache
def _meanings(module: str) -> dict[tuple[str, str], str]:
    """Read the texts below the fields of all classes of a module, by class and field."""
    source = inspect.getsource(importlib.import_module(module))
    classes = (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    return {(cls.name, name): text for cls in classes for name, text in _below_fields(cls)}


def _below_fields(cls: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in pairwise(cls.body):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str):
            yield field.target.id, " ".join(below.value.value.split())
