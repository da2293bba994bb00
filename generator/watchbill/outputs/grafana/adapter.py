"""Turn a dashboard into the JSON that a current Grafana writes itself."""

from __future__ import annotations

from typing import Any

from watchbill import naming
from watchbill.model.dashboards import Dashboard, Row, Variable
from watchbill.outputs.grafana import classes
from watchbill.outputs.grafana.layout import COLUMNS, placed
from watchbill.outputs.grafana.normal import normal
from watchbill.outputs.grafana.panels import SOURCE, panel_of

SCHEMA_VERSION = 39  # of Grafana 11.0; later ones read it, and none of them rewrites what is provisioned
SHARED_CROSSHAIR = 1
TAG = "watchbill"
LABEL_VALUES, VARIABLE_EDITOR = 1, "PrometheusVariableQueryEditor-VariableQuery"
OWN_STORE = {"type": "grafana", "uid": "-- Grafana --"}


def dashboard_json(dashboard: Dashboard) -> dict[str, Any]:
    """Build a dashboard's JSON."""
    tags = [TAG, dashboard.service] if dashboard.service else [TAG]
    built = classes.Dashboard(
        title=dashboard.title,
        uid=dashboard.uid,
        description=dashboard.text,
        editable=False,
        graphTooltip=SHARED_CROSSHAIR,
        schemaVersion=SCHEMA_VERSION,
        refresh="1m",
        time=classes.Time("now-6h", "now"),
        timezone="browser",
        tags=tags,
        annotations=classes.Annotations(_annotations(dashboard)),
        templating=classes.Templating([_source(), *(_variable(variable) for variable in dashboard.variables)]),
        links=_links(dashboard),
        panels=_panels(dashboard),
    )
    return normal(classes.plain(built))


def _panels(dashboard: Dashboard) -> list[Any]:
    found, top = placed(dashboard.panels, top=0)
    panels = [panel_of(panel, place) for panel, place in found]
    for row in dashboard.rows:
        inner, end = placed(row.panels, top=top + 1)
        built = [panel_of(panel, place) for panel, place in inner]
        panels.append(_row(row, top, built if row.collapsed else []))
        panels += [] if row.collapsed else built
        top = top + 1 if row.collapsed else end
    return panels


def _row(row: Row, top: int, panels: list[Any]) -> Any:
    place = classes.GridPos(1, COLUMNS, 0, top)
    number = naming.panel_id(f"row: {row.title}")
    return classes.RowPanel(title=row.title, id=number, gridPos=place, collapsed=row.collapsed, panels=panels)


def _source() -> Any:
    return classes.Variable(name="datasource", label="Data source", type="datasource", query="prometheus", sort=0)


def _variable(variable: Variable) -> Any:
    shared = {
        "name": variable.name,
        "label": variable.title,
        "includeAll": variable.every,
        "allValue": ".*" if variable.every else None,
    }
    if variable.query:
        query = {"qryType": LABEL_VALUES, "query": variable.query, "refId": VARIABLE_EDITOR}
        return classes.Variable(dataSource=SOURCE, query=query, definition=variable.query, refresh=2, **shared)
    values = ",".join(variable.values)
    return classes.Variable(type="custom", query=values, default=variable.values[0], refresh=0, sort=0, **shared)


def _annotations(dashboard: Dashboard) -> list[dict[str, Any]]:
    """Mark what fires, and the deployments that pipelines tell Grafana of (its HTTP API, "Annotations")."""
    tags = ["deployment", dashboard.service] if dashboard.service else ["deployment"]
    return [
        {
            "name": "Firing alerts",
            "datasource": SOURCE,
            "enable": True,
            "iconColor": "red",
            "expr": dashboard.firing,
            "titleFormat": "{{alertname}}",
            "textFormat": "{{severity}} {{subject}}",
            "tagKeys": "severity,service",
            "step": "1m",
        },
        {
            "name": "Deployments",
            "datasource": OWN_STORE,
            "enable": True,
            "iconColor": "blue",
            "target": {"type": "tags", "tags": tags, "matchAny": False, "limit": 100},
        },
    ]


def _links(dashboard: Dashboard) -> list[Any]:
    """Lead to the other dashboards with the same variables and time."""
    kept = {"includeVars": True, "keepTime": True}
    near = ("This service", [TAG, dashboard.service]) if dashboard.service else ("Services", [TAG])
    found = [classes.DashboardLink(title=near[0], type="dashboards", tags=near[1], asDropdown=True, **kept)]
    for title, uid in (("On call", naming.ON_CALL), ("Objectives", naming.SLO_OVERVIEW)):
        if uid != dashboard.uid:
            uri = f"/d/{uid}/{uid}"
            found.append(classes.DashboardLink(title=title, type="link", uri=uri, icon="dashboard", **kept))
    return found
