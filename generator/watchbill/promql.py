"""Build and inspect PromQL, so that no text from a spec can ever change an expression's structure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal

import promql_parser as pp

from watchbill.quantity import REAL_TIME, Duration, TimeScale, decimal_text

METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
Operator = Literal["=", "!=", "=~", "!~"]


class PromQLError(ValueError):
    """A text is not PromQL; the message is the parser's."""


@dataclass(frozen=True, slots=True, order=True)
class Matcher:
    """One label matcher; the value is text (or, for `=~` and `!~`, RE2), never PromQL."""

    label: str
    op: Operator
    value: str

    def __str__(self) -> str:
        return f"{self.label}{self.op}{quoted(self.value)}"


def literals(matcher: Matcher) -> tuple[str, ...]:
    """List the values that a matcher writes out: one, or alternatives between `|` without their escapes."""
    if "~" not in matcher.op:
        return (matcher.value,)
    return tuple(re.sub(r"\\(.)", r"\1", part) for part in re.split(r"(?<!\\)\|", matcher.value))


@lru_cache(maxsize=16_384)
def quoted(value: str) -> str:
    """Quote a label value as a PromQL string literal."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def selector(metric: str, matchers: Iterable[Matcher]) -> str:
    """Select a metric's series; matchers are sorted, so that equal selections are equal texts."""
    if METRIC_NAME.fullmatch(metric) is None:
        raise PromQLError(f"{metric!r} is not a metric name")
    unique = sorted(set(matchers))
    for matcher in unique:
        if LABEL_NAME.fullmatch(matcher.label) is None:
            raise PromQLError(f"{matcher.label!r} is not a label name")
    return f"{metric}{{{','.join(map(str, unique))}}}" if unique else metric


def aggregate(operator: str, labels: Iterable[str], expr: str) -> str:
    """Aggregate over everything but `labels`."""
    return f"{operator} by ({', '.join(labels)}) ({expr})"


def over(function: str, series: str, window: Duration, *, offset: Duration | None = None) -> str:
    """Apply a range function such as `rate` to a selector, over a window."""
    return f"{function}({series}[{window}]{f' offset {offset}' if offset else ''})"


def bucket_edge(edge: Decimal) -> Matcher:
    """Match a histogram's `le` as every client and generation writes it.

    Go clients write `1` and `1e+06`, Python clients `1.0`, and Prometheus 3 normalises at the scrape
    (Prometheus 3 migration guide, "le and quantile label values").
    """
    plain = decimal_text(edge)
    forms = {plain, go_float(edge)} | ({f"{plain}.0"} if "." not in plain else set())
    if len(forms) == 1:
        return Matcher("le", "=", plain)
    return Matcher("le", "=~", "|".join(re.escape(form) for form in sorted(forms)))


def go_float(number: Decimal) -> str:
    """Write a number as Go's shortest `%g` does: with an exponent from 1e+06 up and below 1e-04."""
    if number == 0 or -4 <= number.adjusted() < 6:
        return decimal_text(number)
    digits = "".join(map(str, number.normalize().as_tuple().digits))
    mantissa = f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else digits
    return f"{mantissa}e{number.adjusted():+03d}"


@lru_cache(maxsize=4096)
def pretty(expr: str) -> str:
    """Parse an expression and lay it out; raises `PromQLError` with the parser's words."""
    return str(parse(expr).prettify())


def parse(expr: str) -> pp.Expr:
    """Parse an expression; raises `PromQLError` with the parser's words."""
    try:
        return pp.parse(expr)
    except ValueError as error:
        raise PromQLError(str(error)) from None


@dataclass(frozen=True, slots=True)
class Selection:
    """A selector as it stands in an expression."""

    metric: str | None
    matchers: tuple[Matcher, ...]


_OPERATORS: dict[str, Operator] = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


@lru_cache(maxsize=4096)
def selections(expr: str) -> tuple[Selection, ...]:
    """List the selectors of an expression, in reading order."""
    found: list[Selection] = []

    def visit(node: pp.Expr) -> bool:
        if isinstance(node, pp.VectorSelector):
            found.append(Selection(node.name, matchers_of(node)))
        return True

    pp.walk(parse(expr), pre_visit=visit)
    return tuple(found)


def matchers_of(node: pp.VectorSelector) -> tuple[Matcher, ...]:
    """List the matchers of a selector."""
    return tuple(Matcher(m.name, _OPERATORS[str(m.op).rpartition(".")[2]], m.value) for m in node.matchers.matchers)


def ungrouped(expr: str, labels: Iterable[str]) -> tuple[str, ...]:
    """List which of `labels` the result of an expression may lack or invent, in their given order.

    Aggregations and matching between vectors may drop a label; `absent`, `vector` and the like never
    had it; `label_replace`, `label_join` and `count_values` may write it. Of `and` and `unless` only the
    left side gives labels.
    """
    kept = tuple(labels)
    lost = _lost(parse(expr), frozenset(kept))
    return tuple(label for label in kept if label in lost)


_WITHOUT_LABELS = frozenset({"absent", "absent_over_time", "vector", "scalar", "time", "pi"})
_CHOOSING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
_WRITING = frozenset({"label_replace", "label_join"})


