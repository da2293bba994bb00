"""The base of everything that authors may write: strict pydantic models that know their lines."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    PrivateAttr,
    StrictBool,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from watchbill.errors import Diagnostic, DiagnosticLevel, Span, choose, nearest
from watchbill.quantity import decimal_text
from watchbill.source import Document, Map, span_of

__all__ = ["Authored", "Diagnostics", "Formerly", "StrictBool", "load"]


@dataclass(slots=True)
class Diagnostics:
    """Collects a phase's diagnostics; handed to pydantic as validation context.

    `misspelt` holds mappings (by identity) with the keys that their misspelt ones stand for, which are
    not missing then.
    """

    found: list[Diagnostic] = field(default_factory=list)
    misspelt: set[tuple[int, str | None]] = field(default_factory=set)

    def add(
        self, span: Span, code: str, what: str, todo: str, *, level: DiagnosticLevel = DiagnosticLevel.ERROR
    ) -> None:
        """Note one fault."""
        self.found.append(Diagnostic(span, code, what, todo, level))

    @property
    def fatal(self) -> bool:
        """Whether any of them is an error."""
        return any(fault.level is DiagnosticLevel.ERROR for fault in self.found)


def collector(info: ValidationInfo) -> Diagnostics:
    """Return the collector that `load` hands to every validator."""
    if not isinstance(info.context, Diagnostics):
        raise TypeError("specs are validated by load(), which collects their faults")
    return info.context


def problem(code: str, what: str, todo: str) -> PydanticCustomError:
    """Make the error that a field's validator raises; both texts are shown as they are."""
    return PydanticCustomError("watchbill", "{what}; {todo}", {"code": code, "what": what, "todo": todo})


@dataclass(frozen=True, slots=True)
class Formerly:
    """Marks a field whose key had another name: `fallback: Annotated[bool, Formerly("second_path")]`.

    The former key still works, with a warning that names the present one. Editors show it as deprecated.
    """

    key: str


class Authored(BaseModel):
    """A mapping in a spec. Unknown keys are faults; `span` says where a value stands.

    A key that `Formerly` names is read as the present one, with a warning.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)
    _node: Map | None = PrivateAttr(default=None)

    @model_validator(mode="wrap")
    @classmethod
    def _from_map(cls, data: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Self:
        if isinstance(data, cls):
            return data
        if not isinstance(data, Map):
            raise problem(
                "spec/wrong-type", f"{describe(data)} stands where a mapping belongs", "write keys and values here"
            )
        known = {field.alias or name: field for name, field in cls.model_fields.items()}
        diagnostics = collector(info)
        _rename_former(data, cls.former(), diagnostics)
        for key in data:
            if key not in known:
                diagnostics.add(
                    span_of(data, [key], key=True), "spec/unknown-key", f'key "{key}" is unknown', choose(key, known)
                )
                diagnostics.misspelt.add((id(data), nearest(key, known)))
            elif data[key] is None:
                diagnostics.add(
                    span_of(data, [key]), "spec/no-value", *_no_value(key, required=known[key].is_required())
                )
        model: Self = handler(data)
        model._node = data
        return model

    @classmethod
    def keys(cls) -> list[str]:
        """List the keys that an author may write."""
        return [info.alias or name for name, info in cls.model_fields.items()]

    @classmethod
    def former(cls) -> dict[str, str]:
        """Map each former key to the present one."""
        marked = ((info.alias or name, info.metadata) for name, info in cls.model_fields.items())
        return {mark.key: key for key, metadata in marked for mark in metadata if isinstance(mark, Formerly)}

    @property
    def node(self) -> Map:
        """The mapping as it was written."""
        if self._node is None:
            raise ValueError(f"{type(self).__name__} was not read from a spec")
        return self._node

    def span(self, *path: str | int, key: bool = False) -> Span:
        """Return where the value (or with `key` the key) at `path` stands, or what comes nearest."""
        return span_of(self.node, path, key=key)

    def wrote(self, name: str) -> bool:
        """Whether the author wrote this key, rather than left its default."""
        return name in self.node


def _rename_former(data: Map, former: dict[str, str], diagnostics: Diagnostics) -> None:
    """Give former keys their present names, in the mapping itself, so that whatever asks finds their places."""
    for key in [key for key in data if key in former]:
        name, span = former[key], span_of(data, [key], key=True)
        if name in data:
            diagnostics.add(
                span,
                "spec/former-key",
                f'"{key}" is the former name of "{name}", which stands here too',
                f'remove "{key}"',
            )
        else:
            diagnostics.add(
                span,
                "spec/former-key",
                f'"{key}" is called "{name}" now',
                f'write "{name}"',
                level=DiagnosticLevel.WARNING,
            )
            data[name], data.places[name] = data[key], data.places[key]
        del data[key], data.places[key]


def describe(value: object) -> str:  # noqa: PLR0911 (one line per type)
    """Say what an author wrote, for a message."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the boolean {str(value).lower()}"
        case Decimal():
            return f"the number {decimal_text(value)}"
        case str():
            return f'the text "{value if len(value) <= 60 else value[:57] + "…"}"'
        case dict():
            return "a mapping"
        case list():
            return "a list"
    return repr(value)


