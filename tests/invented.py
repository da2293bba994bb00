"""Channels that nobody sells, put into the registry of this process for as long as a block runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watchbill import channels

FOLDER = Path(__file__).parent / "cases/channels"
NAMES = tuple(sorted(file.stem for file in FOLDER.glob("*.py")))


@contextmanager
def registered(folder: Path = FOLDER) -> Iterator[None]:
    """Let the registry find the channels of a folder too; all is as before afterwards."""
    before = channels.__path__
    channels.__path__ = [*before, str(folder)]
    channels.definitions.cache_clear()
    try:
        yield
    finally:
        channels.__path__ = before
        for file in folder.glob("*.py"):
            sys.modules.pop(f"{channels.__name__}.{file.stem}", None)
            vars(channels).pop(file.stem, None)
        channels.definitions.cache_clear()
