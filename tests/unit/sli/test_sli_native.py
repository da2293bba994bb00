"""Native histograms are counted exactly at powers of two, as promtool's newest generation sees it."""

from __future__ import annotations

from pathlib import Path

import yaml

from spectree import KIT, PLATFORM, compile_tree, run, service, write_tree
from watchbill import naming
from watchbill.outputs import render
from watchbill.tools import generation
from watchbill.verify import promtool

RETAINED = PLATFORM.replace("{team: backend}", "{team: backend, retention: 35d}")
# 10 observations a minute: 2 up to 1/8, 4 up to 1/4, 3 up to 1/2, 1 up to 1.
HISTOGRAM = "{{schema:0 count:10 sum:3 offset:-3 buckets:[2 4 3 1]}}"
IDLE = "{{schema:0 count:10 sum:3 offset:-3 buckets:[2 4 3 1]}}x20"


def tree(folder: Path, *, within: str) -> Path:
    speed = f"title: Speed, signal: kit, kind: latency, within: {within}, objective: 99%, impact: A, action: B"
    slos = f"slos:\n  speed: {{{speed}}}\n"
    text = service(
        {"LoadHigh": "signal: kit, kind: level, metric: load, above: 5, for: 5m, severity: Info, summary: High"}
    )
    text = text.replace("{profile: kit,", "{profile: kit, metrics: {duration: {native: true}},").replace(
        "alerts:", slos + "alerts:"
    )
    return write_tree(folder, {"platform.yaml": RETAINED, "profiles/kit.yaml": KIT, "services/shop.yaml": text})


def complaints(folder: Path, series: str, *, events: int, errors: int) -> str:
    bundle = compile_tree(tree(folder, within="250ms"))
    (slo,) = bundle.services[0].slos
    (folder / "events.yml").write_text(render(bundle)[naming.slo_rule_file("shop", slo.name, "events")])
    labels = ",".join(
        f'{label}="{value}"' for label, value in (*slo.labels, ("env", "production"), ("cluster", "main"))
    )
    expected = [
        {
            "expr": name,
            "eval_time": "20m",
            "exp_samples": [{"labels": f"{name}{{{labels}}}", "value": value}],
        }
        for name, value in ((naming.SLO_EVENTS, events), (naming.SLO_ERRORS, errors))
    ]
    scraped = {"series": 'duration_seconds{job="shop",instance="a",env="production",cluster="main"}', "values": series}
    test = {"interval": "1m", "input_series": [scraped], "promql_expr_test": expected}
    content = {"rule_files": ["events.yml"], "evaluation_interval": "1m", "tests": [test]}
    (folder / "test.yml").write_text(yaml.safe_dump(content))
    result = promtool.test(generation("newest").promtool, [folder / "test.yml"])
    return "" if result.returncode == 0 else result.stdout + result.stderr


def test_what_is_beyond_a_power_of_two_is_counted_exactly(tmp_path: Path) -> None:
    assert complaints(tmp_path, f"{HISTOGRAM}+{HISTOGRAM}x20", events=50, errors=20) == ""


def test_no_traffic_is_no_events_and_no_errors_and_never_nan(tmp_path: Path) -> None:
    assert complaints(tmp_path, IDLE, events=0, errors=0) == ""


def test_a_limit_between_powers_of_two_is_refused_with_both_of_them(tmp_path: Path) -> None:
    tree(tmp_path, within="300ms")
    result = run(tmp_path, "generate")
    assert result.code == 1
    assert 'write a power of two: "0.25s" or "0.5s"' in result.stderr


def test_other_kinds_say_that_they_cannot_read_them(tmp_path: Path) -> None:
    specs = tree(tmp_path, within="250ms")
    path = specs / "services/shop.yaml"
    slow = "kind: latency_quantile, metric: duration, quantile: p99, above: 1s, signal: kit, for: 5m, severity: Info"
    path.write_text(path.read_text() + f"    Slow: {{{slow}, summary: Slow}}\n")
    assert "is a native histogram, which latency_quantile cannot read" in run(tmp_path, "generate").stderr
