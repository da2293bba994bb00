"""Tests of one room of the package stand in a folder of its name, so that they are found from it."""

from __future__ import annotations

from shipped import ROOT

UNIT, PACKAGE = ROOT / "tests/unit", ROOT / "generator/watchbill"


def test_unit_tests_stand_in_the_rooms_of_what_they_test() -> None:
    tests = [path.relative_to(UNIT) for path in UNIT.rglob("test_*.py")]
    loose = {path.stem.removeprefix("test_") for path in tests if path.parent == path.parent.parent}
    rooms = {path.parts[0] for path in tests if path.parent != path.parent.parent}
    assert len(rooms) > 10
    assert rooms <= {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert loose <= {path.stem for path in PACKAGE.glob("*.py")}
