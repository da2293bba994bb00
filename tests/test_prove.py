"""The shipped tree is proven on both generations, and whatever a hand changes in it is found and named."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

import spectree
from shipped import OUT, ROOT, bundle, catalogue, parsed
from watchbill.proof import run
from watchbill.proof.emitted import read_rules
from watchbill.proof.mutants.score import BAR, score
from watchbill.tools import generation

SMALL = "monitoring"  # has no objective, and so is proven in seconds
P0, OBJECTIVE = "core-api/DatabaseConnectionPoolCritical", "core-api/availability"
RULES = "prometheus/rules/core-api.connection-pool.rules.yml"
TESTS = "prometheus/tests/core-api.connection-pool.15s.test.yml"
ROUTES = "alertmanager/alertmanager.yml"
EVENTS = "prometheus/rules/core-api.slo.availability.events.rules.yml"
WINDOWS = "prometheus/rules/core-api.slo.availability.windows.rules.yml"


def untracked(_: str, __: int) -> Callable[[int], None]:
    return lambda _: None


def findings(out: Path, subject: str | None = None, service: str | None = None) -> list[tuple[str, str, str]]:
    scope = run.choose_scope(bundle(), alert=subject, service=service)
    verdict = run.prove(scope, out, generation("newest"), untracked)
    return [(finding.subject, finding.case, finding.text) for finding in verdict.findings]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy what is proven; pages and dashboards are not."""
    for folder in ("alertmanager", "prometheus"):
        shutil.copytree(OUT / folder, tmp_path / "out" / folder)
    return tmp_path / "out"


def test_every_case_of_the_shipped_tree_holds() -> None:
    verdict = run.prove(run.choose_scope(bundle()), OUT, generation("newest"), untracked)
    assert verdict.findings == ()
    named = {(e["id"], case) for kind in ("alerts", "slos") for e in catalogue()[kind] for case in e["cases"]}
    assert named <= {(case.subject, case.case) for case in verdict.proven}


def test_the_oldest_tools_prove_too() -> None:
    """test_shipped runs all the same tests by the oldest promtool, on whole rule files; this one runs no others."""
    verdict = run.prove(run.choose_scope(bundle(), service=SMALL), OUT, generation("oldest"), untracked)
    assert verdict.findings == ()
    assert len(verdict.proven) > 100


def test_every_alert_and_objective_has_its_cases() -> None:
    for alert in catalogue()["alerts"]:
        cases = set(alert["cases"])
        if alert["stage"] == "heartbeat":
            assert cases == {"fires all the time"}
            continue
        assert {"quiet while healthy", "fires", "resolves"} <= cases, alert["id"]
        assert cases & {"quiet without data", "fires without data"}, alert["id"]
        assert ("quiet before for is over" in cases) or alert["for"] in {"0s", "10s", "15s", "30s"}, alert["id"]
        assert ("keeps firing" in cases) == (alert["severity"] == "P0"), alert["id"]
        assert ("truth table" in cases) == (alert["kind"] == "burn_rate"), alert["id"]
    for slo in catalogue()["slos"]:
        wanted = {
            "counts events and errors",
            "windows weigh by traffic",
            "no traffic",
            "each event once",
            "never NaN or infinite",
            "windows of days weigh by traffic",
            "period, coverage and budget",
            "what is older than the period",
        }
        assert wanted <= set(slo["cases"]), slo["id"]
        assert ("a counter that restarts" in slo["cases"]) == (slo["sli"] in {"availability", "latency", "events"})
        assert ("errors that are born late" in slo["cases"]) == (slo["sli"] == "availability")


def edit(place: Path, old: str, new: str, count: int = 1) -> None:
    text = place.read_text()
    assert old in text, f"{place.name} has no {old}"
    place.write_text(text.replace(old, new, count))


EDITS = {
    "threshold": (RULES, "0.95", "0.97"),
    "for": (RULES, "for: 2m", "for: 4m"),
    "keep_firing_for": (RULES, "    keep_firing_for: 5m\n", ""),
    "label": (RULES, "      team: backend\n", ""),
    "severity": (RULES, "severity: P0", "severity: P1"),
    "url": (RULES, "/alerts/core-api/DatabaseConnectionPoolCritical.html", "/alerts/core-api/Gone.html"),
    "metric": (RULES, "db_pool_connections_active", "db_pool_connections_used"),
    "text": (RULES, "summary: ", "summary: Now "),
    "test": (TESTS, "severity: P0", "severity: P1"),
    "alertname": (RULES, "alert: DatabaseConnectionPoolCritical", "alert: DatabaseConnectionPoolFull"),
    "rules of a test": (TESTS, "core-api.connection-pool.rules.yml", "core-api.cache.rules.yml"),
}


@pytest.mark.parametrize("edited", sorted(EDITS))
def test_an_edited_alert_is_found_and_named(edited: str, copy: Path) -> None:
    file, old, new = EDITS[edited]
    edit(copy / file, old, new)
    found = findings(copy, P0)
    assert {subject for subject, _, _ in found} == {P0}, found


def test_an_alert_that_was_removed_is_found_and_named(copy: Path) -> None:
    place = copy / RULES
    content = parsed(place.read_text())
    for group in content["groups"]:
        group["rules"] = [rule for rule in group["rules"] if rule["alert"] != P0.partition("/")[2]]
    place.write_text(yaml.safe_dump(content))
    assert (P0, "stands in the rules", f"{RULES} holds no rule of it, and the specs give 1") in findings(copy, P0)


