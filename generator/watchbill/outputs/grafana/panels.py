"""Turn panels into grafanalib's, one form after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from watchbill.model.dashboards import Look, Panel, Query
from watchbill.outputs.grafana import classes
from watchbill.outputs.grafana.layout import GridPosition
from watchbill.outputs.grafana.looks import UNITS, mappings, status_overrides, steps
from watchbill.outputs.grafana.tables import column_overrides, transformations
from watchbill.quantity import decimal_text

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_WITH_LEGEND = {Look.LINES, Look.PIE, Look.STATES}
_FORMATS = {Look.TABLE: "table", Look.HEATMAP: "heatmap"}


def panel_of(panel: Panel, place: GridPosition) -> Any:
    """Build a panel at its place."""
    return _FORMS[panel.look](panel, **_shared(panel, place))


def _shared(panel: Panel, place: GridPosition) -> dict[str, Any]:
    return {
        "dataSource": SOURCE,
        "description": description(panel),
        "extraJson": _extra(panel),
        "gridPos": classes.GridPos(place.h, place.w, place.x, place.y),
        "id": panel.id,
        "interval": str(panel.interval),
        "links": [{"title": link.title, "url": link.url, "targetBlank": True} for link in panel.links],
        "maxDataPoints": None,
        "targets": [_target(panel, number) for number in range(len(panel.queries))],
        "title": panel.title,
    }


def description(panel: Panel) -> str:
    """Say what to read from a panel, what its lines are, and why it may be empty."""
    lines = [f"- {line.text}" for line in panel.lines if line.text]
    empty = sorted({query.empty for query in panel.queries if query.empty})
    notified = [f"Where it is empty: {reason}." for reason in empty]
    return "\n\n".join(part for part in (panel.text, "\n".join(lines), *notified) if part)


def _target(panel: Panel, number: int) -> Any:
    query: Query = panel.queries[number]
    return classes.Query(
        expr=query.expr,
        legendFormat=query.legend or "__auto",
        refId=chr(ord("A") + number),
        instant=query.instant,
        format=_FORMATS.get(panel.look, "time_series"),
        datasource=SOURCE,
        interval="",
    )


def _extra(panel: Panel) -> dict[str, Any]:
    """Write what grafanalib has no fields for."""
    defaults = _defaults(panel)
    highest = max((line.value for line in panel.lines), default=None)
    if panel.look is Look.LINES and highest:
        # Room for the line of a threshold that nothing has come near to yet.
        defaults["custom"] = {"axisSoftMax": float(decimal_text(highest))}
    # Grafana adds this to old dashboards only, and shows no legend without it.
    options = {"options": {"legend": {"showLegend": True}}} if panel.look in _WITH_LEGEND else {}
    return {"fieldConfig": {"defaults": defaults, "overrides": _overrides(panel)}, **options}


def _defaults(panel: Panel) -> dict[str, Any]:
    bounds = {"min": panel.lowest, "max": panel.highest}
    return {
        "color": {"mode": "palette-classic" if panel.look in {Look.LINES, Look.PIE} else "thresholds"},
        "mappings": mappings(panel.states),
        "thresholds": {"mode": "absolute", "steps": steps(panel.lines, look=panel.look)},
        "unit": UNITS[panel.unit],
        **{name: float(decimal_text(bound)) for name, bound in bounds.items() if bound is not None},
    }


def _overrides(panel: Panel) -> list[dict[str, Any]]:
    if panel.look is Look.TABLE:
        return column_overrides(panel)
    return status_overrides() if panel.by_status else []


def _lines(panel: Panel, **shared: Any) -> Any:
    style = "off"
    if panel.lines:
        style = "line+area" if panel.shaded else "dashed"
    return classes.TimeSeries(
        fillOpacity=8,
        legendCalcs=["lastNotNull", "max"],
        legendDisplayMode="table",
        lineWidth=1,
        showPoints="never",
        stacking={"group": "A", "mode": "none"},
        thresholdsStyleMode=style,
        tooltipMode="multi",
        tooltipSort="desc",
        unit=UNITS[panel.unit],
        **shared,
    )


def _stat(panel: Panel, **shared: Any) -> Any:
    return classes.Stat(
        colorMode="background",
        format=UNITS[panel.unit],
        graphMode="area",
        noValue="no data",
        reduceCalc="lastNotNull",
        **shared,
    )


def _gauge(panel: Panel, **shared: Any) -> Any:  # noqa: ARG001 (all forms are called alike)
    return classes.Gauge(**shared)


def _pie(panel: Panel, **shared: Any) -> Any:
    legend = {"legendDisplayMode": "table", "legendPlacement": "right", "legendValues": ["value", "percent"]}
    return classes.PieChartv2(pieType="donut", unit=UNITS[panel.unit], **legend, **shared)


def _heatmap(panel: Panel, **shared: Any) -> Any:
    return classes.Heatmap(unit=UNITS[panel.unit], **shared)


def _table(panel: Panel, **shared: Any) -> Any:
    return classes.Table(
        sort=panel.sort, descending=panel.descending, **{**shared, "transformations": transformations(panel)}
    )


def _states(panel: Panel, **shared: Any) -> Any:  # noqa: ARG001 (all forms are called alike)
    return classes.StateTimeline(showValue="auto", mergeValues=True, **shared)


_FORMS: dict[Look, Callable[..., Any]] = {
    Look.LINES: _lines,
    Look.STAT: _stat,
    Look.GAUGE: _gauge,
    Look.PIE: _pie,
    Look.HEATMAP: _heatmap,
    Look.TABLE: _table,
    Look.STATES: _states,
}
