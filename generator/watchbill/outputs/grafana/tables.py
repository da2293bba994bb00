"""What turns the answers of several queries into one table with readable columns."""

from __future__ import annotations

from typing import Any

from watchbill.model.dashboards import Panel
from watchbill.outputs.grafana.looks import UNITS


def value_names(panel: Panel) -> tuple[str, ...]:
    """Name the columns that Grafana makes of the values of a panel's queries."""
    if len(panel.queries) == 1:
        return ("Value",)
    return tuple(f"Value #{chr(ord('A') + number)}" for number in range(len(panel.queries)))


def transformations(panel: Panel) -> list[dict[str, Any]]:
    """Merge the queries by their labels, then name and order the columns; labels that nobody asked for are left out."""
    renamed = {column.label: column.title for column in panel.columns}
    renamed |= dict(zip(value_names(panel), (query.legend for query in panel.queries), strict=True))
    order = {name: index for index, name in enumerate(renamed)}
    organized = {"excludeByName": {"Time": True}, "indexByName": order, "renameByName": renamed}
    return [{"id": "merge", "options": {}}, {"id": "organize", "options": organized}]


def column_overrides(panel: Panel) -> list[dict[str, Any]]:
    """Give each column of values its unit, and the one that lines or states are about its colours."""
    coloured = panel.sort if panel.lines or panel.states else ""
    found = []
    for query in panel.queries:
        properties: list[dict[str, Any]] = [{"id": "unit", "value": UNITS[query.unit or panel.unit]}]
        if query.legend == coloured:
            properties.append({"id": "custom.cellOptions", "value": {"type": "color-background", "mode": "basic"}})
        else:
            properties.append(
                {"id": "thresholds", "value": {"mode": "absolute", "steps": [{"color": "text", "value": None}]}}
            )
        found.append({"matcher": {"id": "byName", "options": query.legend}, "properties": properties})
    return found
