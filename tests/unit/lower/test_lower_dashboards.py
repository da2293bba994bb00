"""Dashboards as they come out of specs: panels that alerts ask for, and those that authors wrote."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

import condition_cases
from shown import asked
from spectree import PLATFORM, compile_tree, service, write_tree
from watchbill import naming
from watchbill.lower.dashboards.narrow import guard
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle
from watchbill.model.dashboards import Dashboard, Look, Panel
from watchbill.tools import GENERATIONS, generation

CLUSTERS = PLATFORM.replace("clusters: [main]", "clusters: [eu, us]")
ALERT = "signal: kit, kind: level, metric: load, above: 5, for: 5m, severity: Info, summary: Load"
LOAD = "signal: kit, kind: level, metrics: [load], help: Load"
IN_LIFE = {"$__rate_interval": "1m", "$__range": "6h"}


def panel_of(bundle: Bundle, alert: Alert) -> tuple[Dashboard, Panel]:
    uid = alert.dashboard_url.split("/d/")[1].split("/")[0]
    dashboard = next(dashboard for dashboard in bundle.dashboards if dashboard.uid == uid)
    return dashboard, next(panel for panel in dashboard.all_panels() if alert.id in panel.alerts)


def compiled(
    folder: Path, dashboards: str, *, alerts: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None
) -> Bundle:
    text = service(alerts or {"LoadHigh": ALERT}) + f"dashboards:\n{dashboards}"
    return compile_tree(write_tree(folder, {"services/shop.yaml": text, **(files or {})}))


def dashboard(bundle: Bundle, key: str) -> Dashboard:
    return next(d for d in bundle.dashboards if d.uid == naming.dashboard_uid("shop", key))


def shown(bundle: Bundle, title: str, *, key: str = "service") -> Panel:
    return next(panel for panel in dashboard(bundle, key).all_panels() if panel.title == title)


@pytest.mark.parametrize("kind", sorted(condition_cases.CASES))
def test_every_kind_of_alert_gets_a_panel_that_prometheus_can_draw(kind: str, tmp_path: Path) -> None:
    bundle = compile_tree(write_tree(tmp_path, condition_cases.services(kind)))
    rules = []
    for alert in bundle.alerts:
        where, panel = panel_of(bundle, alert)
        rules += [{"record": "panel:x", "expr": asked(q.expr, where, windows=IN_LIFE)} for q in panel.queries]
        if alert.threshold is not None:
            assert alert.id in {line.alert for line in panel.lines} or panel.states
    file = tmp_path / "panels.rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    for name in GENERATIONS:
        command: list[str | Path] = [generation(name).promtool, "check", "rules", "--lint=none", file]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr


def test_alerts_that_share_a_panel_are_all_drawn_in_it(tmp_path: Path) -> None:
    shared = {"One": ALERT + ", panel: Loads", "Two": ALERT.replace("load,", "busy,") + ", panel: Loads"}
    panel = shown(compiled(tmp_path, "  own: []\n", alerts=shared), "Loads")
    assert panel.alerts == ("shop/One", "shop/Two")
    assert [query.expr.split("(")[2].split("{")[0] for query in panel.queries] == ["load", "slots_busy"]
    assert len(panel.lines) == 2


def test_a_panel_draws_its_own_line_and_a_line_in_another_unit_of_the_same_kind(tmp_path: Path) -> None:
    own = "  own:\n    - {title: Latency, signal: kit, kind: quantiles, metrics: [duration_ms], help: x}\n"
    slow = "signal: kit, kind: latency_quantile, metric: duration_ms, quantile: p99, above: 1s, for: 5m, severity: Info"
    bundle = compiled(tmp_path, own, alerts={"Slow": slow + ", summary: Slow, panel: Latency"})
    (line,) = shown(bundle, "Latency").lines
    assert (line.value, line.alert) == (Decimal(1000), "shop/Slow")


def test_a_line_of_an_authors_own_expression_is_drawn_whatever_its_unit(tmp_path: Path) -> None:
    series = "[{metric: load, labels: {zone: a}, healthy: 1, just_below: 4, firing: 8}]"
    example = f"{{series: {series}, value: 4, labels: {{zone: a}}, history: 0s, settles: 0s, clears: 0s}}"
    own = (
        "signal: kit, kind: promql, expr: 'sum by (cluster, env, zone) (load) / 2 > 3', sentence: Odd, above: 3x,"
        f" for: 1m, severity: Info, summary: Odd, example: {example}"
    )
    bundle = compiled(tmp_path, "  own: []\n", alerts={"Odd": own})
    panel = shown(bundle, "Odd")
    assert [(line.value, line.alert) for line in panel.lines] == [(Decimal(3), "shop/Odd")]
    assert panel.queries[0].expr.startswith("sum by (cluster, env, zone)")
    assert ">" not in panel.queries[0].expr
    zone = next(variable for variable in dashboard(bundle, "service").variables if variable.name == "zone")
    assert zone.query.startswith("label_values(")


def test_what_a_service_names_first_comes_first_and_what_it_drops_is_gone(tmp_path: Path) -> None:
    pack = "pack: own\ntitle: Own\nneeds: {kit: kit}\ndashboard: own\npanels:\n" + "".join(
        f"  - {{title: {title}, {LOAD}}}\n" for title in ("A", "B", "C", "D")
    )
    text = "  packs: [own]\n  drop: {B: not needed}\n  order: {own: [D, A]}\n"
    bundle = compiled(tmp_path, text, files={"packs/own.yaml": pack})
    assert [panel.title for panel in dashboard(bundle, "own").panels] == ["D", "A", "C"]


def test_gauges_come_first_and_the_thirteenth_panel_waits_in_a_row(tmp_path: Path) -> None:
    own = "".join(f"    - {{title: P{number:02}, dashboard: own, {LOAD}}}\n" for number in range(13))
    bundle = compiled(tmp_path, f"  own:\n{own}    - {{title: Gauge, dashboard: own, as: gauge, {LOAD}}}\n")
    made = dashboard(bundle, "own")
    assert [panel.title for panel in made.panels] == ["Gauge", *(f"P{number:02}" for number in range(11))]
    (row,) = made.rows
    assert (row.collapsed, [panel.title for panel in row.panels]) == (True, ["P11", "P12"])
    assert made.panels[0].look is Look.GAUGE


def test_a_panel_keeps_its_number_when_others_come_before_it(tmp_path: Path) -> None:
    before = compiled(tmp_path / "one", f"  own:\n    - {{title: Load, {LOAD}}}\n")
    after = compiled(tmp_path / "two", f"  own:\n    - {{title: A Load, {LOAD}}}\n    - {{title: Load, {LOAD}}}\n")
    numbers = [
        {panel.title: panel.id for panel in dashboard(bundle, "service").all_panels()} for bundle in (before, after)
    ]
    assert numbers[0].items() < numbers[1].items()


def test_environments_that_page_come_first_and_clusters_are_distinguished(tmp_path: Path) -> None:
    bundle = compiled(tmp_path, f"  own:\n    - {{title: Load, {LOAD}}}\n", files={"platform.yaml": CLUSTERS})
    made = dashboard(bundle, "service")
    env, cluster = made.variables[:2]
    assert (env.values, env.every) == (("production", "staging"), False)
    assert (cluster.values, cluster.every) == (("eu", "lab", "us"), True)
    assert shown(bundle, "Load").queries[0].legend == "load {{cluster}}"


def test_a_label_that_alerts_lead_with_is_a_variable_of_what_carries_it(tmp_path: Path) -> None:
    alert = "signal: kit, kind: error_ratio, metric: requests, bad: 5xx, above: 1%, per: [route], for: 1m"
    own = f"  own:\n    - {{title: Load, {LOAD}}}\n"
    bundle = compiled(tmp_path, own, alerts={"Bad": alert + ", severity: Info, summary: Bad"})
    made = dashboard(bundle, "service")
    variable = next(variable for variable in made.variables if variable.name == "endpoint")
    assert variable.query == 'label_values(requests_total{cluster=~"$cluster",env="$env",job="shop"}, endpoint)'
    exprs = {panel.title: panel.queries[0].expr for panel in made.all_panels()}
    assert 'endpoint=~"$endpoint"' in exprs["Bad"]
    assert "$endpoint" not in exprs["Load"]


def test_what_an_author_writes_is_never_read_as_a_variable(tmp_path: Path) -> None:
    hostile = service({"LoadHigh": ALERT}).replace("job: shop", 'job: "a$env${b}[[c]]\\"\\\\"')
    bundle = compile_tree(write_tree(tmp_path, {"services/shop.yaml": hostile}))
    for made in bundle.dashboards:
        for panel in made.all_panels():
            for query in panel.queries:
                assert "$env$" not in query.expr
                assert "[[" not in query.expr
        for variable in made.variables:
            assert "a$env" not in variable.query
    expr = shown(bundle, "LoadHigh").queries[0].expr
    assert r'job="a\x24env\x24{b}[\x5bc]]\"\\"' in expr


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ('up{env="$env"}', 'up{env="$env"}'),
        ('up{cluster=~"$cluster"}', 'up{cluster=~"$cluster"}'),
        ('up{job="$env"}', 'up{job="\\x24env"}'),
        ('up{env!="$env"}', 'up{env!="\\x24env"}'),
        ('rate(x{a="5..$"}[$__rate_interval])', 'rate(x{a="5..\\x24"}[$__rate_interval])'),
        ('x{a="\\"$env"}', 'x{a="\\"\\x24env"}'),
    ],
)
def test_only_our_own_variables_stay_in_strings(written: str, kept: str) -> None:
    assert guard(written) == kept


def test_a_kind_of_system_with_alerts_and_no_words_still_has_its_dashboards(tmp_path: Path) -> None:
    bundle = compile_tree(write_tree(tmp_path, {"services/shop.yaml": service({"LoadHigh": ALERT})}))
    made = dashboard(bundle, "service")
    assert [panel.title for panel in made.panels] == ["Firing Alerts", "Targets up", "Metrics present", "LoadHigh"]
