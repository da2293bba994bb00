"""grafanalib's classes with what a current Grafana needs; the only module that imports grafanalib.

GaugePanel, Heatmap and Table write forms that Grafana 11 no longer knows, and Target and Template lack what it asks
for, so these are given their JSON anew here. `normal` takes away what the others write too much.
"""

from __future__ import annotations

from typing import Any

import attr
from grafanalib.core import (
    Annotations,
    Dashboard,
    DashboardLink,
    GridPos,
    PieChartv2,
    RowPanel,
    Stat,
    StateTimeline,
    Target,
    Template,
    Templating,
    Time,
    TimePicker,
    TimeSeries,
)
from grafanalib.core import Panel as _Panel

__all__ = [
    "Annotations",
    "Dashboard",
    "DashboardLink",
    "Gauge",
    "GridPos",
    "Heatmap",
    "PieChartv2",
    "Query",
    "RowPanel",
    "Stat",
    "StateTimeline",
    "Table",
    "Templating",
    "Time",
    "TimePicker",
    "TimeSeries",
    "Variable",
    "plain",
]

_fields: Any = attr.s  # so that mypy does not guess at the fields of bases that it cannot see


@_fields
class Query(Target):  # type: ignore[misc]  # grafanalib has no types
    """A target that says whether it asks for a range or for now, and is edited as code."""

    def to_json_data(self) -> dict[str, Any]:
        """Add what `Target` lacks."""
        ranged = not self.instant
        return {**super().to_json_data(), "range": ranged, "exemplar": False, "editorMode": "code"}


@_fields
class Variable(Template):  # type: ignore[misc]  # grafanalib has no types
    """A variable whose All is `$__all`, which `Template` writes as the word itself."""

    definition: Any = attr.ib(default=None)

    def to_json_data(self) -> dict[str, Any]:
        """Choose All at first where there is one, else the first value."""
        written = super().to_json_data()
        if self.includeAll:
            written["current"] = {"text": "All", "value": "$__all"}
        return {**written, "definition": self.definition}


@_fields
class Gauge(_Panel):  # type: ignore[misc]  # grafanalib has no types
    """A gauge of the last value of each series."""

    def to_json_data(self) -> dict[str, Any]:
        """Write the options of Grafana 9 and later."""
        options = {
            "minVizHeight": 75,
            "minVizWidth": 75,
            "orientation": "auto",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "showThresholdLabels": False,
            "showThresholdMarkers": True,
            "sizing": "auto",
        }
        return dict(self.panel_json({"type": "gauge", "options": options}))


@_fields
class Heatmap(_Panel):  # type: ignore[misc]  # grafanalib has no types
    """A heatmap of a histogram's buckets, in their `unit`."""

    unit: Any = attr.ib(default="s")

    def to_json_data(self) -> dict[str, Any]:
        """Write the options of Grafana 9 and later."""
        options = {
            "calculate": False,
            "cellGap": 1,
            "color": {
                "exponent": 0.5,
                "fill": "dark-orange",
                "mode": "scheme",
                "reverse": False,
                "scale": "exponential",
                "scheme": "Oranges",
                "steps": 64,
            },
            "exemplars": {"color": "rgba(255,0,255,0.7)"},
            "filterValues": {"le": 1e-9},
            "legend": {"show": True},
            "rowsFrame": {"layout": "auto"},
            "tooltip": {"mode": "single", "showColorScale": False, "yHistogram": False},
            "yAxis": {"axisPlacement": "left", "reverse": False, "unit": self.unit},
        }
        return dict(self.panel_json({"type": "heatmap", "options": options}))


@_fields
class Table(_Panel):  # type: ignore[misc]  # grafanalib has no types
    """A table, sorted by the column `sort` where there is one."""

    sort: Any = attr.ib(default="")
    descending: Any = attr.ib(default=False)

    def to_json_data(self) -> dict[str, Any]:
        """Write the options of Grafana 9 and later."""
        sort = [{"displayName": self.sort, "desc": self.descending}] if self.sort else []
        footer = {"countRows": False, "fields": "", "reducer": ["sum"], "show": False}
        options = {"cellHeight": "sm", "footer": footer, "showHeader": True, "sortBy": sort}
        return dict(self.panel_json({"type": "table", "options": options}))


def plain(value: Any) -> Any:
    """Turn grafanalib's objects into JSON, all the way down and without nulls.

    Only the first step of a scale has a null, which Grafana writes itself.
    """
    written = value.to_json_data() if hasattr(value, "to_json_data") else value
    if isinstance(written, dict):
        is_step = written.keys() == {"color", "value"}
        return {key: plain(inner) for key, inner in written.items() if inner is not None or is_step}
    if isinstance(written, (list, tuple)):
        return [plain(inner) for inner in written]
    return written
