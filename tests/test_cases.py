"""Paired files under `cases/`: what an author writes, and what comes of it.

A case's `service.yaml` is the service "shop", its `profile.yaml` and `pack.yaml` are called "own", its `drill.yaml` is
the drill "fall"; the platform and the profile "kit" of `spectree` stand beside them. `pytest --golden` rewrites the
expected files.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import spectree
from watchbill import channels, conditions, naming, sli, views
from watchbill.model.alerts import Alert
from watchbill.outputs import render
from watchbill.quantity import decimal_text
from watchbill.tools import GENERATIONS

CASES = Path(__file__).parent / "cases"
PLACES = {
    "platform.yaml": "platform.yaml",
    "service.yaml": "services/shop.yaml",
    "profile.yaml": "profiles/own.yaml",
    "pack.yaml": "packs/own.yaml",
    "drill.yaml": "drills/fall.yaml",
}


def _cases(family: str) -> list[str]:
    return sorted(path.name for path in (CASES / family).iterdir())


def _tree(case: Path, root: Path) -> Path:
    files = {PLACES[path.name]: path.read_text(encoding="utf-8") for path in case.glob("*.yaml")}
    return spectree.write_tree(root, files)


def _compare(expected: Path, found: str, *, rewrite: bool) -> None:
    if rewrite:
        expected.parent.mkdir(exist_ok=True)
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def _facts(alert: Alert) -> str:
    line = "no threshold on a panel"
    if alert.threshold is not None:
        threshold = alert.threshold
        line = f"threshold: {threshold.direction} {decimal_text(threshold.value)} {threshold.unit.symbol}".rstrip()
    rows = [f"{alert.name}", f"  {line}"]
    firings = alert.rules[0].example.firing
    rows += [f"  fires at: {decimal_text(firing.value)} {dict(firing.labels)}" for firing in firings]
    return "\n".join(rows)


@pytest.mark.parametrize("name", _cases("conditions"))
def test_a_condition_becomes_these_rules(tmp_path: Path, name: str, request: pytest.FixtureRequest) -> None:
    case, rewrite = CASES / "conditions" / name, request.config.getoption("--golden")
    bundle = spectree.compile_tree(_tree(case, tmp_path))
    own = [alert for alert in bundle.services[0].alerts if alert.area == "own"]
    explained = [spectree.run(tmp_path, "explain", alert.id).stdout for alert in own]
    rules = render(bundle)[naming.rule_file("shop", "own")]
    _compare(case / "expected/rules.yml", rules, rewrite=rewrite)
    _compare(case / "expected/explain.txt", "\n".join(explained), rewrite=rewrite)
    _compare(case / "expected/facts.txt", "\n".join(map(_facts, own)) + "\n", rewrite=rewrite)


@pytest.mark.parametrize("name", _cases("objectives"))
def test_an_objective_becomes_these_rules(tmp_path: Path, name: str, request: pytest.FixtureRequest) -> None:
    case, rewrite = CASES / "objectives" / name, request.config.getoption("--golden")
    bundle = spectree.compile_tree(_tree(case, tmp_path))
    slos = [slo for service in bundle.services for slo in service.slos]
    explained = [spectree.run(tmp_path, "explain", slo.id).stdout for slo in slos]
    tree = render(bundle)
    places = [naming.rule_file("shop", naming.slo_area(slo.name)) for slo in slos]
    _compare(case / "expected/alerts.yml", "\n".join(tree[place] for place in places), rewrite=rewrite)
    for part in ("events", "windows"):
        texts = (tree[naming.slo_rule_file("shop", slo.name, part)] for slo in slos)
        _compare(case / f"expected/{part}.yml", "\n".join(texts), rewrite=rewrite)
    _compare(case / "expected/explain.txt", "\n".join(explained), rewrite=rewrite)


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("name", _cases("objectives"))
def test_an_objectives_alerts_fire_and_stay_quiet(tmp_path: Path, name: str, generation: str) -> None:
    bundle = spectree.compile_tree(_tree(CASES / "objectives" / name, tmp_path))
    assert spectree.run_promtool(bundle, tmp_path / "out", generation, area="slo") == ""


@pytest.mark.parametrize("name", _cases("diagnostics"))
def test_an_author_reads_these_diagnostics(tmp_path: Path, name: str, request: pytest.FixtureRequest) -> None:
    case = CASES / "diagnostics" / name
    _tree(case, tmp_path)
    result = spectree.run(tmp_path, "generate", terminal=True)
    said = result.stderr
    for every in (conditions.kinds(), sli.kinds(), views.kinds(), channels.definitions()):
        said = said.replace(", ".join(every), "(all that there are)")  # a new one changes no case of others
    _compare(case / "expected/stderr.txt", said, rewrite=request.config.getoption("--golden"))
