"""Check each alert against its panel: it shows what the alert watches, and can draw its threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watchbill import naming
from watchbill.language.base import Diagnostics
from watchbill.link.linked import LinkedAlert, LinkedPanel
from watchbill.model.alerts import Symptom
from watchbill.quantity import Dimension
from watchbill.spec.service import ServiceSpec

PanelKey = tuple[str, str]
"""A dashboard's key and a panel's title."""

_OTHER = "name another panel, or none: then one is made for it"


def validate_panels(
    spec: ServiceSpec, panels: Mapping[PanelKey, LinkedPanel], alerts: tuple[LinkedAlert, ...], diagnostics: Diagnostics
) -> None:
    """Check all alerts of a service; what is wrong goes to `diagnostics`."""
    check = _Check(spec, panels, alerts, diagnostics)
    check.validate_alerts()
    check.validate_unwritten()


@dataclass(frozen=True, slots=True)
class _Check:
    spec: ServiceSpec
    panels: Mapping[PanelKey, LinkedPanel]
    alerts: tuple[LinkedAlert, ...]
    diagnostics: Diagnostics

    def validate_alerts(self) -> None:
        """Check each alert against a panel that can draw its threshold and shows what it watches."""
        for alert in self.alerts:
            panel = self.panels.get((alert.dashboard, alert.panel))
            if alert.panel in self.spec.dashboards.drop:
                span = self.spec.span("dashboards", "drop", alert.panel, key=True)
                what = f'alert "{alert.name}" leads to panel "{alert.panel}"'
                self.diagnostics.add(span, "alert/dropped-panel", what, "drop the alert too, or keep the panel")
            elif self._is_made_otherwise(alert):
                what = f'alert "{alert.name}" leads to "{alert.panel}" on "{alert.dashboard}", which cannot show it'
                self.diagnostics.add(
                    alert.origin.span, "alert/panel-does-not-fit", what, "name another panel or dashboard"
                )
            elif panel is not None and alert.sound and panel.sound:
                self._validate_alert(alert, panel)

    def _is_made_otherwise(self, alert: LinkedAlert) -> bool:
        """Whether it leads to what is made of objectives, or of what every service has."""
        if alert.panel == naming.HEALTH_SUMMARY and alert.spec.condition.symptom is Symptom.PROBE:
            return False  # it shows probes by itself
        built_in = naming.BUILT_IN_PANELS.get(alert.dashboard, ())
        return alert.dashboard == naming.SLO_DASHBOARD or alert.panel in built_in

    def _validate_alert(self, alert: LinkedAlert, panel: LinkedPanel) -> None:
        unit = panel.spec.view.unit(panel.signal)
        lines = alert.spec.condition.lines(alert.signal)
        if lines and all(line.unit.dimension is not unit.dimension for line in lines):
            watched, seen = lines[0].unit.dimension.name.lower(), unit.dimension.name.lower()
            what = f'alert "{alert.name}" watches a {watched}, and its panel "{panel.title}" shows a {seen}'
            self.diagnostics.add(alert.origin.span, "alert/panel-does-not-fit", what, _OTHER)
            return
        read = {alert.signal.metrics[role].name for role in alert.spec.condition.roles(alert.signal).values()}
        shown = {panel.signal.metrics[role].name for _, role in panel.spec.view.reads()}
        if read and shown and not read & shown:
            what = f'panel "{panel.title}" shows nothing that alert "{alert.name}" watches'
            self.diagnostics.add(alert.origin.span, "alert/panel-does-not-fit", what, _OTHER)

    def validate_unwritten(self) -> None:
        """Require one unit of alerts that share a built-in panel."""
        seen: dict[PanelKey, tuple[str, Dimension]] = {}
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
                    self.diagnostics.add(
                        alert.origin.span, "alert/panel-does-not-fit", what, "give one of them another panel"
                    )
