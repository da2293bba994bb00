"""The base of everything that authors may write: strict pydantic models that know their lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PrivateAttr,
    StrictBool,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from watchbill import naming
from watchbill.errors import Diagnostic, Level, Span, choose
from watchbill.promql import LABEL_NAME, METRIC_NAME
from watchbill.quantity import Dimension, Duration, Quantity, QuantityError, Unit, decimal_text, parse_quantity
from watchbill.source import Document, Map, span_of

__all__ = ["Authored", "Faults", "StrictBool", "load"]


@dataclass(slots=True)
class Faults:
    """Collects a phase's diagnostics; handed to pydantic as validation context."""

    found: list[Diagnostic] = field(default_factory=list)

    def add(self, span: Span, what: str, todo: str, *, level: Level = Level.ERROR) -> None:
        """Note one fault."""
        self.found.append(Diagnostic(span, what, todo, level))

    @property
    def fatal(self) -> bool:
        """Whether any of them is an error."""
        return any(fault.level is Level.ERROR for fault in self.found)


def collector(info: ValidationInfo) -> Faults:
    """Return the collector that `load` hands to every validator."""
    if not isinstance(info.context, Faults):
        raise TypeError("specs are validated by load(), which collects their faults")
    return info.context


def problem(what: str, todo: str) -> PydanticCustomError:
    """Make the error that a field's validator raises; both texts are shown as they are."""
    return PydanticCustomError("watchbill", "{what}; {todo}", {"what": what, "todo": todo})


class Authored(BaseModel):
    """A mapping in a spec. Unknown keys are faults; `span` says where a value stands."""

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)
    _node: Map | None = PrivateAttr(default=None)

    @model_validator(mode="wrap")
    @classmethod
    def _from_map(cls, data: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Self:
        if isinstance(data, cls):
            return data
        if not isinstance(data, Map):
            raise problem(f"{describe(data)} stands where a mapping belongs", "write keys and values here")
        known = {field.alias or name: field for name, field in cls.model_fields.items()}
        faults = collector(info)
        for key in data:
            if key not in known:
                faults.add(span_of(data, [key], key=True), f'key "{key}" is unknown', choose(key, known))
            elif data[key] is None:
                faults.add(span_of(data, [key]), *_no_value(key, required=known[key].is_required()))
        model: Self = handler(data)
        model._node = data
        return model

    @classmethod
    def keys(cls) -> list[str]:
        """List the keys that an author may write."""
        return [info.alias or name for name, info in cls.model_fields.items()]

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


def load(model: type[Model], data: Map, faults: Faults) -> Model | None:
    """Validate a mapping; what is wrong goes to `faults`, and then there is no model."""
    before = len(faults.found)
    try:
        loaded = model.model_validate(data, context=faults)
    except ValidationError as error:
        noted = {fault.span for fault in faults.found[before:]}
        found = [(details, _diagnose(details, data)) for details in error.errors(include_url=False)]
        faults.found.extend(fault for details, fault in found if not _follows(details, fault, noted))
        return None
    return loaded if len(faults.found) == before else None


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
        return Diagnostic(span, f'"{name}" is missing', f'add "{name}: …"')
    span = span_of(data, path, key=at_key)
    what, todo = _phrase(error, str(path[-1]) if path else "value")
    return Diagnostic(span, what, todo)


def _no_value(name: str, *, required: bool) -> tuple[str, str]:
    return f'"{name}" has no value', "write one" if required else "write one, or remove the key"


def _phrase(error: ErrorDetails, name: str) -> tuple[str, str]:
    context = error.get("ctx", {})
    if error["type"] == "watchbill":
        return context["what"], context["todo"]
    value = describe(error["input"])
    if error["input"] is None:
        return _no_value(name, required=False)
    if error["type"] == "too_short":
        return f'"{name}" is empty', "write at least one entry"
    expected = {
        "string_type": ("a text", "put it in quotes"),
        "bool_type": ("a boolean", "write true or false"),
        "list_type": ("a list", "write [a, b] or one line with a dash each"),
        "tuple_type": ("a list", "write [a, b] or one line with a dash each"),
        "dict_type": ("a mapping", "write keys and values"),
    }.get(error["type"])
    if expected:
        return f"{value} stands where {expected[0]} belongs", expected[1]
    if error["type"] in {"literal_error", "enum"}:
        choices = re.findall(r"'([^']*)'", str(context["expected"]))
        return f"{value} is not known here", choose(str(error["input"]), choices)
    return f"{value} does not fit here ({error['msg'].lower()})", f'correct "{name}"'


@dataclass(frozen=True, slots=True, eq=False)  # eq would hash the fields, and typing hashes rules
class TextRule:
    """A text field: `kind` (with its article) and `hint` are for messages."""

    kind: str
    hint: str
    longest: int
    pattern: re.Pattern[str] | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, _: CoreSchema, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = {"type": "string", "minLength": 1, "maxLength": self.longest, "description": self.hint}
        return schema if self.pattern is None else schema | {"pattern": f"^(?:{self.pattern.pattern})$"}

    def _check(self, value: object) -> object:
        if isinstance(value, (bool, Decimal)):
            what = f"{describe(value)} stands where {self.kind} belongs"
            raise problem(what, "put it in quotes if it is meant as text")
        if not isinstance(value, str):
            return value
        if not value.strip():
            raise problem(f"{self.kind} is empty", self.hint)
        if len(value) > self.longest:
            raise problem(f"{self.kind} of {len(value)} characters is too long", f"use at most {self.longest}")
        if self.pattern is not None and self.pattern.fullmatch(value) is None:
            raise problem(f"{describe(value)} is not {self.kind}", self.hint)
        return value


@dataclass(frozen=True, slots=True, eq=False)  # eq would hash the fields, and typing hashes rules
class ValueRule:
    """A field that a parser reads from what the author wrote, a text or a number."""

    parse: Callable[[str | Decimal], object]
    kind: str
    schema: Mapping[str, Any]

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._check)

    def __get_pydantic_json_schema__(self, _: CoreSchema, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**self.schema, "description": self.kind}

    def _check(self, value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, (str, Decimal)):
            raise problem(f"{describe(value)} is not {self.kind}", f"write {self.kind}")
        try:
            return self.parse(value)
        except QuantityError as error:
            raise problem(error.what, error.todo) from None


