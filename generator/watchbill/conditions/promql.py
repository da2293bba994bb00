"""The escape hatch: an expression of the author's own, which must bring its own test series."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from watchbill.conditions.base import Condition, DefaultView
from watchbill.errors import choose
from watchbill.language.base import Authored, Diagnostics, Formerly, describe, problem
from watchbill.language.fields import AnyQuantity, DurationText, LabelName, LabelValue, MetricName, Sentence
from watchbill.model.alerts import Direction, Display, Reading, Threshold
from watchbill.model.dashboards import PANEL_UNITS
from watchbill.model.examples import GONE, Example, ExampleSeries, Firing, SamplePattern
from watchbill.model.signals import Signal
from watchbill.naming import RESERVED_LABELS, TARGET_LABELS
from watchbill.promql import PromQLError, compared, parse, retarget, selections, ungrouped
from watchbill.quantity import REAL_TIME, Dimension, Duration, Quantity, TimeScale, Unit

_PATTERN = re.compile(r"(?P<level>-?[0-9]+(?:\.[0-9]+)?)?(?:(?P<slope>[+-][0-9]+(?:\.[0-9]+)?)/s)?")


def _pattern(value: object) -> SamplePattern:
    if isinstance(value, SamplePattern):
        return value
    if isinstance(value, Decimal):
        return SamplePattern(level=value)
    if value == "gone":
        return GONE
    match = _PATTERN.fullmatch(value) if isinstance(value, str) else None
    if match is None or not value:
        hint = "write a gauge's level (5), a counter's increase (+2.5/s), both (5+0.1/s), or gone"
        raise problem("spec/wrong-form", f"{describe(value)} is not the motion of a series", hint)
    level = Decimal(match["level"]) if match["level"] else None
    return SamplePattern(Decimal(match["slope"] or 0), level)


PatternText = Annotated[
    SamplePattern,
    PlainValidator(_pattern),
    WithJsonSchema({"type": ["string", "number"], "description": "a level (5), an increase (+2.5/s), both, or gone"}),
]


class AuthoredSeries(Authored):
    """A test series: its metric and labels, and how it moves while all is well, short of, and past the limit."""

    metric: MetricName
    """The metric's name."""
    labels: dict[LabelName, LabelValue] = {}
    """Its labels beside those of the service's target."""
    healthy: Annotated[PatternText, Formerly("calm")]
    """How it moves while all is well: a value such as `5`, a growth such as `+2/s`, or `gone`."""
    just_below: Annotated[PatternText, Formerly("below")]
    """How it moves just short of the limit."""
    firing: Annotated[PatternText, Formerly("above")]
    """How it moves just past the limit."""


def _decimal(value: object) -> object:
    if isinstance(value, Decimal):
        return value
    raise problem("spec/wrong-type", f"{describe(value)} is not a number", "write the number that the expression gives")


Number = Annotated[Decimal, BeforeValidator(_decimal)]


class AuthoredExample(Authored):
    """What proves the expression: series, the value and labels that they must give, and how long that takes."""

    series: Annotated[tuple[AuthoredSeries, ...], Field(min_length=1)]
    """The series that the expression reads."""
    value: Number
    """What the expression gives while it fires."""
    labels: dict[LabelName, LabelValue] = {}
    """The labels of its result, beside the target's."""
    history: DurationText = Duration.parse("10m")
    """How long the series must run before the expression is right."""
    settles: DurationText = Duration.parse("10m")
    """How long after the limit is passed the expression may take to become true."""
    clears: DurationText = Duration.parse("10m")
    """How long after the recovery it may stay true."""


