from __future__ import annotations

import pytest
from hypothesis import settings

# On a loaded machine one example may take a second; what is too slow shows in the time of the whole test.
settings.register_profile("watchbill", deadline=None)
settings.load_profile("watchbill")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="rewrite the expected files of tests/cases; read the diff")
