"""The escape hatch: an expression of the author's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from watchbill.language.base import Diagnostics
from watchbill.language.fields import Sentence
from watchbill.model.dashboards import PANEL_UNITS, RANGE, RATE_INTERVAL, Query
from watchbill.model.signals import Signal
from watchbill.promql import PromQLError, retarget, selections
from watchbill.quantity import Unit
from watchbill.views.base import View

# No parser reads Grafana's variables; these durations, which nobody writes, stand for them meanwhile.
_STAND_INS = {RATE_INTERVAL: "59m59s997ms", RANGE: "59m59s998ms"}


class PromQL(View):
    """An expression that no other kind can say; the service's target and the variables are put into it."""

    usage: ClassVar[str] = """\
signals:
  orders: {profile: orders}
dashboards:
  own:
    - title: Orders Waiting per Instance
      signal: orders
      kind: promql
      expr: sum by (cluster, env) (orders_waiting) / count by (cluster, env) (orders_waiting)
      unit: count
      legend: waiting
      help: More than four are too many.
"""

    kind: Literal["promql"]
    expr: str
    """The expression, with Grafana's variables in it."""
    unit_: Annotated[Literal["s", "ms", "bytes", "ratio", "count", "/s", "/min", "/h", "x"], Field(alias="unit")]
    """The unit of its values."""
    legend_: Annotated[Sentence | None, Field(alias="legend")] = None
    """The name of each series; `{{label}}` is not needed, since the labels `by` are put before it."""

    def reads(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """Read what the author's expression names, which may be no metric of the profile."""
        return ()

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Check the expression against PromQL whose selectors name metrics of the signal."""
        super().check(signal, diagnostics)
        try:
            named = {selection.metric for selection in selections(stood_in(self.expr))}
            self.queries(signal)
        except PromQLError as error:
            diagnostics.add(
                self.span("expr"),
                "promql/unreadable",
                f"this is not PromQL that a panel can show: {error}",
                "correct it",
            )
            return
        known = {metric.name + end for metric in signal.metrics.values() for end in ("", "_bucket", "_count", "_sum")}
        for name in sorted(str(name) for name in named - known):
            what = f'metric "{name}" is none of signal "{signal.key}"'
            diagnostics.add(
                self.span("expr"), "promql/other-metric", what, "name one of its metrics, or another signal"
            )

    def unit(self, signal: Signal) -> Unit:
        """Take the author's unit."""
        return PANEL_UNITS[self.unit_]

    def queries(self, signal: Signal) -> tuple[Query, ...]:
        """Put the signal's matchers into every selector that does not match their labels yet."""
        words = (self.legend_,) if self.legend_ else ()
        return (Query(with_matchers(self.expr, signal), self.legend(signal, *words)),)


def stood_in(expr: str) -> str:
    """Put durations where Grafana's variables stand, so that a parser can read it."""
    for variable, duration in _STAND_INS.items():
        expr = expr.replace(variable, duration)
    return expr


def with_matchers(expr: str, signal: Signal) -> str:
    """Put a signal's matchers into an expression on one line; raises `PromQLError` for what is none."""
    laid_out = " ".join(retarget(stood_in(expr), signal.matchers).split())
    for variable, duration in _STAND_INS.items():
        laid_out = laid_out.replace(duration, variable)
    return laid_out
