"""A panel as packs and services write it: what all panels say, and its view, in one mapping."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, WrapValidator

from watchbill.language.base import Authored, Diagnostics
from watchbill.language.fields import AnyQuantity, KeyName, Reference, Sentence, Title
from watchbill.model.alerts import Direction
from watchbill.model.dashboards import Line, LineLevel, Look
from watchbill.quantity import Quantity, QuantityError, Unit
from watchbill.spec.joined import join, read_joined
from watchbill.views import View, kinds


class BandsSpec(Authored):
    """Where a value is no longer good, for the colours of a gauge; where the numbers fall, less is worse."""

    yellow: AnyQuantity
    """Where the value begins to be no longer good."""
    red: AnyQuantity
    """Where it is bad."""

    def lines(self, unit: Unit) -> tuple[Line, Line]:
        """Give both in the panel's unit; raises `QuantityError` for another dimension."""
        yellow, red = self.yellow.to(unit), self.red.to(unit)
        direction = Direction.ABOVE if yellow < red else Direction.BELOW
        return (Line(yellow, LineLevel.WARNING, direction, ""), Line(red, LineLevel.CRITICAL, direction, ""))


class GoalSpec(Authored):
    """What is wanted, as a line: `above` or `below` it."""

    above: AnyQuantity | None = None
    """What is wanted lies above this value; exactly one of the two is written."""
    below: AnyQuantity | None = None
    """What is wanted lies below this value."""

    def line(self, unit: Unit) -> Line:
        """Give it in the panel's unit; raises `QuantityError` for another dimension."""
        quantity = self.above or self.below or Quantity(unit.size, unit)
        direction = Direction.ABOVE if self.above is not None else Direction.BELOW
        return Line(quantity.to(unit), LineLevel.GOAL, direction, f"goal: {direction} {quantity}")


class PanelSpec(Authored):
    """What every panel says, whatever its view.

    `help` is what to read from it. `as` is its form, where its view's usual one does not suit. `bands` colour a
    gauge, `goal` is a line that no alert knows of, and `lines_of` names the panel whose alerts' lines it draws too.
    """

    title: Title
    """The panel's title, by which alerts lead to it."""
    signal: Reference
    """The signal of the service that it shows."""
    dashboard: KeyName | None = None
    """The dashboard that it stands on. Without it, the pack's, or the service's own."""
    help: Sentence
    """What to read from it, in one line."""
    as_: Annotated[Literal["lines", "stat", "gauge", "table"] | None, Field(alias="as")] = None
    """Its form, where the usual one of its view does not suit."""
    bands: BandsSpec | None = None
    """The values from which a gauge is yellow and red."""
    goal: GoalSpec | None = None
    """A line that no alert knows of."""
    lines_of: Sentence | None = None
    """The title of another panel, whose alerts' lines are drawn here too."""

    @property
    def view(self) -> View:
        """The view, which shares the panel's mapping."""
        joined: object = self  # by panel_models, which no type checker follows
        if not isinstance(joined, View):
            raise TypeError(f"{type(self).__name__} has no view")
        return joined

    @property
    def form(self) -> Look:
        """The panel's form."""
        return Look(self.as_) if self.as_ is not None else self.view.usual_look

    def check_fields(self, unit: Unit, diagnostics: Diagnostics) -> None:
        """Check bands and goal against the view's unit."""
        for name, part in (("bands", self.bands), ("goal", self.goal)):
            try:
                if isinstance(part, BandsSpec):
                    part.lines(unit)
                elif part is not None:
                    part.line(unit)
            except QuantityError as error:
                diagnostics.add(self.span(name), "quantity/wrong-unit", error.what, error.todo)
        if self.goal is not None and (self.goal.above is None) == (self.goal.below is None):
            diagnostics.add(
                self.span("goal"), "spec/either-or", 'a goal lies "above" or "below" a value', "write one of the two"
            )
        if self.bands is not None and self.bands.yellow.number == self.bands.red.number:
            diagnostics.add(
                self.span("bands"),
                "panel/same-bands",
                "yellow and red are the same value",
                "let yellow come before red",
            )


@cache
def panel_models() -> dict[str, type[PanelSpec]]:
    """Join the panel's fields with each kind's."""
    return join(PanelSpec, kinds(), "Panel")


def read_panel(data: Any, handler: Any, info: ValidationInfo) -> Any:  # noqa: ARG001 (pydantic's signature)
    """Validate a panel by the model of its kind."""
    if isinstance(data, PanelSpec):
        return data
    return read_joined(data, panel_models(), info, noun="a panel", of="view")


AnyPanel = Annotated[PanelSpec, WrapValidator(read_panel)]
