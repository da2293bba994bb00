"""What every service gets beside its own alerts: its targets are watched, in whatever way they are selected."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import spectree
from watchbill.audit.samples import jobs
from watchbill.model.alerts import Alert, Severity
from watchbill.model.bundle import Service
from watchbill.naming import TARGET_DOWN
from watchbill.outputs.catalog import describe
from watchbill.tools import GENERATIONS, generation
from watchbill.verify import promtool
from watchbill.words.requirements import optional, required

ALERT = "kind: level, metric: load, above: 5, for: 5m, severity: Info, summary: Load"
TWO_JOBS = spectree.service({"LoadHigh": f"{ALERT}, signal: kit", "SideHigh": f"{ALERT}, signal: side"}).replace(
    "alerts:\n",
    "  side: {profile: kit, target: {job: shop-side.car}}\n"
    "scrape:\n"
    "  shop: {targets: {production: [a:1]}}\n"
    "  shop-side.car: {interval: 2m, targets: {production: [a:2]}}\n"
    "alerts:\n",
    1,
)
NO_SCRAPE = spectree.service({"LoadHigh": f"{ALERT}, signal: kit"})


def compiled(folder: Path, text: str) -> tuple[Service, Alert]:
    bundle = spectree.compile_tree(spectree.write_tree(folder, {"services/shop.yaml": text}))
    (service,) = bundle.services
    (alert,) = [alert for alert in service.alerts if alert.name == TARGET_DOWN]
    return service, alert


def expression(alert: Alert) -> str:
    (rule,) = alert.rules
    return " ".join(rule.expr.split())


def test_all_jobs_of_a_service_are_watched_by_one_rule(tmp_path: Path) -> None:
    _, alert = compiled(tmp_path, TWO_JOBS)
    assert r'up{job=~"shop|shop-side\\.car"}' in expression(alert)
    assert (alert.severity, alert.subject, alert.source) == (Severity.P1, "targets", "monitoring")
    assert alert.grouping == ("instance", "job")


def test_the_window_holds_four_samples_of_the_slowest_job(tmp_path: Path) -> None:
    assert "[8m])" in expression(compiled(tmp_path, TWO_JOBS)[1])
    assert "[5m])" in expression(compiled(tmp_path / "usual", NO_SCRAPE)[1])


def test_it_says_how_many_alerts_of_each_job_may_be_blind(tmp_path: Path) -> None:
    _, alert = compiled(tmp_path, TWO_JOBS)
    assert alert.impact == "Alerts that read its job may be blind: 1 on shop, 1 on shop-side.car"
    assert "https://prometheus.example.com/targets" in alert.action


@pytest.mark.parametrize(
    ("target", "selector"),
    [
        ("{job: shop}", 'up{job="shop"}'),
        ("{job: pods, namespace: shop}", 'up{job="pods",namespace="shop"}'),
        ("{app: shop}", 'up{app="shop"}'),
    ],
)
def test_where_others_write_the_scrape_configuration_all_labels_of_the_target_select(
    target: str, selector: str, tmp_path: Path
) -> None:
    _, alert = compiled(tmp_path, NO_SCRAPE.replace("target: {job: shop}", f"target: {target}"))
    assert selector in expression(alert)


def test_a_signal_with_another_target_is_watched_without_a_scrape_section_too(tmp_path: Path) -> None:
    text = NO_SCRAPE.replace("alerts:\n", "  side: {profile: kit, target: {job: side, route: /a}}\nalerts:\n", 1)
    assert 'up{job=~"shop|side"}' in expression(compiled(tmp_path, text)[1])


@pytest.mark.parametrize("name", GENERATIONS)
@pytest.mark.parametrize("target", ["{job: shop}", "{app: shop}", "{job: pods, app: shop}"])
def test_it_fires_for_the_one_target_that_is_down(target: str, name: str, tmp_path: Path) -> None:
    text = NO_SCRAPE.replace("target: {job: shop}", f"target: {target}")
    bundle = spectree.compile_tree(spectree.write_tree(tmp_path, {"services/shop.yaml": text}))
    assert spectree.run_promtool(bundle, tmp_path / "out", name, area="monitoring.*") == ""


# `up` of the target a:1 in steps of 15s over 30m: whether it is notified in the end
SCRAPES = {
    "a target that answers every second time is noticed": ("1 0 " * 60, True),
    "a target that answers every third time is noticed": ("1 0 0 " * 40, True),
    "a target that loses every third scrape is not": ("1 1 0 " * 40, False),
    "a target that crashes two minutes after each start is noticed": (("1 " * 8 + "0 " * 20) * 5, True),
    "a target that restarts once is not": ("1 " * 108 + "0 " * 6 + "1 " * 6, False),
    "a target that the discovery has lost is not": ("1 " * 60 + "_ " * 60, False),
}


@pytest.mark.parametrize("name", GENERATIONS)
def test_targets_that_answer_sometimes_are_noticed_without_flapping(name: str, tmp_path: Path) -> None:
    _, alert = compiled(tmp_path, TWO_JOBS.replace("interval: 2m", "interval: 15s"))
    (tmp_path / "rules.yml").write_text(
        yaml.safe_dump({"groups": [{"name": "g", "rules": [{"alert": "A", "expr": alert.rules[0].expr, "for": "5m"}]}]})
    )
    where = {"cluster": "main", "env": "production", "instance": "a:1", "job": "shop"}
    inside = ",".join(f'{label}="{value}"' for label, value in where.items())
    tests = [
        {
            "name": case,
            # scraped five seconds after each evaluation: 2.42 would else count both ends of the window
            "interval": "5s",
            "input_series": [
                {"series": f"up{{{inside}}}", "values": "".join(f"_ {up} _ " for up in values.split())},
                {"series": f'up{{{inside},shard="b"}}', "values": "1x360"},  # the worst of an address counts
            ],
            "alert_rule_test": [
                {"eval_time": at, "alertname": "A", "exp_alerts": [{"exp_labels": where}] if notified else []}
                for at in ("25m", "27m30s", "29m30s")
            ],
        }
        for case, (values, notified) in SCRAPES.items()
    ]
    file = tmp_path / "scrapes.test.yml"
    file.write_text(yaml.safe_dump({"rule_files": ["rules.yml"], "evaluation_interval": "15s", "tests": tests}))
    result = promtool.test(generation(name).promtool, [file])
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_service_is_not_asked_to_export_what_prometheus_makes(tmp_path: Path) -> None:
    service, _ = compiled(tmp_path, TWO_JOBS)
    assert list(jobs(service)) == ["shop", "shop-side.car"]
    assert "up" not in {entry.name for entry in required(service)}
    assert "up" not in {metric.name for _, metric in optional(service)}


def test_the_catalogue_points_at_the_target_in_the_spec(tmp_path: Path) -> None:
    specs = spectree.write_tree(tmp_path, {"services/shop.yaml": TWO_JOBS})
    bundle = spectree.compile_tree(specs)
    alert = bundle.alert(f"shop/{TARGET_DOWN}")
    assert describe(alert, bundle)["spec"] == "specs/services/shop.yaml#target"
    assert alert.origin.span.line == 4
