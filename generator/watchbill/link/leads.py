"""Hold each alert to the panel that it leads to: it must show what the alert judges, and be able to draw its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watchbill import naming
from watchbill.language.base import Faults
from watchbill.link.linked import LinkedAlert, LinkedPanel
from watchbill.quantity import Dimension
from watchbill.spec.service import ServiceSpec

Place = tuple[str, str]
"""A dashboard's key and a panel's title."""

PROBES = "probe_failing"  # what the summary of health shows by itself
_OTHER = "name another panel, or none: then one is made for it"


def judge_leads(
    spec: ServiceSpec, panels: Mapping[Place, LinkedPanel], alerts: tuple[LinkedAlert, ...], faults: Faults
) -> None:
    """Judge all alerts of a service; what is wrong goes to `faults`."""
    judge = _Judge(spec, panels, alerts, faults)
    judge.judge_alerts()
    judge.judge_unwritten()


@dataclass(frozen=True, slots=True)
class _Judge:
    spec: ServiceSpec
    panels: Mapping[Place, LinkedPanel]
    alerts: tuple[LinkedAlert, ...]
    faults: Faults

    def judge_alerts(self) -> None:
        """Hold each alert to a panel that can draw its threshold and shows what it judges."""
        for alert in self.alerts:
            panel = self.panels.get((alert.dashboard, alert.panel))
            if alert.panel in self.spec.dashboards.drop:
                span = self.spec.span("dashboards", "drop", alert.panel, key=True)
                what = f'alert "{alert.name}" leads to panel "{alert.panel}"'
                self.faults.add(span, what, "drop the alert too, or keep the panel")
            elif self._is_made_otherwise(alert):
                what = f'alert "{alert.name}" leads to "{alert.panel}" on "{alert.dashboard}", which cannot show it'
                self.faults.add(alert.origin.span, what, "name another panel or dashboard")
            elif panel is not None and alert.sound and panel.sound:
                self._judge_alert(alert, panel)

    def _is_made_otherwise(self, alert: LinkedAlert) -> bool:
        """Whether it leads to what is made of objectives, or of what every service has."""
        if (alert.panel, alert.spec.condition.kind) == (naming.HEALTH_SUMMARY, PROBES):
            return False
        coined = naming.COINED_PANELS.get(alert.dashboard, ())
        return alert.dashboard == naming.SLO_DASHBOARD or alert.panel in coined

    def _judge_alert(self, alert: LinkedAlert, panel: LinkedPanel) -> None:
        unit = panel.spec.view.unit(panel.signal)
        lines = alert.spec.condition.lines(alert.signal)
        if lines and all(line.unit.dimension is not unit.dimension for line in lines):
            judged, seen = lines[0].unit.dimension.name.lower(), unit.dimension.name.lower()
            what = f'alert "{alert.name}" judges a {judged}, and its panel "{panel.title}" shows a {seen}'
            self.faults.add(alert.origin.span, what, _OTHER)
            return
        read = {alert.signal.metrics[role].name for role in alert.spec.condition.roles(alert.signal).values()}
        shown = {panel.signal.metrics[role].name for _, role in panel.spec.view.reads()}
        if read and shown and not read & shown:
            what = f'panel "{panel.title}" shows nothing that alert "{alert.name}" judges'
            self.faults.add(alert.origin.span, what, _OTHER)

    def judge_unwritten(self) -> None:
        """Hold alerts that share a panel which nobody wrote to one unit, since one is made for all of them."""
        seen: dict[Place, tuple[str, Dimension]] = {}
        for alert in self.alerts:
            place = (alert.dashboard, alert.panel)
            if place in self.panels or not alert.sound:
                continue
            for line in alert.spec.condition.lines(alert.signal)[:1]:
                other, dimension = seen.setdefault(place, (alert.name, line.unit.dimension))
                if dimension is not line.unit.dimension:
                    what = (
                        f'alerts "{other}" and "{alert.name}" cannot share panel "{alert.panel}", as their units differ'
                    )
                    self.faults.add(alert.origin.span, what, "give one of them another panel")
