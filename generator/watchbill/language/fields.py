"""The types of fields: names, texts, quantities and durations, each with its rule for editors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, PlainValidator, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from watchbill import naming
from watchbill.language.base import describe, problem
from watchbill.promql import LABEL_NAME, METRIC_NAME
from watchbill.quantity import Dimension, Duration, Quantity, QuantityError, Unit, parse_quantity


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
            raise problem("spec/wrong-type", what, "put it in quotes if it is meant as text")
        if not isinstance(value, str):
            return value
        if not value.strip():
            raise problem("spec/empty", "the text is empty", f"write {self.kind}, or remove the key")
        if len(value) > self.longest:
            raise problem(
                "spec/too-long", f"{self.kind} of {len(value)} characters is too long", f"use at most {self.longest}"
            )
        if self.pattern is not None and self.pattern.fullmatch(value) is None:
            raise problem("spec/wrong-form", f"{describe(value)} is not {self.kind}", self.hint)
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
            raise problem("spec/wrong-type", f"{describe(value)} is not {self.kind}", f"write {self.kind}")
        try:
            return self.parse(value)
        except QuantityError as error:
            raise problem("quantity/unreadable", error.what, error.todo) from None


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
    """Read a quantity of whatever dimension its unit tells; it is checked against the metric's unit later."""
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
TITLE = re.compile(r"(?:(?!\{\{|\}\}|<[A-Za-z/!?]|&#?[A-Za-z0-9]+;)[^\n])+")
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
Title = Annotated[
    str,
    TextRule(
        "one line of text without {{ }}, tags and entities",
        "write it in plain words, since it goes into heads of pages",
        400,
        TITLE,
    ),
]
Reference = Annotated[str, TextRule("a name", "write the name as it is defined", 100)]
Url = Annotated[
    str,
    TextRule("an http or https URL without a trailing slash", "write it as in https://grafana.example.com", 500, _URL),
]

QUANTILES = {"p50": "0.5", "p75": "0.75", "p90": "0.9", "p95": "0.95", "p99": "0.99", "p99.9": "0.999"}


def _quantile(value: object) -> str:
    if not isinstance(value, str) or value not in QUANTILES:
        raise problem(
            "spec/unknown-value", f"{describe(value)} is not a quantile", f"choose one of: {', '.join(QUANTILES)}"
        )
    return value


Quantile = Annotated[str, PlainValidator(_quantile), WithJsonSchema({"enum": list(QUANTILES)})]