@dataclass(frozen=True, slots=True, eq=False)  # eq would hash the fields, and typing hashes rules
class OrText:
    """A mapping for which a bare text will do; its validator reads the text, this tells editors."""

    meaning: str

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string", "description": self.meaning}, handler(schema)]}


def quantity_rule(dimension: Dimension) -> ValueRule:
    """Make the rule of a quantity of one dimension."""
    text = {"type": "string", "pattern": "^[0-9.]+ ?[A-Za-z%/]+$"}
    schema = {"type": "number", "minimum": 0} if dimension is Dimension.COUNT else text
    return ValueRule(partial(parse_quantity, dimension=dimension), dimension.value, schema)


def any_quantity(value: str | Decimal) -> Quantity:
    """Read a quantity of whatever dimension its unit tells; the metric's unit judges it later."""
    if isinstance(value, str):
        for dimension in (Dimension.RATIO, Dimension.TIME, Dimension.SIZE, Dimension.RATE, Dimension.FACTOR):
            try:
                return parse_quantity(value, dimension)
            except QuantityError:
                continue
        raise QuantityError(f'"{value}" is not a quantity', _quantity_hint(value))
    return parse_quantity(value, Dimension.COUNT)


def _quantity_hint(text: str) -> str:
    written = text.lstrip("0123456789. ")
    for unit in Unit:
        if written and unit.symbol.casefold() == written.casefold() and unit is not Unit.RATIO:
            return f'write "{text.removesuffix(written)}{unit.symbol}"'
    return "write a number with its unit, such as 500ms, 80% or 1GB"


def duration(value: str | Decimal) -> Duration:
    """Read a duration; a bare number has no unit and is none."""
    if isinstance(value, Decimal):
        raise QuantityError(f"{describe(value)} has no unit", "write a duration such as 30s, 5m or 1h30m")
    return Duration.parse(value)


Ratio = Annotated[Quantity, quantity_rule(Dimension.RATIO)]
Rate = Annotated[Quantity, quantity_rule(Dimension.RATE)]
Factor = Annotated[Quantity, quantity_rule(Dimension.FACTOR)]
Count = Annotated[Quantity, quantity_rule(Dimension.COUNT)]
AnyQuantity = Annotated[
    Quantity,
    ValueRule(any_quantity, "a number with its unit, such as 500ms, 80%, 1GB or 5", {"type": ["string", "number"]}),
]
DurationText = Annotated[
    Duration,
    ValueRule(
        duration,
        "a duration such as 30s, 5m or 1h30m",
        {"type": "string", "pattern": "^([0-9]+(ms|[dhms]))+$"},
    ),
]

_NAME = naming.MAX_NAME
_LINE = re.compile(r"(?:(?!\{\{|\}\})[^\n])+")
_URL = re.compile(r"https?://[^\s/{}\"'<>?#]+(?:/[^\s{}\"'<>?#]*[^\s{}\"'<>?#/])?")
_CLASS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
ServiceName = Annotated[
    str,
    TextRule(
        "a service name",
        "use lower case words joined by dashes, such as core-api",
        _NAME,
        naming.SERVICE_NAME,
    ),
]
KeyName = Annotated[
    str, TextRule("a key", "use lower case words joined by _ or -, such as db_pool", _NAME, naming.KEY_NAME)
]
AlertName = Annotated[
    str, TextRule("an alert name", "use CamelCase, such as CircuitBreakerOpen", _NAME, naming.ALERT_NAME)
]
MetricName = Annotated[str, TextRule("a metric name", "use letters, digits and _", 200, METRIC_NAME)]
LabelName = Annotated[str, TextRule("a label name", "use letters, digits and _", 100, LABEL_NAME)]
ClassName = Annotated[str, TextRule("a class name", "use a short name, such as 5xx or open", 40, _CLASS)]
LabelValue = Annotated[str, TextRule("a label value", "write the value as the service exports it", 500)]
Sentence = Annotated[
    str,
    TextRule("one line of text without {{ }}", "write it on one line; values are added for you", 400, _LINE),
]
Url = Annotated[
    str,
    TextRule("an http or https URL without a trailing slash", "write it as in https://grafana.example.com", 500, _URL),
]


def read(model: type[Model], document: Document, faults: Faults) -> Model | None:
    """Validate a whole document."""
    return load(model, document.data, faults)
