"""The specs that we ship, as their users get them: what stands in out/, checked by both generations of promtool."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import shipped
from shipped import OUT, ROOT, catalogue
from watchbill.audit.run import audit_samples
from watchbill.pipeline import rendered
from watchbill.tools import GENERATIONS, generation
from watchbill.verify.promtool import run

# The source's table of core-api's alerts: severity, threshold in the unit of the comparison, duration.
NAMED = {
    "HTTP5xxErrorRateCritical": ("P0", "> 0.01", "5m"),
    "HTTP4xxErrorRateWarning": ("P1", "> 0.05", "10m"),
    "HTTPLatencyP99Critical": ("P0", "> 0.01", "10m"),
    "HTTPLatencyP99Warning": ("P1", "> 0.01", "15m"),
    "HTTPTrafficSpike": ("P1", "> 3 *", "10m"),
    "EndpointHighErrorRate": ("P1", "> 0.02", "5m"),
    "DatabaseConnectionPoolCritical": ("P0", "> 0.95", "2m"),
    "DatabaseConnectionPoolWarning": ("P1", "> 0.8", "5m"),
    "RedisConnectionPoolWarning": ("P1", "> 0.8", "5m"),
    "CacheHitRateLow": ("P1", "< 0.6", "15m"),
    "CircuitBreakerOpen": ("P0", "> 0", "5m"),
    "CircuitBreakerHalfOpen": ("Info", "> 0", "1m"),
    "MemoryUsageCritical": ("P0", "> 0.9", "5m"),
    "MemoryUsageWarning": ("Info", "> 0.7", "30m"),
    "CPUUsageHigh": ("P1", "> 0.8", "15m"),
    "DatabaseConnectionWaitTimeHigh": ("P1", "> 0.05", "10m"),
    "HealthCheckFailing": ("P0", "<= 0.5", "1m"),
    "ReadinessCheckFailing": ("P0", "<= 0.5", "1m"),
}
EDGES = {"HTTPLatencyP99Critical": "1", "HTTPLatencyP99Warning": "0.5", "DatabaseConnectionWaitTimeHigh": "0.1"}


def rules(service: str = "*") -> list[dict[str, Any]]:
    return [rule for rule in shipped.rules() if "alert" in rule and service in {rule["labels"]["service"], "*"}]


def designed() -> list[dict[str, Any]]:
    return [a for a in catalogue()["alerts"] if a["service"] == "core-api" and a["origin"] not in {"slo", "monitoring"}]


def promtool(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return run(generation(name).promtool, [str(argument) for argument in arguments])


@pytest.mark.parametrize("name", sorted(NAMED))
def test_named_alert_stands_in_the_rules_as_its_source_says(name: str) -> None:
    severity, comparison, lasting = NAMED[name]
    (rule,) = [rule for rule in rules("core-api") if rule["alert"] == name]
    assert rule["labels"]["severity"] == severity
    assert rule["for"] == lasting
    assert comparison in re.sub(r"\s+", " ", rule["expr"])


@pytest.mark.parametrize(("name", "edge"), sorted(EDGES.items()))
def test_latency_alert_asks_for_the_bucket_at_its_threshold(name: str, edge: str) -> None:
    (rule,) = [rule for rule in rules("core-api") if rule["alert"] == name]
    asked = {value.replace("\\\\.", ".") for value in re.findall(r'le=~?"([^"]*)"', rule["expr"])}
    assert [set(value.split("|")) - {f"{edge}.0"} for value in asked] == [{edge}]
    (entry,) = [entry for entry in designed() if entry["name"] == name]
    assert (entry["threshold"], entry["unit"]) == (float(edge), "s")


def test_core_api_has_the_32_alerts_of_its_source() -> None:
    alerts = designed()
    assert Counter(alert["severity"] for alert in alerts) == {"P0": 11, "P1": 15, "Info": 6}
    areas = Counter(alert["origin"].removeprefix("pack:") for alert in alerts)
    infrastructure = {"connection-pool", "redis-pool", "cache", "circuit-breaker", "process", "health"}
    assert areas["http-api"] == 8
    assert areas["database-queries"] == 12
    assert sum(areas[area] for area in infrastructure) == 12


def test_severities_of_each_area_are_those_of_its_source() -> None:
    def severities(*packs: str) -> Counter[str]:
        return Counter(a["severity"] for a in designed() if a["origin"].removeprefix("pack:") in packs)

    assert severities("http-api") == {"P0": 2, "P1": 4, "Info": 2}
    assert severities("database-queries") == {"P0": 4, "P1": 6, "Info": 2}


def test_every_rule_carries_the_labels_and_texts_of_the_contract() -> None:
    for rule in rules():
        assert {"severity", "team", "service", "subject"} <= set(rule["labels"]), rule["alert"]
        texts = rule["annotations"]
        needed = {"summary", "description", "runbook_url", "dashboard_url"}
        assert needed <= set(texts) <= needed | {"impact", "action"}
        assert texts["runbook_url"].endswith(f"/alerts/{rule['labels']['service']}/{rule['alert']}.html")
        assert re.search(r"/d/[a-z0-9-]{1,40}/[a-z0-9-]+\?viewPanel=\d+&var-", texts["dashboard_url"])


def test_every_expression_keeps_env_and_cluster() -> None:
    for rule in rules():
        for labels in re.findall(r"\bby \(([^)]*)\)", rule["expr"]):
            assert {"cluster", "env"} <= set(labels.replace(" ", "").split(",")), rule["alert"]


def test_p0_keeps_firing_and_others_do_not() -> None:
    kept: dict[str, set[str | None]] = {rule["labels"]["severity"]: set() for rule in rules()}
    for rule in rules():
        kept[rule["labels"]["severity"]].add(rule.get("keep_firing_for"))
    assert kept == {"P0": {"5m"}, "P1": {None}, "Info": {None}}


def test_groups_hold_at_most_20_rules_and_have_names_of_their_own() -> None:
    sizes = Counter(rule["group"] for rule in rules())
    assert max(sizes.values()) <= 20
    owners = {rule["group"]: rule["file"] for rule in rules()}
    assert all(owners[rule["group"]] == rule["file"] for rule in rules())


def test_absence_is_asked_for_each_environment_by_name() -> None:
    absences = [rule for rule in rules("core-api") if rule["alert"].endswith("MetricsAbsent")]
    signals = shipped.services()["core-api"]["signals"]
    asked = Counter((rule["labels"]["subject"], rule["labels"]["env"]) for rule in absences)
    assert asked == {(signal, env): 1 for signal in signals for env in ("production", "staging")}
    for rule in absences:
        assert f'env="{rule["labels"]["env"]}"' in rule["expr"]


def test_the_targets_of_every_service_are_watched_job_by_job() -> None:
    watching = {rule["labels"]["service"]: rule["expr"] for rule in rules() if rule["alert"] == "TargetDown"}
    for spec in shipped.services().values():
        (jobs,) = re.findall(r'job=~?"([^"]*)"', watching[spec["service"]])
        assert set(jobs.split("|")) == set(spec["scrape"])


@pytest.mark.parametrize("name", GENERATIONS)
def test_promtool_accepts_every_rule_file(name: str) -> None:
    result = promtool(
        name, "check", "rules", "--lint=all", "--lint-fatal", *sorted((OUT / "prometheus/rules").iterdir())
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "FAILED" not in result.stdout + result.stderr


@pytest.mark.parametrize("name", GENERATIONS)
def test_promtool_accepts_the_configuration(name: str) -> None:
    result = promtool(name, "check", "config", OUT / "prometheus/prometheus.yml")
    assert result.returncode == 0, result.stdout + result.stderr


TEST_FILES = sorted((OUT / "prometheus/tests").glob("*.test.yml"))


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.name)
def test_tests_run_by_promtool_alone_where_they_stand(path: Path) -> None:
    result = promtool("oldest", "test", "rules", path)  # test_prove has the newest run them, on slices of the rules
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_alert_has_a_case_in_which_it_fires() -> None:
    assert {alert for alert, _ in shipped.firings()} == set(shipped.alerts())


def test_a_changed_threshold_is_caught_by_the_examplees(tmp_path: Path) -> None:
    for folder in ("rules", "tests"):
        (tmp_path / folder).mkdir()
    rule_file = OUT / "prometheus/rules/core-api.connection-pool.rules.yml"
    changed = rule_file.read_text().replace("0.95", "0.99", 1)
    (tmp_path / "rules" / rule_file.name).write_text(changed)
    test_file = next(path for path in TEST_FILES if path.name == "core-api.connection-pool.15s.test.yml")
    (tmp_path / "tests" / test_file.name).write_text(test_file.read_text())
    assert promtool("newest", "test", "rules", tmp_path / "tests" / test_file.name).returncode == 1


def test_published_files_name_neither_lines_nor_this_machine() -> None:
    for alert in catalogue()["alerts"]:
        assert re.fullmatch(
            r"specs/services/[a-z-]+\.yaml#(alerts\.[A-Za-z0-9]+|signals\.[a-z_-]+|slos\.[a-z0-9_-]+|target)",
            alert["spec"],
        )
        assert (OUT / alert["rule_file"]).is_file()
        assert (OUT / alert["test_file"]).is_file()
    for path in OUT.rglob("*"):
        if path.is_file():
            assert str(ROOT) not in path.read_text()


def test_out_is_what_the_specs_compile_to() -> None:
    tree = rendered(shipped.bundle())
    assert {path: (OUT / path).read_text() for path in tree} == tree
    assert {str(path.relative_to(OUT)) for path in OUT.rglob("*") if path.is_file()} == set(tree)


def test_samples_of_every_job_satisfy_the_specs() -> None:
    audited = audit_samples(shipped.bundle().services, ROOT / "specs/samples")
    assert [finding.what for entry in audited for finding in entry.findings if entry.failed] == []
    ours = {entry.job for entry in audited if entry.service == "core-api"}
    assert ours == {"core-api", "core-api-health", "core-api-ready", "core-api-postgres"}


def test_samples_of_every_job_fill_every_panel() -> None:
    audited = audit_samples(shipped.bundle().services, ROOT / "specs/samples")
    assert [finding.what for entry in audited for finding in entry.findings if finding.what.startswith("panel ")] == []
