"""Place panels on Grafana's grid of 24 columns, in reading order and without holes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from watchbill.model.dashboards import Look, Panel

COLUMNS, HEIGHT = 24, 8
WIDTHS = {Look.STAT: 6, Look.GAUGE: 6, Look.TABLE: COLUMNS}
USUAL_WIDTH = 12


@dataclass(frozen=True, slots=True)
class GridPosition:
    """Where a panel stands, in columns and rows."""

    x: int
    y: int
    w: int
    h: int = HEIGHT


def placed(panels: Iterable[Panel], *, top: int) -> tuple[list[tuple[Panel, GridPosition]], int]:
    """Place panels from the row `top` on; gives the first free row too. The last of each line fills it."""
    lines: list[list[Panel]] = []
    for panel in panels:
        if not lines or _width(lines[-1]) + _width([panel]) > COLUMNS:
            lines.append([])
        lines[-1].append(panel)
    found: list[tuple[Panel, GridPosition]] = []
    for number, line in enumerate(lines):
        for index, panel in enumerate(line):
            x = _width(line[:index])
            width = COLUMNS - x if index == len(line) - 1 else _width([panel])
            found.append((panel, GridPosition(x, top + number * HEIGHT, width)))
    return found, top + len(lines) * HEIGHT


def _width(panels: Iterable[Panel]) -> int:
    return sum(WIDTHS.get(panel.look, USUAL_WIDTH) for panel in panels)
