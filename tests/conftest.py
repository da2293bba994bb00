from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from watchbill.errors import ToolError
from watchbill.tools import GENERATIONS, generation

# On a loaded machine one example may take a second; what is too slow shows in the time of the whole test.
settings.register_profile("watchbill", deadline=None)
settings.load_profile("watchbill")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="rewrite the expected files of tests/cases; read the diff")


def pytest_sessionstart() -> None:
    """Say once that a generation of tools is missing, and not in each test that asks it."""
    try:
        for name in GENERATIONS:
            generation(name, root=Path(__file__).parents[1])
    except ToolError as error:
        raise pytest.UsageError(str(error)) from None
