"""Alerts as dashboards see them: where they lead, and the lines that their panels draw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from watchbill.conditions import Condition
from watchbill.model.alerts import Alert, Direction, Severity, Threshold
from watchbill.model.dashboards import Line, LineLevel, Link
from watchbill.model.signals import Signal
from watchbill.quantity import Quantity, Unit

LEVELS = {Severity.P0: LineLevel.CRITICAL, Severity.P1: LineLevel.WARNING, Severity.INFO: LineLevel.INFO}


@dataclass(frozen=True, slots=True)
class AlertPanel:
    """An alert, its signal, the panel that it leads to, and its condition where it has one.

    `dashboard` is the panel's dashboard by its key, `panel` the panel's title.
    """

    alert: Alert
    signal: Signal
    dashboard: str
    panel: str
    condition: Condition | None = None

    @property
    def level(self) -> LineLevel:
        """What it means that it fires."""
        return LEVELS[self.alert.severity]

    def lines(self, unit: Unit) -> tuple[Line, ...]:
        """Draw its threshold in a panel's unit; nothing where it has none."""
        thresholds = self.condition.lines(self.signal) if self.condition is not None else ()
        found = next((line for line in thresholds if line.unit.dimension is unit.dimension), None)
        return () if found is None else (self._line(found, unit),)

    def _line(self, threshold: Threshold, unit: Unit) -> Line:
        value = Quantity(threshold.value, threshold.unit).to(unit)
        text = f"{self.alert.name}: {threshold}"
        return Line(value, self.level, threshold.direction, text, self.alert.id)

    def fixed(self, value: Quantity, text: str, direction: Direction = Direction.ABOVE) -> Line:
        """Draw a line that no condition knows of."""
        return Line(value.number, self.level, direction, f"{self.alert.name}: {text}", self.alert.id)


def shown_on(alert_panels: Iterable[AlertPanel], dashboard: str, title: str) -> tuple[AlertPanel, ...]:
    """List the alerts that lead to a panel, the most urgent first."""
    here = (
        alert_panel for alert_panel in alert_panels if (alert_panel.dashboard, alert_panel.panel) == (dashboard, title)
    )
    order = list(Severity)
    return tuple(
        sorted(here, key=lambda alert_panel: (order.index(alert_panel.alert.severity), alert_panel.alert.name))
    )


def runbooks(alert_panels: Iterable[AlertPanel]) -> tuple[Link, ...]:
    """Link the runbook of each alert."""
    return tuple(
        Link(f"Runbook: {alert_panel.alert.name}", alert_panel.alert.runbook_url) for alert_panel in alert_panels
    )
