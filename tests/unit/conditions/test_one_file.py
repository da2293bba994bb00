"""A condition is one file: nothing else has to know its kind."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import create_model

import spectree
from condition_cases import CASES, services
from shipped import ROOT, parsed
from watchbill import conditions
from watchbill.conditions import kinds
from watchbill.outputs import render
from watchbill.spec import alert
from watchbill.tools import GENERATIONS, generation

PACKAGE = ROOT / "generator/watchbill"

SPREAD = '''\
"""Instances that disagree."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal

from watchbill.conditions.base import Condition, DefaultView, capitalised
from watchbill.language.base import Diagnostics
from watchbill.language.fields import AnyQuantity, KeyName
from watchbill.model.alerts import Direction, Display, Reading, Symptom, Threshold
from watchbill.model.examples import Example, ExampleSeries, Firing, SamplePattern
from watchbill.model.signals import MetricType, Signal
from watchbill.promql import aggregate
from watchbill.quantity import Duration, TimeScale, decimal_text


class Spread(Condition):
    """The largest and the least of a gauge's series lie too far apart."""

    symptom: ClassVar[Symptom | None] = Symptom.LEVEL

    usage: ClassVar[str] = """\\
signals:
  queue: {profile: queue}
alerts:
  own:
    Apart:
      signal: queue
      kind: spread
      metric: jobs
      above: 30
      for: 5m
      severity: Info
      summary: Replicas disagree
"""

    kind: Literal["spread"]
    """A gauge whose series should agree."""

    metric: KeyName
    above: AnyQuantity

    def roles(self, signal: Signal) -> dict[str, str]:
        return {"metric": self.metric}

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        super().check(signal, diagnostics)
        metric = self.check_type(signal, diagnostics, "metric", MetricType.GAUGE)
        if metric is not None:
            self.check_unit(diagnostics, "above", self.above, metric.unit)

    def _limit(self, signal: Signal) -> Decimal:
        return self.above.to(signal.metrics[self.metric].unit)

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        series = signal.select(signal.metrics[self.metric])
        most, least = (aggregate(name, self.grouping(signal), series) for name in ("max", "min"))
        return f"{most} - {least} > {decimal_text(self._limit(signal))}"

    def sentence(self, signal: Signal) -> str:
        return f"{capitalised(signal.metrics[self.metric].noun)}: instances lie more than {self.above} apart"

    def default_view(self, signal: Signal) -> DefaultView:
        return DefaultView("level", {"metrics": (self.metric,)})

    def threshold(self, signal: Signal) -> Threshold:
        return Threshold.at(self.above, signal.metrics[self.metric].unit, Direction.ABOVE)

    def reading(self, signal: Signal) -> Reading:
        return Reading(Display.NUMBER, f"{signal.metrics[self.metric].unit.symbol} apart")

    def example(self, signal: Signal, scale: TimeScale) -> Example:
        name, limit, none = signal.metrics[self.metric].name, self._limit(signal), Duration(0)

        def series(instance: str, share: str, other: str) -> ExampleSeries:
            still = SamplePattern(level=limit)
            just_below, firing = (SamplePattern(level=limit * Decimal(number)) for number in (share, other))
            return ExampleSeries(name, (("instance", instance),), still, just_below, firing)

        shown = (series("one", "1", "1"), series("two", "1.9", "2.1"))
        return Example(shown, (Firing((), limit * Decimal("1.1")),), none, settles=none, clears=none)
