"""Run a judge, and tell a judge that broke from one that refuses."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from watchbill.errors import ToolError


def judge(tool: Path, arguments: Sequence[str], *, seconds: int) -> subprocess.CompletedProcess[str]:
    """Run a tool to its end, whatever its exit code; raises `ToolError` where it cannot be run or hangs."""
    try:
        return subprocess.run([str(tool), *arguments], capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise ToolError(f"{tool} {arguments[0]} has not answered for {seconds} s") from None
    except OSError as error:
        raise ToolError(f"{tool} cannot be run: {error.strerror or error}") from None
