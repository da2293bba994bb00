"""Boards for places without Grafana: one page for each dashboard, which asks Prometheus by itself.

A page holds everything that it needs, and its policy lets it run nothing else and ask nobody but Prometheus.

Read by: a browser, which asks Prometheus.

Checked by: tests in a real browser.
"""

from __future__ import annotations

import base64
import hashlib
import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from watchbill import library, naming
from watchbill.model.alerts import Stage
from watchbill.model.bundle import Bundle
from watchbill.model.dashboards import Dashboard, Line, Look, Panel, Query, Row
from watchbill.promql import Matcher, selector
from watchbill.quantity import decimal_text

PARTS = library.ROOT / "board"
UPLOT = library.ROOT / "vendor" / "uplot"
SCRIPTS = ("format.js", "ask.js", "draw.js", "tables.js", "board.js")
ALIVE = selector("ALERTS", (Matcher("stage", "=", Stage.HEARTBEAT.value), Matcher("alertstate", "=", "firing")))
LOCAL = "http://localhost:* http://127.0.0.1:*"  # a reader may name a Prometheus on his own machine


def render(bundle: Bundle) -> dict[str, str]:
    """Render `board/`: a page for each dashboard, their list, and uPlot's licence."""
    pages = {naming.board_file(dashboard.uid): _page(dashboard, bundle) for dashboard in bundle.dashboards}
    index = _templates().get_template("index.html.j2")
    listed = index.render(dashboards=bundle.dashboards, prometheus=bundle.platform.urls.prometheus)
    return {**pages, naming.board_file("index"): f"{listed}\n", naming.BOARD_LICENCE: _text(UPLOT / "LICENSE")}


def _page(dashboard: Dashboard, bundle: Bundle) -> str:
    prometheus = bundle.platform.urls.prometheus
    uplot, script, styles = _uplot(), _script(), _styles()
    policy = {
        "default-src": "'none'",
        "script-src": f"{_hash(uplot)} {_hash(script)}",
        "style-src": _hash(styles),
        "img-src": "data:",
        "connect-src": f"'self' {LOCAL} {_origin(prometheus)}",
    }
    page = (
        _templates()
        .get_template("page.html.j2")
        .render(
            title=dashboard.title,
            policy="; ".join(f"{name} {value}" for name, value in policy.items()),
            styles=styles,
            uplot=uplot,
            script=script,
            dashboard=_embedded(_content(dashboard, bundle)),
        )
    )
    return f"{page}\n"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@cache
def _hash(text: str) -> str:
    """Name an inline script or style by its content, so that the browser runs it and no other."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _embedded(content: dict[str, Any]) -> str:
    """Write JSON that cannot end the element which it stands in."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")


def _content(dashboard: Dashboard, bundle: Bundle) -> dict[str, Any]:
    rows = [Row("", dashboard.panels, collapsed=False), *dashboard.rows]
    return {
        "prometheus": bundle.platform.urls.prometheus,
        "service": dashboard.service,
        "firing": dashboard.firing,
        "heartbeat": ALIVE if _beats(bundle) else "",
        "near": [{"title": _short(other), "page": f"{other.uid}.html"} for other in _near(dashboard, bundle)],
        "leads": _leads(dashboard, bundle),
        "variables": [
            {"name": v.name, "title": v.title, "values": list(v.values), "every": v.every} for v in dashboard.variables
        ],
        "rows": [
            {"title": row.title, "collapsed": row.collapsed, "panels": [_panel(panel) for panel in row.panels]}
            for row in rows
        ],
    }


def _beats(bundle: Bundle) -> bool:
    """Whether there is an alert that always fires, without which nothing is known of the others."""
    return any(alert.stage is Stage.HEARTBEAT for alert in bundle.alerts)


def _near(dashboard: Dashboard, bundle: Bundle) -> list[Dashboard]:
    """List the other dashboards of the same service, then those of all services."""
    others = [other for other in bundle.dashboards if other.uid != dashboard.uid]
    own = [other for other in others if other.service and other.service == dashboard.service]
    return own + [other for other in others if not other.service]


def _short(dashboard: Dashboard) -> str:
    """Title it for those who read of its service already."""
    return dashboard.title.rpartition(": ")[2] if dashboard.service else dashboard.title


def _leads(dashboard: Dashboard, bundle: Bundle) -> dict[str, list[Any]]:
    """Say of each alert that may be shown as firing which page shows it, on which panel."""
    return {
        alert: [f"{other.uid}.html", panel.id]
        for other in bundle.dashboards
        if dashboard.service in ("", other.service)
        for panel in other.all_panels()
        for alert in panel.alerts
    }


def _panel(panel: Panel) -> dict[str, Any]:
    return {
        "id": panel.id,
        "title": panel.title,
        "text": panel.text,
        "look": panel.look.value,
        "unit": "" if panel.look is Look.HEATMAP else panel.unit.symbol,  # drawn as counts, one line a bucket
        "edges": panel.unit.symbol if panel.look is Look.HEATMAP else "",
        "interval": int(panel.interval.seconds) or 1,
        "queries": [_query(query) for query in panel.queries],
        "lines": [_line(line) for line in panel.lines],
        "shaded": panel.shaded,
        "alerts": list(panel.alerts),
        "states": [{"value": s.value, "text": s.text, "level": s.level.value} for s in panel.states],
        "columns": [{"label": column.label, "title": column.title} for column in panel.columns],
        "links": [{"title": link.title, "url": link.url} for link in panel.links],
        "sort": panel.sort,
        "descending": panel.descending,
        "byStatus": panel.by_status,
        **{name: _number(bound) for name, bound in _bounds(panel)},
    }


def _bounds(panel: Panel) -> tuple[tuple[str, Decimal], ...]:
    bounds = (("lowest", panel.lowest), ("highest", panel.highest))
    return tuple((name, bound) for name, bound in bounds if bound is not None)


def _query(query: Query) -> dict[str, Any]:
    said = {"empty": query.empty} if query.empty else {}
    unit = {"unit": query.unit.symbol} if query.unit is not None else {}
    return {"expr": query.expr, "legend": query.legend, "instant": query.instant, **said, **unit}


def _line(line: Line) -> dict[str, Any]:
    return {
        "value": _number(line.value),
        "level": line.level.value,
        "direction": line.direction.value,
        "text": line.text,
    }


def _number(value: Decimal) -> float:
    return float(decimal_text(value))


@cache
def _templates() -> Environment:
    # What comes from specs is escaped; scripts and styles are ours, and marked so in the template.
    return Environment(
        loader=FileSystemLoader(PARTS), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _uplot() -> str:
    return _text(UPLOT / "uPlot.iife.min.js")


@cache
def _styles() -> str:
    return "\n".join((_text(UPLOT / "uPlot.min.css"), _text(PARTS / "board.css")))


@cache
def _script() -> str:
    """Join the parts into one strict script, whose names reach nothing outside."""
    parts = "\n".join(_text(PARTS / name) for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}}})();\n'
