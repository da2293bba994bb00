"""The README's example is compiled, and what it shows is what comes out."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import yaml

from watchbill.explain import explain, find, matrix
from watchbill.model.bundle import Bundle
from watchbill.pipeline import compile_specs, rendered

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


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


def test_the_counts_that_are_told_are_true(tmp_path: Path) -> None:
    bundle = compiled(tmp_path)
    assert [alert.source for alert in bundle.alerts].count("pack:http-api") == 8
    assert len(bundle.alerts) == 10
    texts = [text for path, text in rendered(bundle).items() if path.startswith("prometheus/tests/")]
    assert sum(len(yaml.safe_load(text)["tests"]) for text in texts) == 40
    assert "the eight alerts" in README
    assert "40 promtool tests" in README


def test_every_link_into_the_repository_leads_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith("http")]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_matrix_that_is_shown_is_what_explain_says(tmp_path: Path) -> None:
    assert blocks("console")[0] == matrix.text(compiled(tmp_path)) + "\n"


def test_the_message_that_is_shown_is_the_one_that_is_sent() -> None:
    golden = (ROOT / "tests/cases/messages/page/slack.txt").read_text()
    fields = dict(re.findall(r"^# (\S+)\n(.*?)(?=^# |\Z)", golden, re.MULTILINE | re.DOTALL))
    dated = re.sub(r"<!date\^[^|]*\|([^>]*)>", r"\1", f"{fields['title']}\n{fields['text']}")
    plain = re.sub(r"<https://[^|]*\|([^>]*)>", r"[\1]", dated).replace("*", "").replace("_A ", "A ")
    assert blocks("console")[1] == plain.replace("P1s._", "P1s.").rstrip() + "\n"


def test_the_objective_that_is_shown_is_compiled_and_explained_as_shown(tmp_path: Path) -> None:
    bundle = compiled(tmp_path, more=blocks("yaml")[2])
    said = explain(bundle, find(bundle, "checkout/availability"))
    assert blocks("text")[1] == said.replace(str(tmp_path), "specs") + "\n"


def test_the_figures_that_are_told_are_those_of_the_last_benchmark() -> None:
    accuracy = json.loads((ROOT / "bench/results/slo-accuracy.json").read_text())["scenarios"]
    newest = {row["title"]: row for row in accuracy if row["generation"] == "newest"}
    rows = re.findall(r"^\| ([^|]+) \| ([0-9.]+) \| ([0-9.]+|none) \|$", README, re.MULTILINE)
    assert len(rows) == 5
    for title, ours, mean in rows:
        notified = newest[title]["mean_of_ratios"]
        assert (ours, mean) == (f"{newest[title]['ratio']:.2f}", "none" if notified is None else f"{notified:.2f}")
    cost = json.loads((ROOT / "bench/results/slo-cost.json").read_text())["tools"]
    for series in (20, 500):
        read = [f"{t['samples_per_minute']:,.0f}" for t in cost if (t["series"], t["generation"]) == (series, "newest")]
        assert f"| of {series} series | {' | '.join(read)} |" in README


def test_the_panels_that_are_shown_are_compiled(tmp_path: Path) -> None:
    made = {dashboard.uid: dashboard for dashboard in compiled(tmp_path, more=blocks("yaml")[4]).dashboards}
    (orders,) = made["checkout-business"].panels
    assert orders.title == "Orders per Minute"
    first = made["checkout-http-metrics"].panels
    assert first[0].title == "Error Rate (4xx + 5xx)"
    assert "Request Size Percentiles" not in {panel.title for panel in first}


def test_the_drill_that_is_shown_is_shipped() -> None:
    shown = yaml.safe_load(blocks("yaml")[3])
    assert shown == yaml.safe_load((ROOT / f"specs/drills/{shown['drill']}.yaml").read_text())
