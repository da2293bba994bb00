"""Several services, teams, environments and clusters in one tree, and a platform under a time scale."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from spectree import PLATFORM, compile_tree, service, write_tree
from watchbill.model.bundle import Bundle
from watchbill.outputs import render
from watchbill.publish import artifacts
from watchbill.quantity import TimeScale
from watchbill.tools import GENERATIONS, generation
from watchbill.verify import promtool

TWO_TEAMS = PLATFORM.replace(
    "environments:",
    '  payments: {title: Payments, slack: "#pay", email: pay@example.com, pagerduty: pay}\nenvironments:',
).replace("clusters: [main]", "clusters: [eu, us]")
ALERT = "signal: kit, kind: level, metric: load, above: 5, for: 5m, severity: P0, summary: Load, action: Look"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    shop = (
        service({"LoadHigh": ALERT})
        + "scrape: {shop: {targets: {production/eu: [a:1], production/us: [b:1], staging: [c:1]}}}\n"
    )
    pay = service({"LoadHigh": ALERT, "LoadOdd": ALERT + ", stage: shadow"}, name="pay").replace(
        "team: backend", "team: payments"
    )
    pay = pay.replace("target:", "environments: [production]\ntarget:")
    files = {"platform.yaml": TWO_TEAMS, "services/shop.yaml": shop, "services/pay.yaml": pay}
    return compile_tree(write_tree(tmp_path_factory.mktemp("tree"), files))


def rules(bundle: Bundle) -> list[dict[str, Any]]:
    tree = {path: text for path, text in render(bundle).items() if path.endswith(".rules.yml")}
    return [rule for text in tree.values() for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def test_each_alert_belongs_to_its_services_team(bundle: Bundle) -> None:
    owners = {(rule["labels"]["service"], rule["labels"]["team"]) for rule in rules(bundle)}
    assert owners == {("shop", "backend"), ("pay", "payments")}


def test_the_same_name_in_two_services_is_two_alerts(bundle: Bundle) -> None:
    ids = [alert["id"] for alert in json.loads(render(bundle)["catalog.json"])["alerts"]]
    pay, shop = (
        ("KitMetricsAbsent", "LoadHigh", "LoadOdd", "TargetDown"),
        ("KitMetricsAbsent", "LoadHigh", "TargetDown"),
    )
    assert ids == [f"pay/{name}" for name in pay] + [f"shop/{name}" for name in shop]


def test_absence_is_asked_for_each_cluster_of_the_services_own_environments(bundle: Bundle) -> None:
    asked = Counter(
        (rule["labels"]["service"], rule["labels"]["env"], rule["labels"]["cluster"])
        for rule in rules(bundle)
        if rule["alert"] == "KitMetricsAbsent"
    )
    production = [(name, "production", cluster) for name in ("pay", "shop") for cluster in ("eu", "us")]
    assert asked == dict.fromkeys([*production, ("shop", "staging", "lab")], 1)


def test_a_shadow_alert_says_so_in_a_label_and_others_do_not(bundle: Bundle) -> None:
    stages = {rule["alert"]: rule["labels"].get("stage") for rule in rules(bundle)}
    assert stages == {"LoadHigh": None, "LoadOdd": "shadow", "KitMetricsAbsent": None, "TargetDown": None}


def test_env_and_cluster_are_target_labels_of_the_scrape_configuration(bundle: Bundle) -> None:
    config = yaml.safe_load(render(bundle)["prometheus/prometheus.yml"])
    (job,) = config["scrape_configs"]
    assert [(entry["targets"], entry["labels"]) for entry in job["static_configs"]] == [
        (["a:1"], {"cluster": "eu", "env": "production"}),
        (["b:1"], {"cluster": "us", "env": "production"}),
        (["c:1"], {"cluster": "lab", "env": "staging"}),
    ]


@pytest.mark.parametrize("name", GENERATIONS)
def test_promtool_accepts_all_of_it_and_every_test_passes(bundle: Bundle, name: str, tmp_path: Path) -> None:
    artifacts.write(tmp_path, render(bundle))
    tool = generation(name).promtool
    assert promtool.check(tool, tmp_path / "prometheus") == ()
    result = promtool.test(tool, sorted((tmp_path / "prometheus/tests").iterdir()))
    assert result.returncode == 0, result.stdout + result.stderr


def test_excluded_label_values_are_left_out_of_every_metric_that_carries_the_label(tmp_path: Path) -> None:
    alerts = {
        "Errors": "signal: kit, kind: error_ratio, metric: requests, bad: 5xx, above: 1%, for: 5m, severity: Info,"
        " summary: Errors",
        "LoadHigh": ALERT,
    }
    spec = service(alerts).replace("{profile: kit,", '{profile: kit, exclude: {route: [/ready, "/he.lth"]},')
    made = rules(compile_tree(write_tree(tmp_path, {"services/shop.yaml": spec})))
    exprs = {rule["alert"]: rule["expr"] for rule in made}
    assert exprs["Errors"].count(r'endpoint!~"/he\\.lth|/ready"') == 2
    assert "endpoint" not in exprs["LoadHigh"]


def test_a_time_scale_shortens_every_duration_of_the_rules(tmp_path: Path) -> None:
    alert = ALERT.replace("above: 5,", "above: 5, hold: 3m,")
    specs = write_tree(tmp_path, {"services/shop.yaml": service({"LoadHigh": alert})})
    (rule,) = (r for r in rules(compile_tree(specs, scale=TimeScale(60))) if r["alert"] == "LoadHigh")
    assert (rule["for"], rule["keep_firing_for"]) == ("5s", "5s")
    assert re.findall(r"\[(\w+)\]", rule["expr"]) == ["3s"]
