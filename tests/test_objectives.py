"""The objectives that we ship, checked against the numbers of their sources, of which `objective_cases` is the list."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

import shipped
import spectree
from objective_cases import CRITICAL, STATED, flow
from shipped import OUT, ROOT
from watchbill.tools import GENERATIONS, generation
from watchbill.verify.promtool import run

RECORDED_AT = "10m"  # of the injected series; the last five minutes are counted


JOBS = {"automation-server": "servidor-automacao"}  # others are scraped under their own name
PLACE = ('cluster="main"', 'env="production"')


@functools.cache
def objectives() -> dict[str, Any]:
    return {slo["id"]: slo for slo in shipped.catalogue()["slos"]}


def recorded(service: str) -> list[dict[str, Any]]:
    return [rule for rule in shipped.rules() if fnmatchcase(rule["file"], f"{service}.slo.*.events.rules.yml")]


def counted(name: str) -> str:
    """Join what an objective records of events and errors, on one line."""
    service, slo = name.split("/")
    exprs = [rule["expr"] for rule in recorded(service) if rule["labels"]["slo"] == slo]
    return re.sub(r"\s+", " ", " ".join(exprs)).replace("( ", "(").replace(" )", ")")


def test_every_stated_objective_is_shipped_and_no_other() -> None:
    assert set(objectives()) == set(STATED)


@pytest.mark.parametrize("name", sorted(STATED))
def test_objective_is_what_its_source_states(name: str) -> None:
    stated, found = STATED[name], objectives()[name]
    assert (found["sli"], found["objective"], found["period"]) == (stated.kind, stated.objective, "30d")
    expr = counted(name)
    assert set(re.findall(r"([a-z_]+)\{", expr)) == stated.metrics
    assert [text for text in stated.asks if text not in expr] == []
    assert len(set(re.findall(r'le=~?"[^"]*"', expr))) == (stated.kind == "latency")


@pytest.mark.parametrize("name", sorted(STATED))
def test_objective_wakes_somebody_only_where_that_was_decided(name: str) -> None:
    severities = {tier["severity"] for tier in objectives()[name]["tiers"]}
    assert severities == ({"P0", "P1"} if STATED[name].pages else {"P1"})


@pytest.mark.parametrize(("name", "share"), sorted(CRITICAL.items()))
def test_a_share_that_its_source_calls_critical_pages_and_a_smaller_one_does_not(name: str, share: float) -> None:
    above: dict[str, list[float]] = {"P0": [], "P1": []}
    for tier in objectives()[name]["tiers"]:
        above[tier["severity"]].append(tier["above"])
    assert max(above["P1"]) < share < min(above["P0"]) < 2 * share


def placed(series: str, service: str, *, job: str | None = None) -> str:
    """Give a series the labels of a target in production."""
    name, _, written = series.rstrip("}").partition("{")
    labels = [written] if written else []
    labels += [] if "job=" in written else [f'job="{job or JOBS.get(service, service)}"']
    labels += [] if "instance=" in written else ['instance="1"']
    return f"{name}{{{','.join([*labels, *PLACE])}}}"


def case(name: str) -> dict[str, Any]:
    """Inject an objective's series beside others that it must not count, and ask for what it records."""
    stated, (service, slo) = STATED[name], name.split("/")
    inputs = {placed(series, service): values for series, values in stated.series.items()}
    inputs |= {placed(series, service): flow(7) for series in stated.never}
    inputs |= {placed(series, service, job="another"): flow(11) for series in stated.series if "job=" not in series}
    own = f'service="{service}",slo="{slo}",env="production",cluster="main"'
    tests = [
        {
            "expr": f"sum(abs({record}{{{own}}} - {value}) < bool 0.0005)",
            "eval_time": RECORDED_AT,
            "exp_samples": [{"labels": "{}", "value": 1}],
        }
        for record, value in zip(("slo:events:sum", "slo:errors:sum"), stated.counts, strict=True)
    ]
    return {
        "name": name,
        "interval": "1m",
        "input_series": [{"series": series, "values": values} for series, values in inputs.items()],
        "promql_expr_test": tests,
    }


def promtool(name: str, folder: Path, tests: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
    files = [str(path) for path in sorted((OUT / "prometheus/rules").glob("*.slo.*.events.rules.yml"))]
    document = {"rule_files": files, "evaluation_interval": "1m", "tests": tests}
    path = folder / "objectives.test.yml"
    path.write_text(yaml.safe_dump(document))
    return run(generation(name).promtool, ["test", "rules", str(path)])


@pytest.mark.parametrize("tool", GENERATIONS)
def test_objectives_count_what_their_sources_call_bad(tool: str, tmp_path: Path) -> None:
    result = promtool(tool, tmp_path, [case(name) for name in STATED])
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("tool", GENERATIONS)
def test_a_median_of_no_requests_is_neither_good_nor_bad_nor_missing(tool: str, tmp_path: Path) -> None:
    quiet = case("support-desk/latency_median")
    for series in quiet["input_series"]:
        series["values"] = flow(0)
    for test in quiet["promql_expr_test"]:
        test["expr"] = test["expr"].replace(" - 1)", ")")
    result = promtool(tool, tmp_path, [quiet])
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_limit_between_buckets_is_refused_with_what_must_change(tmp_path: Path) -> None:
    for name in ("specs", "runbooks", "adr"):
        shutil.copytree(ROOT / name, tmp_path / name)
    spec = tmp_path / "specs/services/automation-server.yaml"
    text = spec.read_text()
    assert text.count("within: 250ms") == 1
    spec.write_text(text.replace("within: 250ms", "within: 200ms"))
    refused = spectree.run(tmp_path, "generate")
    assert refused.code != 0
    for said in ("200ms is no bucket's edge of http_request_duration_seconds", '"0.25s"', "a bucket at 200ms"):
        assert said in refused.stderr


def test_a_service_that_exports_the_missing_bucket_gets_its_own_limit(tmp_path: Path) -> None:
    for name in ("specs", "runbooks", "adr"):
        shutil.copytree(ROOT / name, tmp_path / name)
    spec = tmp_path / "specs/services/automation-server.yaml"
    buckets = "    metrics: {duration: {buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2.5, 5, 10]}}\n"
    text = spec.read_text().replace("within: 250ms", "within: 200ms")
    spec.write_text(text.replace("    presence: [requests]", buckets + "    presence: [requests]", 1))
    bundle = spectree.compile_tree(tmp_path / "specs")
    slo = bundle.service("automation-server").slo("latency")
    assert any('le="0.2"' in rule.expr for group in slo.groups for rule in group.rules)
