"""Show what was measured: aligned tables, result files, and progress on stderr."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

RESULTS = Path(__file__).parent / "results"

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column: its heading, and how a row fills it."""

    heading: str
    cell: Callable[[Row], str]
    left: bool = False


def table(columns: Sequence[Column[Row]], rows: Iterable[Row]) -> str:
    """Align rows below their headings: words to the left, figures to the right."""
    cells = [[column.heading for column in columns], *([column.cell(row) for column in columns] for row in rows)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if column.left else text.rjust(width)
            for column, text, width in zip(columns, line, widths, strict=True)
        ).rstrip()
        for line in cells
    )


def say(what: str) -> None:
    """Tell the progress."""
    print(what, file=sys.stderr, flush=True)


def save(name: str, parts: Mapping[str, Iterable[Any]]) -> None:
    """Write rows as JSON, one a line and to four digits, so that two runs can be compared."""
    RESULTS.mkdir(exist_ok=True)
    blocks = []
    for part, rows in parts.items():
        lines = ",\n".join(f"  {json.dumps(_plain(asdict(row)))}" for row in rows)
        blocks.append(f' "{part}": [\n{lines}\n ]')
    (RESULTS / f"{name}.json").write_text("{\n" + ",\n".join(blocks) + "\n}\n")


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case float():
            return None if math.isnan(value) or math.isinf(value) else float(f"{value:.4g}")
    return value
