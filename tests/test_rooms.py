"""Tests of one room of the package stand in a folder of its name, so that they are found from it."""

from __future__ import annotations

import tomllib

from shipped import ROOT

UNIT, PACKAGE = ROOT / "tests/unit", ROOT / "generator/watchbill"


def test_unit_tests_stand_in_the_rooms_of_what_they_test() -> None:
    tests = [path.relative_to(UNIT) for path in UNIT.rglob("test_*.py")]
    loose = {path.stem.removeprefix("test_") for path in tests if path.parent == path.parent.parent}
    rooms = {path.parts[0] for path in tests if path.parent != path.parent.parent}
    assert len(rooms) > 10
    assert rooms <= {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert loose <= {path.stem for path in PACKAGE.glob("*.py")}


def test_mypy_finds_what_tests_share_where_it_reads_one_file_of_them() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert {*tools["pytest"]["ini_options"]["pythonpath"], "generator"} <= {*tools["mypy"]["mypy_path"]}