class PromQL(Condition):
    """An expression that no other kind can say.

    The service's target is put into every selector that does not match its labels; `cluster` and
    `env` must survive every aggregation, or the alert would reach the wrong people.
    """

    usage: ClassVar[str] = """\
signals:
  orders: {profile: orders}
alerts:
  own:
    OrdersStuck:
      signal: orders
      kind: promql
      expr: sum by (cluster, env) (orders_waiting) > 4 * count by (cluster, env) (orders_waiting)
      sentence: More than 4 orders wait for each instance
      above: 4
      example:
        value: 10
        series:
          - {metric: orders_waiting, labels: {instance: a}, healthy: 1, just_below: 3, firing: 6}
          - {metric: orders_waiting, labels: {instance: b}, healthy: 1, just_below: 4, firing: 4}
      for: 10m
      severity: P1
      summary: Orders pile up
      action: See whether the payment provider answers
"""
    authored: ClassVar[bool] = True
    lineless: ClassVar[str] = "its author need not say where the line is"

    kind: Literal["promql"]
    expr: str
    """The expression; it fires for each series that it gives."""
    sentence_: Annotated[Sentence, Field(alias="sentence")]
    """When it is true, in English and without a full stop."""
    above: AnyQuantity | None = None
    """The limit in the expression, for the line on the panel, where it fires above one."""
    below: AnyQuantity | None = None
    """The same, where it fires below one."""
    example_: Annotated[AuthoredExample, Field(alias="example"), Formerly("witness")]
    """The series that prove it: what it must do while all is well, just short of the limit and past it."""

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read whatever metrics of the signal the expression names."""
        try:
            named = {selection.metric or "" for selection in selections(self.expr)}
        except PromQLError:
            return {}
        return {
            f"expr.{role}": role
            for role, metric in signal.metrics.items()
            if named & {metric.name, *(metric.name + suffix for suffix in ("_bucket", "_count", "_sum"))}
        }

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Check the expression against PromQL, and its aggregations against the labels that routing needs."""
        try:
            parse(self.expr)
        except PromQLError as error:
            diagnostics.add(
                self.span("expr"), "promql/unreadable", f"this is not PromQL: {error}", "correct the expression"
            )
            return
        lost = ungrouped(self.expr, TARGET_LABELS)
        if lost:
            what = f"an aggregation drops {' and '.join(lost)}, so that routing would not know the environment"
            diagnostics.add(
                self.span("expr"), "promql/lost-labels", what, f"aggregate by ({', '.join(TARGET_LABELS)}, …)"
            )
        names = {selection.metric for selection in selections(self.expr)}
        if None in names:
            diagnostics.add(
                self.span("expr"),
                "promql/no-metric",
                "a selector names no metric",
                "name the metric outside the braces",
            )
        else:
            self._check_target(signal, diagnostics)
        written = sorted(name for name in names if name)
        for label in sorted(RESERVED_LABELS & set(self.example_.labels)):
            todo = "remove it; env and cluster are added for you, and the others are the alert's own"
            diagnostics.add(
                self.example_.span("labels", label, key=True),
                "label/reserved",
                f'an example does not show label "{label}"',
                todo,
            )
        for index, each in enumerate(self.example_.series):
            if each.metric not in names:
                what = f'test series "{each.metric}" is not in the expression'
                diagnostics.add(
                    self.example_.span("series", index, "metric"),
                    "promql/example-does-not-fit",
                    what,
                    choose(each.metric, written),
                )

    def _check_target(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Try what the compiler will do to the expression, on which not all PromQL can be kept."""
        try:
            self.expression(signal, REAL_TIME)
        except PromQLError as error:
            diagnostics.add(
                self.span("expr"),
                "promql/unreadable",
                f"this cannot be an alert's expression: {error}",
                "write it without that",
            )

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Put the target into the author's expression, and its durations under the scale."""
        return retarget(self.expr, signal.matchers, scale)

    def sentence(self, signal: Signal) -> str:
        """Say it in the author's words."""
        return self.sentence_.rstrip(".")

    def _line(self) -> tuple[Quantity, Direction] | None:
        """Take the author's line; sizes in bytes and shares as ratios, as series measure them."""
        bases = {Dimension.SIZE: Unit.BYTES, Dimension.RATIO: Unit.RATIO}
        for quantity, side in ((self.above, Direction.ABOVE), (self.below, Direction.BELOW)):
            if quantity is not None:
                base = bases.get(quantity.unit.dimension, quantity.unit)
                return Quantity(quantity.to(base), base), side
        return None

    def threshold(self, signal: Signal) -> Threshold | None:
        """Draw the author's line."""
        line, written = self._line(), self.above or self.below
        return None if line is None or written is None else Threshold.at(written, line[0].unit, line[1])

    def reading(self, signal: Signal) -> Reading:
        """Show the value in the unit of the author's line."""
        line = self._line()
        unit = Unit.COUNT if line is None else line[0].unit
        shown = {Unit.BYTES: Display.BYTES, Unit.RATIO: Display.PERCENT}.get(unit)
        return Reading(Display.NUMBER, unit.symbol) if shown is None else Reading(shown)

    def default_view(self, signal: Signal) -> DefaultView:
        """Show the side of the author's comparison that is compared with a number."""
        threshold = self.threshold(signal)
        unit = threshold.unit if threshold is not None else Unit.COUNT
        name = next((word for word, known in PANEL_UNITS.items() if known.dimension is unit.dimension), "count")
        exact = next((word for word, known in PANEL_UNITS.items() if known is unit), name)
        legend = " ".join(f"{{{{{label}}}}}" for label in self.own_grouping(signal)) or signal.title
        return DefaultView("promql", {"expr": compared(self.expr), "unit": exact, "legend": legend})

    def own_grouping(self, signal: Signal) -> tuple[str, ...]:
        """Keep the labels that the author's example shows."""
        return tuple(sorted(set(self.example_.labels) - RESERVED_LABELS))

    def example(self, signal: Signal, scale: TimeScale) -> Example:
        """Take the author's series."""
        given = self.example_
        matched = {matcher.label: matcher.value for matcher in signal.matchers}
        series = tuple(
            ExampleSeries(s.metric, tuple(sorted((matched | s.labels).items())), s.healthy, s.just_below, s.firing)
            for s in given.series
        )
        firing = Firing(tuple(sorted(given.labels.items())), given.value)
        history, settles, clears = (scale(span) for span in (given.history, given.settles, given.clears))
        return Example(series, (firing,), history, settles, clears, long_history=history > Duration.parse("6h"))
