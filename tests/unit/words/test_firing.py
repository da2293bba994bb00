from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from spectree import compile_tree, service, write_tree
from watchbill.words import firing

LEVEL = "signal: kit, kind: level, metric: load, above: 5, for: 5m, severity: Info, summary: Load"
SERIES = {"env": "production", "cluster": "main", "team": "of-the-series"}


def test_an_alert_that_fires_carries_the_labels_of_its_series_and_over_them_those_of_its_rule(tmp_path: Path) -> None:
    alert = compile_tree(write_tree(tmp_path, {"services/shop.yaml": service({"LoadHigh": LEVEL})})).alert(
        "shop/LoadHigh"
    )
    found = firing.fired(alert, SERIES, Decimal("7.123456"))
    own = {"alertname": "LoadHigh", "service": "shop", "severity": "Info", "subject": "kit"}
    assert {label: found.labels[label] for label in own} == own
    assert (found.labels["env"], found.labels["team"]) == ("production", alert.team)
    assert found.annotations["summary"] == "Load: shop in production/main"
    assert "Now 7.123" in found.annotations["description"]
    assert found.measured == ("7.123",)
    assert found.annotations.keys() == firing.templates(alert).keys()


def test_a_label_value_adds_no_parameter_to_the_address_of_the_panel(tmp_path: Path) -> None:
    alert = compile_tree(write_tree(tmp_path, {"services/shop.yaml": service({"LoadHigh": LEVEL})})).alert(
        "shop/LoadHigh"
    )
    found = firing.fired(alert, {**SERIES, "cluster": "a&var-env=b"}, Decimal(7))
    assert found.annotations["dashboard_url"].endswith("&var-cluster=a%26var-env%3Db&var-env=production")
