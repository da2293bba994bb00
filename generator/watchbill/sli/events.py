"""The share of any events that are good: counters of a signal, or an author's own."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import promql_parser as pp
from pydantic import Field

from watchbill.errors import Span
from watchbill.language.base import Diagnostics
from watchbill.language.fields import Sentence
from watchbill.model.examples import SliSource, SourceCounter
from watchbill.model.signals import Signal
from watchbill.promql import PromQLError, aggregate, over, parse, retarget
from watchbill.quantity import Duration, TimeScale
from watchbill.sli.base import Sli
from watchbill.sli.counters import counted, negated, terms

Counters = Annotated[str, Field(max_length=2000)]
ADDING = {"+", "-"}


class Events(Sli):
    """Counters as PromQL without windows: each selector is counted over every window that is needed.

    `total` counts all events, and either `good` or `bad` some of them. Selectors may be added and subtracted.
    None of them is ever read as 0: a name or label that is misspelt must be a missing indicator, not a perfect one,
    so the service has to export its series from the start.
    """

    usage: ClassVar[str] = """\
signals:
  orders: {profile: orders}
slos:
  shipped:
    title: Orders are shipped
    signal: orders
    kind: events
    total: orders_placed_total
    bad: orders_failed_total
    noun: orders
    good_is: that do not fail
    objective: 99.5%
    impact: Customers wait for nothing
    action: See whether the payment provider answers
"""

    kind: Literal["events"]
    total_: Annotated[Counters, Field(alias="total")]
    """The selectors that count all events, such as `orders_total`; several may be added and subtracted."""
    good_: Annotated[Counters | None, Field(alias="good")] = None
    """Those that count the good ones; exactly one of `good` and `bad` is written."""
    bad_: Annotated[Counters | None, Field(alias="bad")] = None
    """Those that count the bad ones; exactly one of `good` and `bad` is written."""
    noun: Sentence
    """What is counted, in plural: `orders`."""
    good_is: Sentence
    """Which of it is good, to follow the noun: `that are shipped`."""

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read none of the profile's metrics by role; the author's selectors name them."""
        return {}

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require sums of selectors, and exactly one of good and bad."""
        super().check(signal, diagnostics)
        for field in ("total", "good", "bad"):
            text = getattr(self, f"{field}_")
            if text is not None:
                _check_counters(text, self.span(field), diagnostics)
        if (self.good_ is None) == (self.bad_ is None):
            what = (
                "this says neither what is good nor what is bad" if self.good_ is None else "good and bad say the same"
            )
            diagnostics.add(self.span("total", key=True), "spec/either-or", what, 'write either "good" or "bad"')
        elif self._sums_hold():
            try:
                self._counters(signal)
            except PromQLError as error:
                todo = "let selectors tell good from bad, with labels whose values are written out or in the profile"
                diagnostics.add(
                    self.span("good" if self.bad_ is None else "bad", key=True), "promql/not-counters", str(error), todo
                )

    def _sums_hold(self) -> bool:
        texts = (self.total_, self.good_, self.bad_)
        try:
            return all(_fault(parse(text)) is None for text in texts if text is not None)
        except PromQLError:
            return False

    def _counters(self, signal: Signal) -> tuple[SourceCounter, ...]:
        total = terms(self.total_)
        errors = terms(self.bad_) if self.bad_ is not None else (*total, *negated(terms(str(self.good_))))
        return counted(total, errors, signal)

    def sli_source(self, signal: Signal, scale: TimeScale) -> SliSource:
        """Let the author's counters count good events, and bad ones."""
        return SliSource(self._counters(signal))

    def total(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        """Count all events."""
        return _counted(self.total_, signal, window, labels)

    def errors(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        """Count what is bad, or all less what is good."""
        if self.bad_ is not None:
            return _counted(self.bad_, signal, window, labels)
        return f"{self.total(signal, window, labels)} - {_counted(str(self.good_), signal, window, labels)}"

    def event(self, signal: Signal) -> str:
        """Name the events in the author's word."""
        return self.noun

    def good(self, signal: Signal) -> str:
        """Say in the author's words which are good."""
        return self.good_is


def _check_counters(text: str, span: Span, diagnostics: Diagnostics) -> None:
    try:
        expr = parse(text)
    except PromQLError as error:
        diagnostics.add(
            span, "promql/unreadable", f"this is not PromQL: {error}", "write selectors of counters, joined by + or -"
        )
        return
    fault = _fault(expr)
    if fault is not None:
        diagnostics.add(span, "promql/not-counters", *fault)


def _fault(node: pp.Expr) -> tuple[str, str] | None:  # noqa: PLR0911 (one line per kind of node)
    match node:
        case pp.VectorSelector():
            if node.at is not None or node.offset:
                return "an indicator is counted at the time of each evaluation", "remove offset and @"
            return None if node.name else ("a selector without a metric's name", "write the name of a counter")
        case pp.ParenExpr():
            return _fault(node.expr)
        case pp.BinaryExpr() if str(node.op) in ADDING and node.modifier is None:
            return _fault(node.lhs) or _fault(node.rhs)
        case pp.MatrixSelector() | pp.Call() | pp.SubqueryExpr():
            todo = "write counters only, without rate and window: each window that is needed is added for you"
            return "this has a function or a window of its own", todo
        case pp.AggregateExpr():
            return "this is aggregated already", "write the counters only: they are summed by what the SLO keeps"
    return "only counters can be added and subtracted here", "write selectors, joined by + or -"


def _counted(text: str, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
    """Count every selector over a window, summed by the SLO's labels."""
    matchers = signal.matchers

    def visit(node: pp.Expr) -> str:
        match node:
            case pp.VectorSelector():
                return aggregate("sum", labels, over("increase", retarget(str(node.prettify()), matchers), window))
            case pp.ParenExpr():
                return f"({visit(node.expr)})"
            case pp.BinaryExpr():
                return f"{visit(node.lhs)} {node.op} {visit(node.rhs)}"
        raise PromQLError("no selector of a counter")

    return f"({visit(parse(text))})"
