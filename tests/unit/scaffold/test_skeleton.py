"""Skeletons: what they ask for, and that nothing passes until it is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from prosetree import WHOLE, tree
from spectree import Run, run

MORE = "runbooks/RB-003-load-odd.md"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    tree(tmp_path, WHOLE)
    assert run(tmp_path, "generate").code == 0
    return tmp_path


def unfilled(outcome: Run) -> list[str]:
    return re.findall(r"^([^:\n]+:\d+):\d+: the skeleton is not filled in: ", outcome.stderr, re.MULTILINE)


def fill(path: Path) -> None:
    text = re.sub(r'"FILL IN: [^"\n]*"', '"Filled"', path.read_text())
    path.write_text(re.sub(r"FILL IN: [^\n]*", "Filled", text))


@pytest.mark.parametrize(
    ("kind", "name", "file"),
    [
        ("runbook", "shop/LoadOdd", MORE),
        ("runbook", "Disk is full", "runbooks/RB-003-disk-is-full.md"),
        ("adr", "Use an outbox", "adr/ADR-001-use-an-outbox.md"),
        ("service", "billing", "specs/services/billing.yaml"),
        ("alert", "shop/OutboxStuck", "specs/services/shop.yaml"),
    ],
)
def test_a_skeleton_names_what_to_fill_in_and_fails_the_gate_at_each_line(
    checkout: Path, kind: str, name: str, file: str
) -> None:
    begun = run(checkout, "new", kind, name)
    assert (begun.code, begun.stderr) == (0, "")
    assert begun.stdout.startswith(f"{file} is begun; fill in\n")
    asked = re.findall(r"^  (\S+:\d+): ", begun.stdout, re.MULTILINE)
    assert asked
    for command in ("check", "generate"):
        refused = run(checkout, command)
        assert refused.code == 1
        assert unfilled(refused) == asked


def test_a_runbook_that_is_filled_in_passes(checkout: Path) -> None:
    run(checkout, "new", "runbook", "shop/LoadOdd")
    fill(checkout / MORE)
    outcome = run(checkout, "generate")
    assert (outcome.code, outcome.stderr) == (0, "")
    text = (checkout / MORE).read_text()
    for taken in ("id: RB-003\n", "severity: Info\n", "owner: backend\n", "alerts: [shop/LoadOdd]\n"):
        assert taken in text


def test_a_runbook_is_begun_for_an_alert_whose_runbook_is_missing(checkout: Path) -> None:
    (checkout / "runbooks/RB-001-load.md").unlink()
    refused = run(checkout, "generate")
    (command,) = re.findall(r"begin one by: watchbill (new runbook \S+)", refused.stderr)
    assert run(checkout, *command.split()).code == 0
    assert "alerts: [shop/LoadHigh]\n" in (checkout / "runbooks/RB-003-load-high.md").read_text()


def test_a_decision_that_is_filled_in_passes(checkout: Path) -> None:
    run(checkout, "new", "adr", "outbox")
    fill(checkout / "adr/ADR-001-outbox.md")
    assert run(checkout, "generate").code == 0


def test_a_decision_is_begun_beside_the_last_one_with_the_next_number(checkout: Path) -> None:
    (checkout / "adr/services").mkdir(parents=True)
    for name in ("adr/services/ADR-007-outbox.md", "adr/ADR-003-other.md"):
        (checkout / name).write_text("Begun")
    assert run(checkout, "new", "adr", "More").stdout.startswith("adr/services/ADR-008-more.md is begun")


def test_an_alert_is_added_to_the_services_own_and_nothing_else_changes(checkout: Path) -> None:
    path = checkout / "specs/services/shop.yaml"
    before = path.read_text().splitlines()
    run(checkout, "new", "alert", "shop/OutboxStuck")
    after = path.read_text().splitlines()
    start = after.index("    OutboxStuck:")
    assert after[:start] + after[start + 9 :] == before
    assert all(line.startswith("      ") for line in after[start + 1 : start + 9])


def test_a_service_without_alerts_of_its_own_gets_them(checkout: Path) -> None:
    path = checkout / "specs/services/shop.yaml"
    path.write_text(path.read_text().partition("  own:")[0] + "  packs: []\n")
    assert run(checkout, "new", "alert", "shop/OutboxStuck").code == 0
    assert "alerts:\n  own:\n    OutboxStuck:\n      signal: " in path.read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["alert", "shop/LoadHigh"], 1, "shop/LoadHigh exists already"),
        (["alert", "shap/New"], 2, 'service "shap" is unknown; use "shop"'),
        (["alert", "New"], 2, '"New" names no alert; write service/Alert'),
        (["runbook", "shop/LoadHihg"], 2, 'there is no alert "shop/LoadHihg"; use "shop/LoadHigh"'),
        (["runbook", "???"], 2, "holds no word to name a file by"),
        (["service", "shop"], 1, "shop.yaml exists already"),
        (["service", "../x"], 2, "is no name of a service"),
        (["panel", "x"], 2, "'panel' is not one of"),
    ],
)
def test_what_cannot_be_begun_is_reported(checkout: Path, arguments: list[str], code: int, said: str) -> None:
    before = {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()}
    outcome = run(checkout, "new", *arguments)
    assert outcome.code == code
    assert said in outcome.stderr
    assert {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()} == before


def test_alerts_in_braces_are_left_to_their_author(checkout: Path) -> None:
    path = checkout / "specs/services/shop.yaml"
    path.write_text(path.read_text().partition("alerts:")[0] + "alerts: {packs: []}\n")
    outcome = run(checkout, "new", "alert", "shop/OutboxStuck")
    assert (outcome.code, "stands in braces" in outcome.stderr) == (1, True)
