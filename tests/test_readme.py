"""What the README and the guide show is compiled, and is what comes out."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import click
import pytest
import yaml

from watchbill import cli
from watchbill.explain import explain, find, matrix
from watchbill.model.bundle import Bundle
from watchbill.pipeline import compile_specs, rendered

ROOT = Path(__file__).parents[1]
GUIDE = {path.stem: path.read_text() for path in sorted((ROOT / "docs").glob("*.md"))}
README = (ROOT / "README.md").read_text()
PAGES = {"README.md": README} | {f"docs/{name}.md": text for name, text in GUIDE.items()}
MOST_LINES = 150
COMMANDS = set(cli.cli.list_commands(click.Context(cli.cli)))


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def compiled(folder: Path, *, more: str = "") -> Bundle:
    shutil.copy(ROOT / "specs/platform.yaml", folder)
    (folder / "services").mkdir()
    (folder / "services/checkout.yaml").write_text(blocks("yaml")[0] + more)
    return compile_specs(folder).bundle


def test_the_example_has_ten_lines() -> None:
    assert len(blocks("yaml")[0].splitlines()) == 10


def test_the_rule_that_is_shown_is_the_one_that_comes_out(tmp_path: Path) -> None:
    shown = blocks("yaml")[1]
    assert len(shown) > 500
    assert shown in rendered(compiled(tmp_path))["prometheus/rules/checkout.http-api.rules.yml"]


def test_the_explanation_that_is_shown_is_what_explain_says(tmp_path: Path) -> None:
    bundle = compiled(tmp_path)
    said = explain(bundle, find(bundle, "checkout/HTTP5xxErrorRateCritical"))
    assert blocks("text")[0] == said.replace(str(tmp_path), "specs") + "\n"


def test_the_counts_that_are_reported_are_true(tmp_path: Path) -> None:
    bundle = compiled(tmp_path)
    assert [alert.source for alert in bundle.alerts].count("pack:http-api") == 8
    assert len(bundle.alerts) == 10
    texts = [text for path, text in rendered(bundle).items() if path.startswith("prometheus/tests/")]
    assert sum(len(yaml.safe_load(text)["tests"]) for text in texts) == 40
    assert "the eight alerts" in README
    assert "40 promtool tests" in README


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= MOST_LINES


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_link_into_the_repository_leads_somewhere(page: str) -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", PAGES[page]) if not link.startswith("http")]
    found = {link: (ROOT / page).parent / link.partition("#")[0] for link in links}
    assert [link for link, path in found.items() if not path.exists()] == []


def test_the_readme_leads_to_every_page_of_the_guide() -> None:
    pages = {f"docs/{name}.md" for name in GUIDE if name != "README"}
    assert pages <= set(re.findall(r"\]\(([^)]+)\)", README))
    assert {page.removeprefix("docs/") for page in pages} <= set(re.findall(r"\]\(([^)]+)\)", GUIDE["README"]))


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_command_and_every_block_of_yaml_is_real(page: str) -> None:
    """Each block of YAML is compiled by a test of its own below; here none is added that no test reads."""
    for text in blocks("yaml", PAGES[page]):
        assert yaml.safe_load(text)
    assert len(blocks("yaml", PAGES[page])) == COMPILED.get(page, 0)
    lines = [
        line for language in ("sh", "console") for text in blocks(language, PAGES[page]) for line in text.split("\n")
    ]
    called = {match[1] for line in lines if (match := re.match(r"(?:\$ )?watchbill ([a-z]+)", line))}
    listed = set(re.findall(r"^\| `watchbill ([a-z]+)", PAGES[page], re.MULTILINE))
    assert called | listed <= COMMANDS
    made = set(re.findall(r"`make ([a-z]+)`|^make ([a-z]+)", PAGES[page], re.MULTILINE))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {name for pair in made for name in pair if name} <= targets


COMPILED = {"README.md": 2, "docs/objectives.md": 1, "docs/drills.md": 1, "docs/dashboards.md": 1}


def test_the_page_of_commands_lists_all_of_them() -> None:
    assert set(re.findall(r"^\| `watchbill ([a-z]+)", GUIDE["commands"], re.MULTILINE)) == COMMANDS


def test_the_matrix_that_is_shown_is_what_explain_says(tmp_path: Path) -> None:
    assert blocks("console", GUIDE["routing"])[0] == matrix.text(compiled(tmp_path)) + "\n"


def test_the_message_that_is_shown_is_the_one_that_is_sent() -> None:
    golden = (ROOT / "tests/cases/messages/page/slack.txt").read_text()
    fields = dict(re.findall(r"^# (\S+)\n(.*?)(?=^# |\Z)", golden, re.MULTILINE | re.DOTALL))
    dated = re.sub(r"<!date\^[^|]*\|([^>]*)>", r"\1", f"{fields['title']}\n{fields['text']}")
    plain = re.sub(r"<https://[^|]*\|([^>]*)>", r"[\1]", dated).replace("*", "").replace("_A ", "A ")
    buttons = " ".join(f"[{fields[f'actions.{number}.text'].strip()}]" for number in range(3))
    assert blocks("console", GUIDE["routing"])[1] == f"{plain.replace('P1s._', 'P1s.').rstrip()}\n{buttons}\n"


def test_the_objective_that_is_shown_is_compiled_and_explained_as_shown(tmp_path: Path) -> None:
    bundle = compiled(tmp_path, more=blocks("yaml", GUIDE["objectives"])[0])
    said = explain(bundle, find(bundle, "checkout/availability"))
    assert blocks("text", GUIDE["objectives"])[0] == said.replace(str(tmp_path), "specs") + "\n"


def test_the_figures_that_are_reported_are_those_of_the_last_benchmark() -> None:
    accuracy = json.loads((ROOT / "bench/results/slo-accuracy.json").read_text())["scenarios"]
    newest = {row["title"]: row for row in accuracy if row["generation"] == "newest"}
    rows = re.findall(r"^\| ([^|]+) \| ([0-9.]+) \| ([0-9.]+|none) \|$", GUIDE["objectives"], re.MULTILINE)
    assert len(rows) == 5
    for title, ours, mean in rows:
        notified = newest[title]["mean_of_ratios"]
        assert (ours, mean) == (f"{newest[title]['ratio']:.2f}", "none" if notified is None else f"{notified:.2f}")
    cost = json.loads((ROOT / "bench/results/slo-cost.json").read_text())["tools"]
    for series in (20, 500):
        read = [f"{t['samples_per_minute']:,.0f}" for t in cost if (t["series"], t["generation"]) == (series, "newest")]
        assert f"| of {series} series | {' | '.join(read)} |" in GUIDE["objectives"]


def test_the_panels_that_are_shown_are_compiled(tmp_path: Path) -> None:
    made = {
        dashboard.uid: dashboard
        for dashboard in compiled(tmp_path, more=blocks("yaml", GUIDE["dashboards"])[0]).dashboards
    }
    (orders,) = made["checkout-business"].panels
    assert orders.title == "Orders per Minute"
    first = made["checkout-http-metrics"].panels
    assert first[0].title == "Error Rate (4xx + 5xx)"
    assert "Request Size Percentiles" not in {panel.title for panel in first}


def test_the_drill_that_is_shown_is_shipped() -> None:
    shown = yaml.safe_load(blocks("yaml", GUIDE["drills"])[0])
    assert shown == yaml.safe_load((ROOT / f"specs/drills/{shown['drill']}.yaml").read_text())
