"""Run a tool, and tell one that broke from one that refuses."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from watchbill.errors import ToolError

# They are written in Go, end after seconds, and take a fifth less time if they collect garbage less often.
_HASTE = {"GOGC": "400"}


def run_tool(
    tool: Path, arguments: Sequence[str], *, seconds: int, joined: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run a tool to its end, whatever its exit code; raises `ToolError` where it cannot be run or hangs.

    With `joined` all that it says is in its standard output, in the order in which it said it.
    """
    errors = subprocess.STDOUT if joined else subprocess.PIPE
    command = [str(tool), *arguments]
    try:
        return subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            check=False,
            timeout=seconds,
            env={**_HASTE, **os.environ},
        )
    except subprocess.TimeoutExpired:
        raise ToolError(f"{tool} {arguments[0]} has not answered for {seconds} s") from None
    except OSError as error:
        raise ToolError(f"{tool} cannot be run: {error.strerror or error}") from None
