"""In which of several states something is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from watchbill.errors import choose
from watchbill.language.base import Diagnostics
from watchbill.language.fields import ClassName, KeyName
from watchbill.model.dashboards import LineLevel, Look, Query, State
from watchbill.model.signals import MetricType, Signal
from watchbill.quantity import Unit
from watchbill.views.base import View

LEVELS = (LineLevel.GOOD, LineLevel.WARNING, LineLevel.CRITICAL)


class States(View):
    """A gauge that is 1 for the state that holds, among the classes `order`, from the best to the worst.

    Where several series fall together, the worst state is shown.
    """

    usual_look: ClassVar[Look] = Look.STATES

    usage: ClassVar[str] = """\
signals:
  breakers: {profile: circuit-breaker}
dashboards:
  own:
    - title: Breaker States
      signal: breakers
      kind: states
      metric: state
      order: [closed, half_open, open]
      by: [breaker]
      help: An open breaker keeps requests away from what it protects.
"""

    kind: Literal["states"]
    metric: KeyName
    """The gauge that is 1 for the state that holds, by its key in the profile."""
    order: Annotated[tuple[ClassName, ...], Field(min_length=2, max_length=len(LEVELS))]
    """The classes of the profile that are its states, from the best to the worst."""

    def reads(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """Read one gauge."""
        yield ("metric",), self.metric

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a gauge, and check the states against classes."""
        super().check(signal, diagnostics)
        self.hold_to(signal, diagnostics, MetricType.GAUGE)
        for index, name in enumerate(self.order):
            if name not in signal.classes:
                what = f'profile "{signal.profile}" has no class "{name}"'
                diagnostics.add(self.span("order", index), "profile/unknown-name", what, choose(name, signal.classes))

    def unit(self, signal: Signal) -> Unit:
        """Count the states from nought."""
        return Unit.COUNT

    def queries(self, signal: Signal) -> tuple[Query, ...]:
        """Weigh each state by its place in the order, and take the worst."""
        weighed = (f"{place} * {self.series(signal, self.metric, name)}" for place, name in enumerate(self.order))
        return (Query(self.grouped("max", signal, " or ".join(weighed)), self.legend(signal)),)

    def states(self, signal: Signal) -> tuple[State, ...]:
        """Name them as the profile does, in capitals."""
        levels = (*LEVELS[: len(self.order) - 1], LineLevel.CRITICAL)
        named = zip(self.order, levels, strict=True)
        return tuple(State(place, name.upper(), level) for place, (name, level) in enumerate(named))
