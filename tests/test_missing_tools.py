"""A checkout whose tools have not been fetched hears of it in one sentence, before any test."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shipped import ROOT
from watchbill.tools import GENERATIONS


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one test, and without tools."""
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copy(ROOT / "tests/conftest.py", tmp_path / "tests")
    (tmp_path / "tests/test_one.py").write_text("def test_one():\n    assert True\n")
    return tmp_path


def lay(checkout: Path, *generations: str) -> None:
    (checkout / ".tools").mkdir()
    for name in generations:
        (checkout / ".tools" / name).symlink_to(ROOT / ".tools" / name)


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize("missing", GENERATIONS)
def test_without_a_generation_of_tools_one_sentence_says_what_to_run(
    checkout: Path, missing: str, workers: str
) -> None:
    lay(checkout, *(name for name in GENERATIONS if name != missing))
    result = run(checkout, "-n", workers)
    assert (result.returncode, result.stdout.strip()) == (4, "")
    (said,) = result.stderr.strip().splitlines()
    assert said.startswith(f"ERROR: the {missing} generation of tools has no promtool, ")
    assert 'run "make tools"' in said


def test_with_both_generations_the_tests_run(checkout: Path) -> None:
    lay(checkout, *GENERATIONS)
    result = run(checkout)
    assert (result.returncode, result.stdout.splitlines()[-1].partition(" in ")[0]) == (0, "1 passed")


def test_the_help_needs_no_tools(checkout: Path) -> None:
    assert run(checkout, "--help").returncode == 0
