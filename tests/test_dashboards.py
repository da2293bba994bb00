"""The dashboards that we ship, as Grafana gets them: what stands in out/grafana, checked by Grafana's own schema,
by promtool, and by the rules that others' dashboards have taught."""

from __future__ import annotations

import json
import re
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import units

import shipped
from shipped import OUT, catalogue
from shown import asked
from watchbill.conditions import kinds
from watchbill.promql import selections
from watchbill.tools import GENERATIONS, generation

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # the next form is read by Grafana 12 and later only
    from grafana_foundation_sdk.models.dashboard import Dashboard

FILES = sorted((OUT / "grafana/dashboards").glob("*.json"))
IN_LIFE = {"$__rate_interval": "1m", "$__range": "6h"}
KNOWN_UNITS = {value for name, value in vars(units).items() if isinstance(value, str) and not name.startswith("_")}


@cache
def written(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


@dataclass(frozen=True)
class Shown:
    dashboard: str
    panel: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.panel['title']}"


def panels(path: Path) -> list[dict[str, Any]]:
    found = []
    for panel in written(path)["panels"]:
        found += [panel, *panel.get("panels", [])] if panel["type"] == "row" else [panel]
    return found


def drawn() -> Iterator[Shown]:
    for path in FILES:
        yield from (Shown(path.stem, panel) for panel in panels(path) if panel["type"] != "row")


def expressions() -> list[tuple[str, str]]:
    found = []
    for dashboard in shipped.bundle().dashboards:
        for panel in dashboard.all_panels():
            found += [
                (f"{dashboard.uid}: {panel.title}", asked(q.expr, dashboard, windows=IN_LIFE)) for q in panel.queries
            ]
    return found


