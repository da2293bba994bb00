"""Show tools to people and to scripts."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from watchbill.tools.version import Tool

COLUMNS = ("generation", "tool", "version", "path")


def as_json(tools: Iterable[Tool]) -> list[dict[str, str]]:
    """Turn tools into rows of plain strings, keyed by COLUMNS."""
    return [
        {"generation": tool.source, "tool": tool.name, "version": str(tool.version), "path": str(tool.path)}
        for tool in tools
    ]


def table(tools: Iterable[Tool]) -> str:
    """Lay tools out in aligned columns under a heading; paths below the current folder are relative."""
    rows = [COLUMNS]
    rows += [(tool.source, tool.name, str(tool.version), _short(tool.path)) for tool in tools]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _short(path: Path) -> str:
    here = Path.cwd()
    return os.path.relpath(path, here) if path.is_relative_to(here) else str(path)
