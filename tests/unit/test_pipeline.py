"""The whole flow under bad luck: killed at any moment, and two at once."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from watchbill.pipeline import compile_specs, rendered

ROOT = Path(__file__).parents[2]
WATCHBILL = Path(sys.executable).parent / "watchbill"
KILLS = 12


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("specs", "runbooks", "adr"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / ".tools").symlink_to(ROOT / ".tools")
    return tmp_path


def edit(checkout: Path, memory: str) -> None:
    """Change the memory limit."""
    path = checkout / "specs/services/core-api.yaml"
    path.write_text((ROOT / "specs/services/core-api.yaml").read_text().replace("memory: 2GiB", f"memory: {memory}"))


def compiled(checkout: Path, memory: str) -> dict[str, str]:
    """Change the memory limit, and return what the specs compile to."""
    edit(checkout, memory)
    return rendered(compile_specs(checkout / "specs").bundle)


def start(checkout: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [WATCHBILL, "generate"], cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def run(checkout: Path) -> None:
    process = start(checkout)
    outcome = process.communicate()
    assert process.returncode == 0, outcome


def published(checkout: Path) -> dict[str, str]:
    out = checkout / "out"
    return {str(path.relative_to(out)): path.read_text() for path in out.rglob("*") if path.is_file()}


def test_generate_killed_at_any_moment_leaves_a_whole_tree(checkout: Path) -> None:
    trees = {memory: compiled(checkout, memory) for memory in ("2GiB", "3GiB")}
    run(checkout)
    begun = time.monotonic()
    run(checkout)
    whole = time.monotonic() - begun
    moments = random.Random(7)  # noqa: S311 (moments to kill at, not secrets)
    for number in range(KILLS):
        edit(checkout, ("2GiB", "3GiB")[number % 2])
        process = start(checkout)
        time.sleep(moments.uniform(0.3, 1.1) * whole)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert published(checkout) in trees.values()
    edit(checkout, "2GiB")
    run(checkout)
    assert published(checkout) == trees["2GiB"]
    assert sorted(path.name for path in checkout.iterdir()) == [
        ".tools",
        "adr",
        "out",
        "pyproject.toml",
        "runbooks",
        "specs",
    ]


def test_two_at_once_both_end_well(checkout: Path) -> None:
    tree = compiled(checkout, "2GiB")
    both = [start(checkout), start(checkout)]
    outcomes = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], outcomes
    assert published(checkout) == tree
