"""Alerts as dashboards see them: where they lead, and the lines that their panels draw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from watchbill.conditions import Condition
from watchbill.lower.draft import Draft
from watchbill.model.alerts import Alert, Direction, Severity, Threshold
from watchbill.model.dashboards import Level, Line, Link
from watchbill.quantity import Dimension, Quantity, Unit, decimal_text

LEVELS = {Severity.P0: Level.CRITICAL, Severity.P1: Level.WARNING, Severity.INFO: Level.INFO}


@dataclass(frozen=True, slots=True)
class Lead:
    """An alert with its draft, and its condition where an author wrote one."""

    draft: Draft
    alert: Alert
    condition: Condition | None = None

    @property
    def level(self) -> Level:
        """What it means that it fires."""
        return LEVELS[self.alert.severity]

    def lines(self, unit: Unit) -> tuple[Line, ...]:
        """Draw its threshold in a panel's unit; nothing where it has none."""
        thresholds = self.condition.lines(self.draft.signal) if self.condition is not None else ()
        found = next((line for line in thresholds if line.unit.dimension is unit.dimension), None)
        return () if found is None else (self._line(found, unit),)

    def _line(self, threshold: Threshold, unit: Unit) -> Line:
        value = Quantity(threshold.value, threshold.unit).to(unit)
        text = f"{self.alert.name}: {threshold.direction} {_words(threshold)}"
        return Line(value, self.level, threshold.direction, text, self.alert.id)

    def fixed(self, value: Quantity, text: str, direction: Direction = Direction.ABOVE) -> Line:
        """Draw a line that no condition knows of."""
        return Line(value.number, self.level, direction, f"{self.alert.name}: {text}", self.alert.id)


def _words(threshold: Threshold) -> str:
    if threshold.unit.dimension is Dimension.RATIO:
        return f"{decimal_text(Quantity(threshold.value, threshold.unit).to(Unit.PERCENT))}%"
    for larger in (Unit.GIBIBYTES, Unit.MEBIBYTES) if threshold.unit is Unit.BYTES else ():
        if threshold.value and threshold.value % larger.size == 0:
            return f"{decimal_text(threshold.value / larger.size)}{larger.symbol}"
    return f"{decimal_text(threshold.value)}{threshold.unit.symbol}"


def leading_to(leads: Iterable[Lead], dashboard: str, title: str) -> tuple[Lead, ...]:
    """List the alerts that lead to a panel, the most urgent first."""
    here = (lead for lead in leads if (lead.draft.dashboard, lead.draft.panel) == (dashboard, title))
    order = list(Severity)
    return tuple(sorted(here, key=lambda lead: (order.index(lead.alert.severity), lead.alert.name)))


def runbooks(leads: Iterable[Lead]) -> tuple[Link, ...]:
    """Link the runbook of each alert."""
    return tuple(Link(f"Runbook: {lead.alert.name}", lead.alert.runbook_url) for lead in leads)
