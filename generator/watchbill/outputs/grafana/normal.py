"""Make of grafanalib's JSON what a current Grafana writes: nothing that it has dropped, nothing that means nothing.

grafanalib 0.7.1 writes defaults of Grafana 5, such as `maxDataPoints: 100`, by which half of the samples are never
seen. What stays is listed here; everything else goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

DASHBOARD = (
    "annotations",
    "description",
    "editable",
    "graphTooltip",
    "links",
    "panels",
    "refresh",
    "schemaVersion",
    "tags",
    "templating",
    "time",
    "timepicker",
    "timezone",
    "title",
    "uid",
)
PANEL = (
    "collapsed",
    "datasource",
    "description",
    "fieldConfig",
    "gridPos",
    "id",
    "interval",
    "links",
    "options",
    "panels",
    "targets",
    "title",
    "transformations",
    "type",
)
TARGET = (
    "datasource",
    "editorMode",
    "expr",
    "exemplar",
    "format",
    "instant",
    "interval",
    "legendFormat",
    "range",
    "refId",
)
VARIABLE = (
    "allValue",
    "current",
    "datasource",
    "definition",
    "hide",
    "includeAll",
    "label",
    "multi",
    "name",
    "options",
    "query",
    "refresh",
    "regex",
    "sort",
    "type",
)


def normal(dashboard: Mapping[str, Any]) -> dict[str, Any]:
    """Normalise a dashboard, with its panels, targets and variables."""
    kept = _kept(dashboard, DASHBOARD)
    kept["timepicker"] = {}  # Grafana's own choices; grafanalib writes a list that no version knows any more
    kept["panels"] = [_panel(panel) for panel in dashboard["panels"]]
    kept["templating"] = {"list": [_variable(variable) for variable in dashboard["templating"]["list"]]}
    return kept


def _variable(variable: Mapping[str, Any]) -> dict[str, Any]:
    kept = _kept(variable, VARIABLE)
    kept["current"] = _kept(kept["current"], ("text", "value"))
    return kept


def _panel(panel: Mapping[str, Any]) -> dict[str, Any]:
    kept = _kept(panel, PANEL)
    if panel["type"] == "row":
        names = ("collapsed", "gridPos", "id", "title", "type")
        return {name: kept[name] for name in names} | {"panels": [_panel(inner) for inner in panel["panels"]]}
    kept["targets"] = [_kept(target, TARGET) for target in panel["targets"]]
    return kept


def _kept(mapping: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: mapping[name] for name in names if name in mapping}
