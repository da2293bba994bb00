"""Measure what the README promises: speed and memory, cost and truth of objectives, and what the proofs find.

Prints a table of each, with its bars, and exits 1 where one is missed. Absolute times depend on the machine; their
bars leave room for a slow one.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutants
import pages
import slo_accuracy
import slo_cost
from peers import sloth_being_built

ROOT = Path(__file__).parent.parent
WATCHBILL = Path(sys.executable).parent / "watchbill"
SERVICES = 240  # of 63 rules each, which makes 15,120 rules

IN_PROCESS = """
import json, sys, time
from pathlib import Path
from watchbill import pipeline
times = []
for _ in range(7):
    start = time.perf_counter()
    bundle = pipeline.compile_specs(Path(sys.argv[1])).bundle
    compiled = time.perf_counter()
    pipeline.rendered(bundle)
    times.append([compiled - start, time.perf_counter() - compiled])
print(json.dumps(times))
"""

LARGE = """
import gc, json, resource, sys
from pathlib import Path
from watchbill import cli, pipeline
gc.set_threshold(*cli.RARELY)
bundle = pipeline.compile_specs(Path(sys.argv[1])).bundle
tree = pipeline.rendered(bundle)
rules = sum(len(alert.rules) for alert in bundle.alerts)
print(json.dumps([rules, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


@dataclass(frozen=True, slots=True)
class Measure:
    """One row: what was measured, the figure, its bar, and their unit."""

    what: str
    figure: float
    bar: float
    unit: str

    @property
    def met(self) -> bool:
        """Whether the figure stays within its bar."""
        return self.figure <= self.bar


def seconds(action: Callable[[], object], runs: int) -> float:
    """Time an action; the median of several runs after one that warms the page cache."""
    action()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def watchbill(*arguments: str) -> None:
    """Run a command as a user does."""
    subprocess.run([WATCHBILL, *arguments], check=True, capture_output=True, cwd=ROOT)


def python(code: str, *arguments: str) -> list[Any]:
    """Run code in a fresh interpreter, and read the list that it prints."""
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True, cwd=ROOT
    )
    return list(json.loads(result.stdout))


def core_api(folder: Path) -> Path:
    """Write a tree with core-api alone; returns the spec tree."""
    specs = folder / "core-api"
    (specs / "services").mkdir(parents=True)
    (specs / "platform.yaml").write_text((ROOT / "specs/platform.yaml").read_text())
    (specs / "services/core-api.yaml").write_text(_model())
    return specs


def _model() -> str:
    """Read the spec of core-api, without the decisions that it names: no prose stands beside the trees."""
    text = (ROOT / "specs/services/core-api.yaml").read_text()
    return re.sub(r"^ +adr: \[.*\]\n|\badr: \[[^]]*\], ", "", text, flags=re.MULTILINE)


def large_tree(folder: Path) -> Path:
    """Write many services like core-api; returns the spec tree."""
    specs = folder / "specs"
    (specs / "services").mkdir(parents=True)
    (specs / "platform.yaml").write_text((ROOT / "specs/platform.yaml").read_text())
    model = _model()
    for number in range(SERVICES):
        text = model.replace("core-api", f"core-api-{number}")
        (specs / "services" / f"core-api-{number}.yaml").write_text(text)
    return specs


def measures() -> list[Measure]:
    """Take all of them."""
    found = [
        Measure("watchbill --help, cold, median of 15", seconds(lambda: watchbill("--help"), 15) * 1000, 150, "ms")
    ]
    with tempfile.TemporaryDirectory() as folder:
        rounds = python(IN_PROCESS, str(core_api(Path(folder))))
        compiled, rendered = rounds[0]
        again = statistics.median(sum(each) for each in rounds[1:])
        found.append(Measure("compile core-api, first time in a process", compiled * 1000, 300, "ms"))
        found.append(Measure("render all its targets, first time in a process", rendered * 1000, 600, "ms"))
        found.append(Measure("both again, median of 6", again * 1000, 300, "ms"))
        out = f"{folder}/out"
        found.append(
            Measure("watchbill generate, median of 5", seconds(lambda: watchbill("generate", "--out", out), 5), 5, "s")
        )
        specs = large_tree(Path(folder))
        start = time.perf_counter()
        rules, peak = python(LARGE, str(specs))
        found.append(Measure(f"compile and render {rules:,.0f} rules", time.perf_counter() - start, 60, "s"))
        found.append(Measure(f"peak memory with {rules:,.0f} rules", peak, 500, "MiB"))
        for checkout, bar in ((pages.shipped(Path(folder)), 15), (pages.large(Path(folder)), 20)):
            number, took = pages.build(checkout)
            found.append(Measure(f"watchbill site, {number} pages", took, bar, "s"))
    return found


def speed() -> int:
    """Print the table of speed and memory; 1 where a bar is missed."""
    found = measures()
    width = max(len(measure.what) for measure in found)
    print(f"{'':<{width}}  {'figure':>10}  {'bar':>10}")
    for measure in found:
        figure = (
            f"{measure.figure:.0f} {measure.unit}" if measure.figure >= 10 else f"{measure.figure:.2f} {measure.unit}"
        )
        verdict = "" if measure.met else "  MISSED"
        print(f"{measure.what:<{width}}  {figure:>10}  {measure.bar:>6.0f} {measure.unit:<3}{verdict}")
    return 0 if all(measure.met for measure in found) else 1


def main() -> int:
    """Print all tables, one after the other."""
    os.chdir(ROOT)
    missed = speed()
    with sloth_being_built() as build:  # meanwhile, as that takes minutes where it was never done
        print()
        missed = max(missed, slo_accuracy.main())
        print()
        missed = max(missed, slo_cost.main(build))
    print()
    return max(missed, mutants.main())


if __name__ == "__main__":
    sys.exit(main())