def test_an_alert_that_nobody_specified_is_found_and_named(copy: Path) -> None:
    file = f"prometheus/rules/{SMALL}.prometheus.rules.yml"
    edit(copy / file, "alert: RuleEvaluationFailing", "alert: Another")
    subjects = {subject for subject, _, _ in findings(copy, service=SMALL)}
    assert f"{SMALL}/RuleEvaluationFailing" in subjects
    everything = run._inventory(run.choose_scope(bundle()), read_rules(copy), copy)
    assert f"alert Another of {file} is in no spec" in {finding.text for finding in everything}


@pytest.mark.parametrize("content", ["", "tests: []\n", None])
def test_tests_that_are_emptied_or_deleted_are_found(content: str | None, copy: Path) -> None:
    place = copy / TESTS
    if content is None:
        place.unlink()
    else:
        place.write_text(content)
    found = findings(copy, P0)
    assert {(subject, case) for subject, case, _ in found} == {(P0, "has its tests")}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (EVENTS, 'status_code=~"5.."', 'status_code=~"4.."'),
        (EVENTS, "[5m]", "[10m]"),
        (WINDOWS, "[2h]", "[1h]"),
        (WINDOWS, "slo:error_ratio:6h", "slo:error_ratio:5h"),
        (WINDOWS, "[30d:5m]", "[7d:5m]"),
        (WINDOWS, "objective: 99.9%", "objective: 99.5%"),
    ],
)
def test_an_edited_recording_is_found_and_named(file: str, old: str, new: str, copy: Path) -> None:
    edit(copy / file, old, new)
    assert {subject for subject, _, _ in findings(copy, OBJECTIVE)} == {OBJECTIVE}


@pytest.mark.parametrize(
    ("pattern", "new"),
    [
        (r'(- severity="P0"\n)', r'- severity="P9"\n'),
        (r"receiver: backend/pagerduty\+slack\+email", "receiver: backend/slack"),
        (r'- team="backend"', '- team="nobody"'),
        (r"    - equal:\n(?:.*\n)*", ""),
    ],
)
def test_edited_routes_are_found_at_the_alerts_that_they_lead_astray(pattern: str, new: str, copy: Path) -> None:
    place = copy / ROUTES
    text = place.read_text()
    changed = re.sub(pattern, new, text, count=0)
    if changed == text:
        changed = re.sub(r"inhibit_rules:\n(?:[ -].*\n)*", "inhibit_rules: []\n", text)
    assert changed != text
    place.write_text(changed)
    found = findings(copy, P0)
    assert found
    assert {subject for subject, _, _ in found} == {P0}


def test_a_rule_file_that_is_no_yaml_is_said_of_its_alerts(copy: Path) -> None:
    (copy / RULES).write_text("groups: [")
    texts = [text for subject, case, text in findings(copy, P0) if case == "stands in the rules"]
    assert len(texts) == 1
    assert texts[0].startswith(f"{RULES} cannot be read: ")


def test_a_proof_without_a_case_fails() -> None:
    scope = run.choose_scope(bundle(), alert=P0)
    empty = run.Scope(bundle(), scope.alerts, (), everything=False)
    verdict = run.prove(empty, OUT, generation("newest"), untracked)
    assert {(finding.subject, finding.case) for finding in verdict.findings} >= {
        (P0, "is proven"),
        ("routing", "is proven"),
    }


def test_a_seeded_sample_of_mutants_is_found_by_the_proofs() -> None:
    found = score(run.choose_scope(bundle()), OUT, generation("newest"), untracked, number=600, seed=1)
    print(f"{found.share:.1%} of {found.run - len(found.argued)} mutants found", *found.survivors, sep="\n")
    assert found.run == 600  # of 200, a score of 97.7% would be below the bar one time in three
    assert found.share >= BAR, found.survivors


# The command.


def prove(*arguments: str) -> spectree.Run:
    return spectree.run(ROOT, "prove", *arguments)


def test_the_command_names_alert_case_and_line_and_writes_junit(copy: Path, tmp_path: Path) -> None:
    edit(copy / RULES, "0.95", "0.97")
    notified = prove(
        "--out", str(copy), "--alert", "DatabaseConnectionPoolCritical", "--junit", str(tmp_path / "junit.xml")
    )
    assert notified.code == 1
    line = re.compile(
        r'^specs/services/core-api\.yaml:\d+:\d+: core-api/DatabaseConnectionPoolCritical fails "fires": at '
    )
    assert [text for text in notified.stderr.splitlines() if line.match(text)] != []
    assert "1 subject failed" in notified.stdout
    suite = ET.parse(tmp_path / "junit.xml").getroot().find("testsuite")  # noqa: S314 (our own file)
    assert suite is not None
    assert suite.get("name") == P0
    assert int(str(suite.get("failures"))) >= 1


def test_one_alert_is_proven_and_reported_as_json() -> None:
    notified = prove("--alert", P0, "--format", "json")
    assert notified.code == 0
    content = json.loads(notified.stdout)
    assert content["failed"] == []
    assert {"subject": P0, "case": "fires"} in content["proven"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--alert", "DatabaseConnectionPoolCritcal"], 'use "core-api/DatabaseConnectionPoolCritical"'),
        (["--alert", "TargetDown"], "several are called"),
        (["--service", "core"], 'no service is called "core"'),
        (["--out", "adr"], "holds nothing to prove"),
        (["--mutants", "some"], 'write how many, or "all"'),
    ],
)
def test_what_cannot_be_proven_is_said(arguments: list[str], said: str) -> None:
    notified = prove(*arguments)
    assert notified.code == 2
    assert said in notified.stderr