def _lost(node: pp.Expr, labels: frozenset[str]) -> frozenset[str]:  # noqa: PLR0911 (one line per kind of node)
    match node:
        case pp.AggregateExpr() if str(node.op) in _CHOOSING:  # they keep whole series
            return _lost(node.expr, labels)
        case pp.AggregateExpr():
            written = {node.param.val} if isinstance(node.param, pp.StringLiteral) else set()
            modifier = node.modifier
            named = set(modifier.labels) if modifier is not None else set()
            without = modifier is not None and modifier.type == pp.AggModifierType.Without
            dropped = {label for label in labels if (label in named) == without}
            return frozenset(dropped | (written & labels)) | _lost(node.expr, labels)
        case pp.BinaryExpr():
            return _lost_by_matching(node, labels)
        case pp.Call():
            if node.func.name in _WITHOUT_LABELS:
                return labels
            written = {arg.val for arg in node.args[1:2] if isinstance(arg, pp.StringLiteral)}
            lost = frozenset(written & labels) if node.func.name in _WRITING else frozenset()
            vectors = [arg for arg in node.args if not isinstance(arg, (pp.NumberLiteral, pp.StringLiteral))]
            return lost.union(*(_lost(arg, labels) for arg in vectors))
        case pp.ParenExpr() | pp.UnaryExpr() | pp.SubqueryExpr():
            return _lost(node.expr, labels)
    return frozenset()


def _lost_by_matching(node: pp.BinaryExpr, labels: frozenset[str]) -> frozenset[str]:
    sides = [side for side in (node.lhs, node.rhs) if not _is_scalar(side)]
    operator = str(node.op)
    if not sides:  # a comparison of scalars is true everywhere and nowhere
        return labels
    if operator in {"and", "unless"}:
        return _lost(node.lhs, labels)
    lost = frozenset[str]().union(*(_lost(side, labels) for side in sides))
    matching = node.modifier.matching if node.modifier is not None else None
    one_to_one = node.modifier is not None and node.modifier.card == pp.VectorMatchCardinality.OneToOne
    if operator == "or" or matching is None or not one_to_one:
        return lost
    including = matching.type == pp.LabelModifierType.Include
    return lost | {label for label in labels if (label in matching.labels) != including}


def _is_scalar(node: pp.Expr) -> bool:
    if isinstance(node, (pp.ParenExpr, pp.UnaryExpr)):
        return _is_scalar(node.expr)
    if isinstance(node, pp.BinaryExpr):
        return _is_scalar(node.lhs) and _is_scalar(node.rhs)
    return isinstance(node, pp.NumberLiteral) or (
        isinstance(node, pp.Call) and node.func.name in {"scalar", "time", "pi"}
    )


_COMPARING = frozenset({">", "<", ">=", "<=", "==", "!="})


def compared(expr: str) -> str:
    """Return what an expression compares with a number; all of it where it compares nothing."""
    node = parse(expr)
    while True:
        if isinstance(node, pp.ParenExpr):
            node = node.expr
        elif isinstance(node, pp.BinaryExpr) and str(node.op) in {"and", "unless"}:
            node = node.lhs
        elif isinstance(node, pp.BinaryExpr) and str(node.op) in _COMPARING:
            node = node.rhs if _is_scalar(node.lhs) else node.lhs
            break
        else:
            break
    return str(node.prettify())


def retarget(expr: str, matchers: Iterable[Matcher], scale: TimeScale = REAL_TIME) -> str:
    """Add matchers to every selector that does not match their labels yet, and scale every duration.

    Raises `PromQLError` for the `@` modifier, which fixes a time that an alert must not.
    """
    target = tuple(matchers)

    def add(node: pp.VectorSelector) -> str:
        if node.at is not None:
            raise PromQLError("the @ modifier fixes a point in time")
        if node.matchers.or_matchers:
            raise PromQLError('"or" between matchers is not PromQL that Prometheus reads')
        own = matchers_of(node)
        named = {matcher.label for matcher in own}
        return selector(node.name or "", (*own, *(m for m in target if m.label not in named)))

    def visit(node: pp.Expr) -> pp.Expr | None:
        # Children come first, so that a range or subquery finds its selector done and its offset scaled.
        match node:
            case pp.VectorSelector():
                return parse(add(node) + _offset(node.offset, scale))
            case pp.MatrixSelector():
                series = node.vector_selector
                window = _duration(node.range, scale)
                return parse(f"{add(series)}[{window}]{_offset(series.offset, REAL_TIME)}")
            case pp.SubqueryExpr():
                if node.at is not None:
                    raise PromQLError("the @ modifier fixes a point in time")
                window, step = _duration(node.range, scale), _duration(node.step, scale)
                return parse(f"({node.expr.prettify()})[{window}:{step}]{_offset(node.offset, scale)}")
        return None

    return str(pp.transform(parse(expr), post_visit=visit).prettify())


def _duration(delta: timedelta | None, scale: TimeScale) -> str:
    return "" if delta is None else str(scale(Duration(round(delta / timedelta(milliseconds=1)))))


def _offset(delta: timedelta | None, scale: TimeScale) -> str:
    if not delta:
        return ""
    return f" offset {'-' if delta < timedelta(0) else ''}{_duration(abs(delta), scale)}"
