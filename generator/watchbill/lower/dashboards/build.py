"""Build the panels of a dashboard from views: those that packs and services wrote, and those that alerts ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from watchbill import naming
from watchbill.link.linked import LinkedPanel
from watchbill.lower.dashboards.alert_panel import AlertPanel, runbooks, shown_on
from watchbill.lower.dashboards.default_view import default_view
from watchbill.lower.dashboards.narrow import PLACE, Narrowing
from watchbill.lower.dashboards.presence import presence_panel
from watchbill.model.alerts import Symptom
from watchbill.model.dashboards import Line, Look, Panel, Query
from watchbill.model.signals import Signal
from watchbill.promql import Matcher, aggregate, selector
from watchbill.quantity import Unit, decimal_text
from watchbill.views import View

FIRING = "ALERTS"


@dataclass(frozen=True, slots=True)
class PanelQuery:
    """A view of a signal."""

    view: View
    signal: Signal

    @property
    def unit(self) -> Unit:
        """The unit of what is seen."""
        return self.view.unit(self.signal)


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds panels of one dashboard, with the lines of the alerts that lead to them."""

    dashboard: str
    alert_panels: tuple[AlertPanel, ...]
    narrow: Narrowing

    def written(self, panel: LinkedPanel) -> Panel:
        """Build a panel that somebody wrote."""
        spec, unit = panel.spec, panel.spec.view.unit(panel.signal)
        lines = list(self._lines(panel.title, unit))
        lines += self._lines(spec.lines_of, unit) if spec.lines_of is not None else ()
        lines += spec.bands.lines(unit) if spec.bands is not None else ()
        lines += [spec.goal.line(unit)] if spec.goal is not None else []
        text = f"{spec.help.rstrip('.')}."
        return self._panel(panel.title, text, [PanelQuery(spec.view, panel.signal)], look=spec.form, lines=lines)

    def derived(self, title: str) -> Panel:
        """Build a panel for the alerts that lead to one which nobody wrote."""
        here = shown_on(self.alert_panels, self.dashboard, title)
        text = " ".join(alert_panel.alert.sentence for alert_panel in here)
        sights, absent = [], []
        for alert_panel in here:
            condition, signal = alert_panel.condition, alert_panel.signal
            view = None if condition is None else default_view(condition, signal)
            if view is not None:
                sights.append(PanelQuery(view, signal))
            elif condition is not None and condition.symptom is Symptom.ABSENCE:
                absent.append((signal, tuple(condition.roles(signal).values())))
        if sights:
            lines = list(self._lines(title, sights[0].unit))
            return self._panel(title, text, sights, look=sights[0].view.usual_look, lines=lines)
        if absent:
            return presence_panel(title, text, absent, self.narrow, here)
        return self._of_alert(title, text, here)

    def _lines(self, title: str, unit: Unit) -> Iterable[Line]:
        return (
            line
            for alert_panel in shown_on(self.alert_panels, self.dashboard, title)
            for line in alert_panel.lines(unit)
        )

    def _panel(
        self, title: str, text: str, sights: Sequence[PanelQuery], *, look: Look, lines: Sequence[Line]
    ) -> Panel:
        alert_panels = shown_on(self.alert_panels, self.dashboard, title)
        first, queries = sights[0], self._queries(sights)
        states = first.view.states(first.signal)
        return Panel(
            id=naming.panel_id(title),
            title=title,
            text=text,
            look=look,
            unit=first.unit,
            queries=(*queries, *self._limits(alert_panels, first.unit)),
            interval=max(sight.signal.scrape_interval for sight in sights),
            # The words of a state are its line already.
            lines=() if states else tuple(sorted(lines, key=lambda line: (line.value, line.text))),
            states=states,
            columns=first.view.columns(first.signal) if look is Look.TABLE else (),
            sort=queries[0].legend if look is Look.TABLE else "",
            descending=True,
            lowest=None if states else Decimal(0),
            highest=_highest(first.view, lines) if look is Look.GAUGE else None,
            by_status=first.view.by_status(first.signal),
            alerts=tuple(alert_panel.alert.id for alert_panel in alert_panels),
            links=runbooks(alert_panels),
        )

    def _queries(self, sights: Sequence[PanelQuery]) -> tuple[Query, ...]:
        """Ask for each sight once; where they are of several signals, every legend says of which."""
        several = len({sight.signal.key for sight in sights}) > 1
        found: dict[str, Query] = {}
        for sight in sights:
            if sight.unit.dimension is sights[0].unit.dimension:
                for query in sight.view.queries(self.narrow(sight.signal)):
                    legend = f"{sight.signal.key} {query.legend}" if several else query.legend
                    found.setdefault(query.expr, replace(query, legend=legend))
        return tuple(found.values())

    def _limits(self, alert_panels: Iterable[AlertPanel], unit: Unit) -> Iterable[Query]:
        """Draw limits that move."""
        for alert_panel in alert_panels:
            condition = alert_panel.condition
            limit = None if condition is None else condition.moving_limit(self.narrow(alert_panel.signal))
            if limit is not None and limit.unit.dimension is unit.dimension:
                factor = unit.size / limit.unit.size
                scaled = limit.expr if factor == 1 else f"{decimal_text(factor)} * {limit.expr}"
                yield Query(scaled, f"{alert_panel.alert.name}: limit", empty=limit.empty)

    def _of_alert(self, title: str, text: str, alert_panels: tuple[AlertPanel, ...]) -> Panel:
        """Show alerts by themselves, where they watch nothing that could be drawn."""
        return Panel(
            id=naming.panel_id(title),
            title=title,
            text=text,
            look=Look.LINES,
            unit=Unit.COUNT,
            queries=tuple(
                Query(_firing(alert_panel), f"{alert_panel.alert.name} {{{{alertstate}}}}")
                for alert_panel in alert_panels
            ),
            interval=alert_panels[0].signal.scrape_interval,
            lowest=Decimal(0),
            alerts=tuple(alert_panel.alert.id for alert_panel in alert_panels),
            links=runbooks(alert_panels),
        )


def _firing(alert_panel: AlertPanel) -> str:
    own = (Matcher("alertname", "=", alert_panel.alert.name), Matcher("service", "=", alert_panel.alert.service))
    return aggregate("sum", (*naming.TARGET_LABELS, "alertstate"), selector(FIRING, (*own, *PLACE)))


def _highest(view: View, lines: Sequence[Line]) -> Decimal | None:
    """End a gauge's scale at the whole, or well beyond its last line, so that a needle past it can be seen."""
    if view.share:
        return Decimal(1)
    highest = max((line.value for line in lines), default=Decimal(0))
    return highest * Decimal("1.5") or None
