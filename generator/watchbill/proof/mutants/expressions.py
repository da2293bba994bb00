"""Change an expression in one place: as a hand would that slips, or a compiler that errs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import promql_parser as pp

from watchbill.promql import Matcher, matchers_of, parse, selections, selector
from watchbill.quantity import Duration, decimal_text

FLIPPED = {">": "<", "<": ">", ">=": "<", "<=": ">", "==": "!=", "!=": "=="}
NEGATED = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
AGGREGATED = {"sum": "max", "max": "min", "min": "max", "avg": "sum", "count": "sum"}
RANGED = {
    "rate": "irate",
    "increase": "irate",
    "sum_over_time": "max_over_time",
    "max_over_time": "min_over_time",
    "min_over_time": "max_over_time",
    "avg_over_time": "max_over_time",
    "count_over_time": "max_over_time",
}
FACTORS = (Decimal("1.25"), Decimal("0.8"), Decimal(100), Decimal("0.01"))
WINDOWS = (Decimal("0.4"), Decimal(3))
SET_OPERATORS = {"and", "or", "unless"}
JOINED = ", which the other operand asks for"
ONLY_WHERE = ", where only the labels are read"
NULLIFIED = ", which is multiplied by zero"

Variant = tuple[str, str]


def variants(expr: str) -> Iterator[Variant]:
    """List what an expression could be by one change: what was changed, and the whole expression."""
    yield from _variants(parse(expr))


def _variants(node: pp.Expr) -> Iterator[Variant]:
    match node:
        case pp.ParenExpr():
            yield from ((what, f"({text})") for what, text in _variants(node.expr))
        case pp.UnaryExpr():
            yield from ((what, f"-{text}") for what, text in _variants(node.expr))
        case pp.NumberLiteral():
            yield from _numbers(node)
        case pp.VectorSelector():
            yield from ((what, text + _offset(node.offset)) for what, text in _selectors(node))
        case pp.MatrixSelector():
            yield from _ranges(node)
        case pp.SubqueryExpr():
            yield from _subqueries(node)
        case pp.Call():
            yield from _calls(node)
        case pp.AggregateExpr():
            yield from _aggregates(node)
        case pp.BinaryExpr():
            yield from _binaries(node)


def _numbers(node: pp.NumberLiteral) -> Iterator[Variant]:
    value = Decimal(repr(node.val))
    if not value:
        yield "constant 0 to 1", "1"
        return
    for factor in FACTORS:
        yield f"constant {_short(value)} times {factor}", decimal_text(value * factor)


def _short(value: Decimal) -> str:
    return f"{value:.6g}"


def _selectors(node: pp.VectorSelector) -> Iterator[Variant]:
    own = matchers_of(node)
    name = node.name or ""
    yield f"metric {name} renamed", selector(f"{name}_renamed", own)
    for matcher in own:
        rest = tuple(other for other in own if other != matcher)
        yield f"matcher {matcher} dropped", selector(name, rest)
        yield f"matcher {matcher} negated", selector(name, (*rest, _negated(matcher)))


def _negated(matcher: Matcher) -> Matcher:
    return Matcher(matcher.label, NEGATED[matcher.op], matcher.value)  # type: ignore[arg-type]  # of the same four


def _ranges(node: pp.MatrixSelector) -> Iterator[Variant]:
    inner, offset = node.vector_selector, _offset(node.vector_selector.offset)
    for what, text in _selectors(inner):
        yield what, f"{text}[{_duration(node.range)}]{offset}"
    whole = selector(inner.name or "", matchers_of(inner))
    for what, window in _windows(node.range):
        yield what, f"{whole}[{window}]{offset}"
    if inner.offset:
        yield f"offset {_duration(inner.offset)} dropped", f"{whole}[{_duration(node.range)}]"


def _subqueries(node: pp.SubqueryExpr) -> Iterator[Variant]:
    step = _duration(node.step) if node.step else ""
    whole = node.range or timedelta()
    bare = isinstance(node.expr, (pp.VectorSelector, pp.Call, pp.ParenExpr))

    def written(expr: str, window: str) -> str:
        inner = expr if bare else f"({expr})"
        return f"{inner}[{window}:{step}]{_offset(node.offset)}"

    for what, text in _variants(node.expr):
        yield what, written(text, _duration(whole))
    for what, window in _windows(whole):
        yield what, written(_text(node.expr), window)


def _windows(range_: timedelta) -> Iterator[Variant]:
    milliseconds = round(range_ / timedelta(milliseconds=1))
    for factor in WINDOWS:
        changed = Duration(max(1, int(milliseconds * factor)))
        yield f"window {_duration(range_)} times {factor}", str(changed)


def _calls(node: pp.Call) -> Iterator[Variant]:
    name, texts = node.func.name, [_text(arg) for arg in node.args]
    if name in RANGED:
        yield f"{name} to {RANGED[name]}", f"{RANGED[name]}({', '.join(texts)})"
    for index, arg in enumerate(node.args):
        for what, text in _variants(arg):
            yield what, f"{name}({', '.join([*texts[:index], text, *texts[index + 1 :]])})"


def _aggregates(node: pp.AggregateExpr) -> Iterator[Variant]:
    operator, labels = str(node.op), list(node.modifier.labels) if node.modifier is not None else []
    by = node.modifier is None or node.modifier.type == pp.AggModifierType.By
    word = "by" if by else "without"
    inside = f"{_text(node.param)}, " if node.param is not None else ""

    def written(op: str, kept: list[str], expr: str) -> str:
        return f"{op} {word} ({', '.join(kept)}) ({inside}{expr})"

    if operator in AGGREGATED:
        yield f"{operator} to {AGGREGATED[operator]}", written(AGGREGATED[operator], labels, _text(node.expr))
    for label in labels:
        kept = [other for other in labels if other != label]
        yield f"label {label} dropped from {word}", written(operator, kept, _text(node.expr))
    for what, text in _variants(node.expr):
        yield what, written(operator, labels, text)


def _binaries(node: pp.BinaryExpr) -> Iterator[Variant]:
    operator, left, right = str(node.op), _text(node.lhs), _text(node.rhs)
    modifier = f" {node.modifier}" if node.modifier is not None else ""
    if operator in FLIPPED:
        yield f"{operator} to {FLIPPED[operator]}", f"{left} {FLIPPED[operator]}{modifier} {right}"
    yield f"right side of {operator} dropped", left
    if operator in SET_OPERATORS - {"unless"}:
        yield f"left side of {operator} dropped", right
    for what, text in _variants(node.lhs):
        yield what + _why(what, node, node.lhs, node.rhs), f"{text} {operator}{modifier} {right}"
    for what, text in _variants(node.rhs):
        yield what + _why(what, node, node.rhs, node.lhs), f"{left} {operator}{modifier} {text}"


def _why(what: str, node: pp.BinaryExpr, changed: pp.Expr, other: pp.Expr) -> str:
    """Say why a change of one operand cannot be seen, if so: it is what `equivalent` argues from."""
    operator = str(node.op)
    if what.endswith((JOINED, ONLY_WHERE, NULLIFIED)) or operator in {"or", "unless"}:
        return ""
    by_value = " times " in what or " to " in what or (what.endswith("dropped") and what.startswith("matcher"))
    if operator == "*" and isinstance(other, pp.NumberLiteral) and not other.val and by_value:
        return NULLIFIED
    for matcher in _kept(changed):
        if what == f"matcher {matcher} dropped" and _joins(node, matcher.label) and matcher in _kept(other):
            return JOINED
    bare = not any(f" {sign} " in _text(changed) for sign in FLIPPED)
    if operator == "and" and changed is node.rhs and bare and (" times " in what or " to " in what):
        return ONLY_WHERE
    return ""


def _kept(node: pp.Expr) -> frozenset[Matcher]:
    """List what all series of an expression match; nothing of one that aggregates labels away."""
    text = _text(node)
    if any(f"{operator} by" in text or f"{operator}(" in text for operator in AGGREGATED):
        return frozenset()
    sides = [frozenset(selection.matchers) for selection in selections(text)]
    return frozenset.intersection(*sides) if sides else frozenset()


def _joins(node: pp.BinaryExpr, label: str) -> bool:
    """Say whether two operands must agree on a label."""
    matching = node.modifier.matching if node.modifier is not None else None
    if matching is None:
        return True
    including = matching.type == pp.LabelModifierType.Include
    return (label in matching.labels) is including


def _text(node: pp.Expr) -> str:
    return str(node.prettify())


def _duration(delta: timedelta) -> str:
    return str(Duration(round(abs(delta) / timedelta(milliseconds=1))))


def _offset(delta: timedelta | None) -> str:
    if not delta:
        return ""
    return f" offset {'-' if delta < timedelta(0) else ''}{_duration(delta)}"