Model = TypeVar("Model", bound=Authored)


def load(model: type[Model], data: Map, diagnostics: Diagnostics) -> Model | None:
    """Validate a mapping; what is wrong goes to `diagnostics`, and then there is no model."""
    before = len(diagnostics.found)
    try:
        loaded = model.model_validate(data, context=diagnostics)
    except ValidationError as error:
        noted = {fault.span for fault in diagnostics.found[before:]}
        found = [
            (details, _diagnose(details, data))
            for details in error.errors(include_url=False)
            if details["type"] != "missing" or (id(details["input"]), details["loc"][-1]) not in diagnostics.misspelt
        ]
        diagnostics.found.extend(fault for details, fault in found if not _follows(details, fault, noted))
        return None
    return None if any(fault.level is DiagnosticLevel.ERROR for fault in diagnostics.found[before:]) else loaded


def _follows(error: ErrorDetails, fault: Diagnostic, noted: Container[Span]) -> bool:
    """Whether a fault only follows from another: a value that is known to be missing, or items that are all wrong."""
    if error["type"] == "too_short":
        return bool(error["input"])
    return error["input"] is None and fault.span in noted


def _diagnose(error: ErrorDetails, data: Map) -> Diagnostic:
    path = [part for part in error["loc"] if part != "[key]"]
    at_key = "[key]" in error["loc"]
    if error["type"] == "missing":
        name = str(path.pop())
        span = span_of(data, path, key=bool(path))
        return Diagnostic(span, "spec/missing-key", f'"{name}" is missing', f'add "{name}: …"')
    span = span_of(data, path, key=at_key)
    code, what, todo = _phrase(error, str(path[-1]) if path else "value")
    return Diagnostic(span, code, what, todo)


def _no_value(name: str, *, required: bool) -> tuple[str, str]:
    return f'"{name}" has no value', "write one" if required else "write one, or remove the key"


def _phrase(error: ErrorDetails, name: str) -> tuple[str, str, str]:  # noqa: PLR0911 (one line per kind of error)
    context = error.get("ctx", {})
    if error["type"] == "watchbill":
        return context["code"], context["what"], context["todo"]
    value = describe(error["input"])
    if error["input"] is None:
        return "spec/no-value", *_no_value(name, required=False)
    if error["type"] == "too_short":
        return "spec/empty", f'"{name}" is empty', "write at least one entry"
    if isinstance(error["input"], list) and error["type"] == "string_type":
        return "spec/wrong-type", f"{value} stands where a text belongs", "write one text, without brackets and dashes"
    expected = {
        "string_type": ("a text", "put it in quotes"),
        "bool_type": ("a boolean", "write true or false"),
        "list_type": ("a list", "write [a, b] or one line with a dash each"),
        "tuple_type": ("a list", "write [a, b] or one line with a dash each"),
        "dict_type": ("a mapping", "write keys and values"),
    }.get(error["type"])
    if expected:
        return "spec/wrong-type", f"{value} stands where {expected[0]} belongs", expected[1]
    if error["type"] in {"literal_error", "enum"}:
        choices = re.findall(r"'([^']*)'", str(context["expected"]))
        return "spec/unknown-value", f"{value} is not known here", choose(str(error["input"]), choices)
    return "spec/wrong-form", f"{value} does not fit here ({error['msg'].lower()})", f'correct "{name}"'


def read(model: type[Model], document: Document, diagnostics: Diagnostics) -> Model | None:
    """Validate a whole document."""
    return load(model, document.data, diagnostics)
