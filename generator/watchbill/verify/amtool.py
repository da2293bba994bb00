"""Let amtool check the configuration of Alertmanager, and say where an alert goes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from watchbill.errors import ToolError
from watchbill.promql import quoted
from watchbill.verify.external import run_tool

SECONDS = 60
_FAULT = re.compile(r"FAILED: (.+)")
_PREFIX = re.compile(r"^amtool: error: ")


def check(amtool: Path, config: Path) -> str:
    """Check a configuration and the templates that it names; gives what amtool refuses, nothing if all is well."""
    result = run_tool(amtool, ["check-config", str(config)], seconds=SECONDS)
    if result.returncode == 0:
        return ""
    said = f"{result.stdout}\n{result.stderr}".replace(str(config), config.name)
    diagnostics = _FAULT.findall(said)
    words = [_PREFIX.sub("", line.strip()) for line in said.splitlines() if line.strip()]
    refused = " ".join(diagnostics or words)
    return refused or f"amtool ended with {result.returncode} and no word"


def receivers(amtool: Path, config: Path, labels: Mapping[str, str]) -> tuple[str, ...]:
    """Ask where an alert with these labels goes; the receivers come in the order of their routes.

    Raises `ToolError` where amtool gives no answer.
    """
    written = [f"{name}={quoted(value)}" for name, value in labels.items()]
    result = run_tool(amtool, ["config", "routes", "test", f"--config.file={config}", *written], seconds=SECONDS)
    if result.returncode != 0:
        raise ToolError(f"{amtool} cannot say where an alert goes: {result.stderr.strip()}")
    return tuple(result.stdout.strip().split(","))
