"""Temporary folders of drills, which are gone afterwards, and the room that they need."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watchbill.errors import ToolError

NEEDED_BYTES = 8 << 20  # of one drill, at most


def expect_room() -> None:
    """Raise a `ToolError` where no temporary file can be written, or not where TMPDIR says."""
    try:
        with tempfile.NamedTemporaryFile(prefix="watchbill-drill-") as file:
            file.write(bytes(NEEDED_BYTES))
    except OSError as error:
        what = f"no temporary file can be written ({error.strerror or error})"
        raise ToolError(f"{what}; make room, or set TMPDIR to a folder that can be written") from None
    asked = os.environ.get("TMPDIR")
    if asked and Path(asked).resolve() != Path(tempfile.gettempdir()).resolve():  # Python takes another one silently
        raise ToolError(f"TMPDIR is {asked}, and no file can be written there; set it to a folder that can be written")


@contextmanager
def folder(prefix: str, *, keep: bool = False) -> Iterator[Path]:
    """Make a temporary folder, which is gone when the block ends unless it is kept."""
    made = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield made
    finally:
        if not keep:
            shutil.rmtree(made, ignore_errors=True)