def lost(before: Any, after: Any, path: str = "") -> list[str]:
    """List what a checker has dropped or changed."""
    if isinstance(before, dict) and isinstance(after, dict):
        gone = [f"{path}.{key}" for key in before if key not in after]
        return gone + [
            found for key in before if key in after for found in lost(before[key], after[key], f"{path}.{key}")
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [found for index, (one, other) in pairs for found in lost(one, other, f"{path}[{index}]")]
    return [] if before == after else [f"{path}: {before!r} became {after!r}"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_grafanas_own_schema_keeps_every_key(path: Path) -> None:
    register_default_plugins()
    read = Dashboard.from_json(written(path))
    assert lost(written(path), json.loads(JSONEncoder(sort_keys=True).encode(read))) == []


def test_there_is_a_dashboard_of_each_kind_for_each_system() -> None:
    keys = {path.stem for path in FILES}
    for service in ("automation-server", "conversations-platform", "core-api", "support-desk", "whatsapp-gateway"):
        assert {f"{service}-{key}" for key in ("http-metrics", "infrastructure", "service", "slo")} <= keys
    assert {"core-api-database-queries", "core-api-business", "support-desk-database-queries"} <= keys
    assert {"all-services-on-call", "all-services-slo", "monitoring-monitoring"} <= keys


# The panels that the source document names.
HTTP = [
    ("Latency p99", "gauge"),
    ("Active Connections", "gauge"),
    ("Request Rate by Endpoint", "timeseries"),
    ("Error Rate (4xx + 5xx)", "timeseries"),
    ("Latency Percentiles", "timeseries"),
    ("Status Codes", "piechart"),
    ("Request Duration Heatmap", "heatmap"),
    ("Error Rate by Endpoint", "timeseries"),
    ("Top 10 Slowest Endpoints", "table"),
    ("Request Size Percentiles", "timeseries"),
]
INFRASTRUCTURE = [
    ("Database Connection Pool Utilization", "gauge"),
    ("Redis Connection Pool Utilization", "gauge"),
    ("Cache Hit Rate", "gauge"),
    ("Memory Usage", "gauge"),
    ("Database Connection Pool Details", "timeseries"),
    ("Circuit Breaker States", "state-timeline"),
    ("Cache Operations", "timeseries"),
    ("CPU Usage", "timeseries"),
    ("Database Connection Wait Time", "timeseries"),
    ("Circuit Breaker Transitions", "timeseries"),
    ("Memory Details", "timeseries"),
    ("Infrastructure Health Summary", "table"),
]


@pytest.mark.parametrize(("key", "named"), [("http-metrics", HTTP), ("infrastructure", INFRASTRUCTURE)])
def test_core_api_has_the_panels_that_its_source_names(key: str, named: list[tuple[str, str]]) -> None:
    path = OUT / f"grafana/dashboards/core-api-{key}.json"
    assert [(panel["title"], panel["type"]) for panel in panels(path)] == named


@pytest.mark.parametrize(
    ("key", "title", "colours"),
    [
        ("http-metrics", "Latency p99", [("green", None), ("yellow", 0.5), ("red", 1)]),
        ("infrastructure", "Memory Usage", [("green", None), ("yellow", 0.7), ("red", 0.9)]),
        (
            "infrastructure",
            "Redis Connection Pool Utilization",
            [("green", None), ("yellow", 0.7), ("dark-yellow", 0.8), ("red", 0.9)],
        ),
        ("infrastructure", "Cache Hit Rate", [("red", None), ("yellow", 0.6), ("green", 0.8)]),
    ],
)
def test_gauges_turn_yellow_and_red_where_their_source_says(key: str, title: str, colours: list[Any]) -> None:
    path = OUT / f"grafana/dashboards/core-api-{key}.json"
    panel = next(panel for panel in panels(path) if panel["title"] == title)
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [(step["color"], step["value"]) for step in steps] == colours


@pytest.mark.parametrize("alert", [a["id"] for a in catalogue()["alerts"]])
def test_every_alert_leads_to_a_panel_that_draws_its_threshold(alert: str) -> None:
    entry = shipped.alerts()[alert]
    found = re.fullmatch(r"https://grafana\.example\.com/d/([^/]+)/\1\?viewPanel=(\d+)&(.*)", entry["dashboard_url"])
    assert found is not None
    path = OUT / f"grafana/dashboards/{found[1]}.json"
    panel = next(panel for panel in panels(path) if panel["id"] == int(found[2]))
    variables = {variable["name"] for variable in written(path)["templating"]["list"]}
    assert {part.split("=")[0].removeprefix("var-") for part in found[3].split("&")} <= variables
    assert {"title": f"Runbook: {entry['name']}", "url": entry["runbook_url"], "targetBlank": True} in panel["links"]
    assert _draws(panel, entry) or _lineless(panel, entry)


def _lineless(panel: dict[str, Any], entry: dict[str, Any]) -> bool:
    """Whether its condition says why a panel of numbers shows no line for it."""
    reason = kinds()[entry["kind"]].lineless if entry["kind"] in kinds() else ""
    return entry["threshold"] is None and bool(reason) and not panel["fieldConfig"]["defaults"]["mappings"]


def _draws(panel: dict[str, Any], entry: dict[str, Any]) -> bool:
    defaults = panel["fieldConfig"]["defaults"]
    values = {step["value"] for step in defaults["thresholds"]["steps"]} - {None}
    if entry["kind"] == "burn_rate":
        slo = next(slo for slo in catalogue()["slos"] if entry["id"] in slo["alerts"])
        return {float(tier["factor"]) for tier in slo["tiers"] if tier["severity"] == entry["severity"]} <= values
    if entry["kind"] in {"sli_missing", "unlabelled"}:
        return {"sli_missing": 1.0, "unlabelled": 0.0}[entry["kind"]] in values
    if defaults["mappings"]:  # of states, each with its colour: DOWN is the line
        return any(state["color"] == "red" for state in defaults["mappings"][0]["options"].values())
    if entry["threshold"] is None:  # its limit moves
        return any(target["legendFormat"] == f"{entry['name']}: limit" for target in panel["targets"])
    return any(_in_unit(entry, defaults["unit"]) == pytest.approx(value, rel=1e-12) for value in values)


def _in_unit(entry: dict[str, Any], unit: str) -> float:
    """Convert a threshold as a person would, beside the compiler: what is not listed stands as it is."""
    factors = {("d", "s"): 86400.0, ("ms", "s"): 0.001, ("ratio", "short"): 0.0, ("ratio", "bytes"): 0.0}
    factor = factors.get((entry["unit"], unit), 1.0)
    if not factor:  # a share of a limit that the signal states as a number
        signal = shipped.bundle().service(entry["service"]).signal(entry["subject"])
        (limit,) = (limit.number for name, limit in signal.limits.items() if limit.number and name in LIMITS)
        factor = float(limit)
    return float(entry["threshold"]) * factor


LIMITS = {"connections", "sessions", "heap"}


@pytest.mark.parametrize("name", GENERATIONS)
def test_promtool_reads_every_expression(name: str, tmp_path: Path) -> None:
    found = expressions()
    assert len(found) > 500
    rules = [{"record": f"panel:{number}", "expr": expr} for number, (_, expr) in enumerate(found)]
    file = tmp_path / "panels.rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    result = subprocess.run(
        [generation(name).promtool, "check", "rules", "--lint=none", file], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_recorded_series_that_a_panel_reads_is_made_by_a_rule() -> None:
    made = {rule.get("record") for rule in shipped.rules()}
    read = {found.metric for _, expr in expressions() for found in selections(expr) if ":" in (found.metric or "")}
    assert len(read) > 10
    assert read <= made


@pytest.mark.parametrize("name", GENERATIONS)
def test_limits_of_another_day_are_drawn_once_there_is_one(name: str, tmp_path: Path) -> None:
    dashboard = next(d for d in shipped.bundle().dashboards if d.uid == "core-api-http-metrics")
    (panel,) = (panel for panel in dashboard.panels if panel.title == "Request Rate by Endpoint")
    limits = {q.legend: asked(q.expr, dashboard, windows=IN_LIFE) for q in panel.queries if q.empty}
    assert set(limits) == {"HTTPTrafficSpike: limit", "HTTPTrafficDrop: limit"}
    series = 'http_requests_total{cluster="main",env="production",instance="a",job="core-api",endpoint="/x"}'
    place = '{cluster="main", env="production"}'
    wanted = {"HTTPTrafficSpike: limit": 6, "HTTPTrafficDrop: limit": 1}
    cases = [
        {"expr": expr, "eval_time": "26h", "exp_samples": [{"labels": place, "value": wanted[legend]}]}
        for legend, expr in limits.items()
    ]
    test = {"interval": "1m", "input_series": [{"series": series, "values": "0+120x1600"}], "promql_expr_test": cases}
    file = tmp_path / "limits.test.yml"
    file.write_text(yaml.safe_dump({"rule_files": [], "evaluation_interval": "1m", "tests": [test]}))
    result = subprocess.run(
        [generation(name).promtool, "test", "rules", file], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


# Rules that others' dashboards have taught; each is asked of every dashboard, and names what breaks it.


def test_every_panel_says_what_it_is_asks_something_and_knows_its_unit() -> None:
    for shown in drawn():
        panel = shown.panel
        assert panel["title"].strip(), shown
        assert len(panel["description"]) > 20, shown
        assert all(target["expr"] for target in panel["targets"]), shown
        assert panel["targets"], shown
        unit = panel["fieldConfig"]["defaults"]["unit"]
        assert unit in KNOWN_UNITS or unit.startswith("suffix:"), shown


def test_every_source_is_chosen_by_the_variable() -> None:
    for shown in drawn():
        sources = [shown.panel["datasource"], *(target["datasource"] for target in shown.panel["targets"])]
        assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources), shown
    for path in FILES:
        assert written(path)["templating"]["list"][0]["type"] == "datasource"


def test_rates_are_taken_over_the_interval_of_the_step_and_before_any_sum() -> None:
    own = {"Messages per Session"}  # an author's PromQL keeps its author's window
    for shown in drawn():
        for target in shown.panel["targets"]:
            if shown.panel["title"] in own or target["legendFormat"].endswith(": limit"):
                continue
            windows = set(re.findall(r"\b(?:rate|increase|changes)\([^\[]*\[([^\]]+)\]", target["expr"]))
            assert windows <= {"$__rate_interval", "$__range"}, (shown, windows)
            assert not re.search(r"\b(?:rate|increase)\(\s*(?:sum|max|min|avg)\b", target["expr"]), shown


def test_every_query_says_whether_it_is_of_a_range_or_of_now() -> None:
    for shown in drawn():
        for target in shown.panel["targets"]:
            assert target["range"] != target["instant"], shown
            assert target["format"] == {"table": "table", "heatmap": "heatmap"}.get(shown.panel["type"], "time_series")


def test_nothing_is_left_of_grafanalibs_old_defaults() -> None:
    for path in FILES:
        text = path.read_text()
        for junk in (
            "maxDataPoints",
            "intervalFactor",
            "cacheTimeout",
            '"None"',
            '"null"',
            "sharedCrosshair",
            '"rows"',
        ):
            assert junk not in text, (path.name, junk)
        board = written(path)
        assert board["schemaVersion"] >= 39
        assert board["graphTooltip"] == 1
        assert board["editable"] is False


def test_legends_are_shown() -> None:
    for shown in drawn():
        if shown.panel["type"] in {"timeseries", "piechart", "state-timeline"}:
            assert shown.panel["options"]["legend"]["showLegend"] is True, shown


def test_uids_fit_and_numbers_are_unique() -> None:
    uids = [written(path)["uid"] for path in FILES]
    assert len(set(uids)) == len(uids)
    for path in FILES:
        assert len(written(path)["uid"]) <= 40
        assert path.stem == written(path)["uid"]
        numbers = [panel["id"] for panel in panels(path)]
        assert len(set(numbers)) == len(numbers)
        assert all(0 < number < 2**31 for number in numbers)


def test_the_verdict_comes_first_and_at_most_twelve_panels_before_a_row() -> None:
    for path in FILES:
        first = []
        for panel in written(path)["panels"]:
            if panel["type"] == "row" and panel["collapsed"]:
                break
            first.append(panel)
        assert 0 < len(first) <= 12, path.name
        verdicts = [panel["type"] in {"stat", "gauge"} for panel in first]
        if "infrastructure" not in path.stem:
            assert verdicts == sorted(verdicts, reverse=True), path.name


def test_panels_fill_their_lines_and_never_overlap() -> None:
    for path in FILES:
        taken: set[tuple[int, int]] = set()
        for panel in written(path)["panels"]:
            place = panel["gridPos"]
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert not taken & cells, (path.name, panel["title"])
            taken |= cells
        assert all(x < 24 for x, _ in taken)
        assert len(taken) == 24 * (1 + max(y for _, y in taken)), path.name


def test_dashboards_mark_what_fires_and_what_was_deployed() -> None:
    for path in FILES:
        firing, deployed = written(path)["annotations"]["list"]
        assert 'alertstate="firing"' in firing["expr"]
        assert "deployment" in deployed["target"]["tags"]


def test_dashboards_lead_to_each_other_with_variables_and_time() -> None:
    for path in FILES:
        links = written(path)["links"]
        assert len(links) >= 2
        assert all(link["includeVars"] and link["keepTime"] for link in links)
        for link in links:
            if link["type"] == "link":
                assert (OUT / f"grafana/dashboards/{link['url'].split('/')[2]}.json").is_file()


def test_the_catalogue_lists_every_dashboard_and_panel() -> None:
    listed = {entry["uid"]: entry for entry in catalogue()["dashboards"]}
    assert set(listed) == {path.stem for path in FILES}
    for path in FILES:
        entry = listed[path.stem]
        assert OUT / entry["file"] == path
        named = {(panel["id"], panel["title"]) for panel in entry["panels"]}
        assert named == {(panel["id"], panel["title"]) for panel in panels(path) if panel["type"] != "row"}


def test_provisioning_names_the_source_and_how_often_it_is_scraped() -> None:
    sources = shipped.file("out/grafana/provisioning/datasources/watchbill.yml")["datasources"]
    assert sources[0]["url"] == "https://prometheus.example.com"
    assert sources[0]["jsonData"]["timeInterval"] == "15s"
    (provider,) = shipped.file("out/grafana/provisioning/dashboards/watchbill.yml")["providers"]
    assert provider["allowUiUpdates"] is False