'''
COMMAND = """\
import sys
import watchbill.conditions
watchbill.conditions.__path__.append(sys.argv.pop(1))
from watchbill import cli
cli.main()
"""


def watchbill(folder: Path, *arguments: str) -> str:
    """Run `watchbill` in `folder` with the conditions that stand in its folder `more`."""
    tools = {name: str(getattr(generation("newest"), name)) for name in ("promtool", "amtool")}
    ours = {f"WATCHBILL_{name.upper()}": path for name, path in tools.items()} | {"NO_COLOR": "1"}
    command = [sys.executable, "-c", COMMAND, str(folder / "more"), *arguments]
    done = subprocess.run(command, cwd=folder, env=os.environ | ours, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile a service with an alert of a kind that one new file brings, and prove it."""
    folder = tmp_path_factory.mktemp("spread")
    (folder / "more").mkdir()
    (folder / "more/spread.py").write_text(SPREAD)
    rest = "for: 5m, severity: P1, summary: Replicas disagree, action: Compare their logs"
    apart = f"signal: kit, kind: spread, metric: lag, above: 30s, {rest}"
    spectree.write_tree(folder, {"services/shop.yaml": spectree.service({"Apart": apart})})
    watchbill(folder, "generate")
    return folder


def test_its_rule_says_what_its_file_says(made: Path) -> None:
    (rule,) = parsed((made / "out/prometheus/rules/shop.own.rules.yml").read_text())["groups"][0]["rules"]
    assert " ".join(rule["expr"].split()).endswith("> 30")
    assert rule["labels"]["subject"] == "kit"
    assert "instances lie more than 30s apart" in rule["annotations"]["description"]


@pytest.mark.parametrize("name", GENERATIONS)
def test_its_proofs_pass(made: Path, name: str) -> None:
    (tests,) = (made / "out/prometheus/tests").glob("shop.own.*.test.yml")
    command = [str(generation(name).promtool), "test", "rules", str(tests)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    cases = {test["name"] for test in parsed(tests.read_text())["tests"]} if name == "newest" else set()
    assert name == "oldest" or any("fires and resolves" in case for case in cases), cases


def test_its_proofs_fail_where_the_rule_is_another(made: Path) -> None:
    rules = made / "out/prometheus/rules/shop.own.rules.yml"
    text = rules.read_text()
    changed, times = re.subn(r"\b30$", "34", text, flags=re.MULTILINE)
    assert times == 1
    rules.write_text(changed)
    try:
        (tests,) = (made / "out/prometheus/tests").glob("shop.own.*.test.yml")
        command = [str(generation("newest").promtool), "test", "rules", str(tests)]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 1
    finally:
        rules.write_text(text)


def test_a_panel_is_made_for_it_with_its_line(made: Path) -> None:
    board: dict[str, Any] = json.loads((made / "out/grafana/dashboards/shop-service.json").read_text())
    every = [inner for panel in board["panels"] for inner in [panel, *panel.get("panels", [])]]
    (panel,) = [panel for panel in every if panel["title"] == "Apart"]
    assert [target["expr"].partition("{")[0] for target in panel["targets"]] == ["max by (cluster, env) (lag_seconds"]
    assert 30.0 in {step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]}


def test_its_page_shows_when_it_fires(made: Path) -> None:
    (page,) = (made / "out/docs").rglob("alerts/shop/Apart.md")
    assert "instances lie more than 30s apart" in page.read_text()


# What stands outside of a kind's own file.


def own_files() -> dict[str, Path]:
    return {kind: PACKAGE / "conditions" / f"{kind}.py" for kind in kinds()}


def test_each_kind_stands_in_a_file_of_its_name() -> None:
    assert {kind: path.is_file() for kind, path in own_files().items()} == dict.fromkeys(kinds(), True)


def test_no_module_names_a_kind_that_is_no_common_word() -> None:
    """Common words mean other things too; the test that renames all kinds sees to these."""
    named = {kind: path for kind, path in own_files().items() if "_" in kind}
    found = [
        f"{path.relative_to(PACKAGE)}:{node.lineno} names {node.value}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in named and named[node.value] != path
    ]
    assert found == []
    assert len(named) > 5


def test_no_module_imports_a_kind_but_what_writes_built_in_alerts() -> None:
    modules = {f"watchbill.conditions.{kind}" for kind in kinds()}
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if path.parent != PACKAGE / "conditions"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module in modules
    }
    assert found == {"lower/monitoring.py"}


def renamed(kind: str) -> str:
    return f"another_{kind}"


# What knows alerts by what they watch: an objective of each kind that covers some.
SLOS = """\
slos:
  good: {title: Good, kind: availability, REST}
  quick: {title: Quick, kind: latency, metric: duration, within: 500ms, REST}
  calm: {title: Calm, kind: threshold, metric: load, at_most: 5, REST}
  fast: {title: Fast, kind: threshold, metric: duration, quantile: p99, at_most: 1s, REST}
  fresh: {title: Fresh, kind: freshness, metric: oldest, within: 1h, REST}
  up: {title: Up, kind: probe, metric: success, REST}
""".replace("REST", "signal: kit, objective: 99%, impact: Many, action: Look")


def compiled(folder: Path, files: dict[str, str]) -> dict[str, str]:
    return dict(render(spectree.compile_tree(spectree.write_tree(folder, files))))


@pytest.mark.parametrize("kind", CASES)
def test_a_kind_of_another_name_compiles_to_the_same(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = {path: text + SLOS * path.startswith("services/") for path, text in services(kind).items()}
    kept = {path: text for path, text in written.items() if not re.search("case-(0[2-9]|[1-9])", path)}
    platform = kept.get("platform.yaml", spectree.PLATFORM)
    kept["platform.yaml"] = platform.replace("defaults: {", "defaults: {retention: 31d, ")
    usual = compiled(tmp_path / "usual", kept)
    name: Any = Literal[renamed(kind)]
    other = create_model("Other", __base__=kinds()[kind], kind=(name, ...))
    monkeypatch.setattr(alert, "kinds", lambda: {**conditions.kinds(), renamed(kind): other})
    alert.alert_models.cache_clear()
    try:
        changed = {path: text.replace(f"kind: {kind},", f"kind: {renamed(kind)},") for path, text in kept.items()}
        found = compiled(tmp_path / "other", changed)
    finally:
        monkeypatch.undo()
        alert.alert_models.cache_clear()
    assert {path: text.replace(renamed(kind), kind) for path, text in found.items()} == usual
    assert any(renamed(kind) in text for text in found.values())


def test_the_author_of_a_kind_without_a_usage_is_reported(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more/spread.py").write_text(
        SPREAD.replace("    usage: ClassVar[str] = ", "    _unused: ClassVar[str] = ")
    )
    command = [sys.executable, "-c", COMMAND, str(tmp_path / "more"), "schema", "service"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert 'watchbill/conditions/spread.py: Spread has no "usage"' in done.stderr
