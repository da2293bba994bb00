"""What Grafana calls things: units, colours, and the steps at which colours change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

from watchbill.model.alerts import Direction
from watchbill.model.dashboards import Line, LineLevel, Look, State
from watchbill.quantity import Unit, decimal_text

TYPES = {
    Look.LINES: "timeseries",
    Look.STAT: "stat",
    Look.GAUGE: "gauge",
    Look.PIE: "piechart",
    Look.HEATMAP: "heatmap",
    Look.TABLE: "table",
    Look.STATES: "state-timeline",
}
# Grafana docs, "Standard options: Unit", where it has one; `suffix:` makes others.
UNITS = {
    Unit.RATIO: "percentunit",
    Unit.PERCENT: "percent",
    Unit.MICROSECONDS: "µs",
    Unit.MILLISECONDS: "ms",
    Unit.SECONDS: "s",
    Unit.MINUTES: "m",
    Unit.HOURS: "h",
    Unit.DAYS: "d",
    Unit.BYTES: "bytes",
    Unit.PER_SECOND: "cps",
    Unit.PER_MINUTE: "cpm",
    Unit.PER_HOUR: "suffix:/h",
    Unit.PER_DAY: "suffix:/d",
    Unit.TIMES: "suffix:x",
    Unit.COUNT: "short",
}
COLOURS = {
    LineLevel.GOAL: "blue",
    LineLevel.GOOD: "green",
    LineLevel.INFO: "light-blue",
    LineLevel.WARNING: "yellow",
    LineLevel.CRITICAL: "red",
}
STATUS_COLOURS = {"2": "green", "3": "blue", "4": "orange", "5": "red"}
_WORST_LAST: list[LineLevel] = list(LineLevel)


def steps(lines: Iterable[Line], *, look: Look) -> list[dict[str, Any]]:
    """Write the steps at which a value changes its colour, the first without a value.

    On time series a step is a line of its own colour; elsewhere it is where a colour begins, so that
    what is too little is coloured below its line.
    """
    fine = "transparent" if look is Look.LINES else "green"
    unique = _unique(lines)
    falling = bool(unique) and all(line.direction is Direction.BELOW for line in unique)
    outwards = list(reversed(unique)) if falling else unique
    colours = _distinct([line.level for line in outwards] if look is Look.LINES else _never_better(outwards))
    if falling and look is not Look.LINES:
        colours.reverse()
        return _steps([*colours, fine], unique)
    return _steps([fine, *(reversed(colours) if falling else colours)], unique)


def _unique(lines: Iterable[Line]) -> list[Line]:
    """Keep the worst of those at one value, ascending."""
    worst: dict[Any, Line] = {}
    for line in sorted(lines, key=lambda line: _WORST_LAST.index(line.level)):
        worst[line.value] = line
    return [worst[value] for value in sorted(worst)]


def _never_better(lines: Iterable[Line]) -> list[LineLevel]:
    """Let what lies further out be at least as bad as what it lies beyond."""
    return list(accumulate((line.level for line in lines), _worse))


def _worse(one: LineLevel, other: LineLevel) -> LineLevel:
    return max(one, other, key=_WORST_LAST.index)


def _distinct(levels: Iterable[LineLevel]) -> list[str]:
    """Darken a colour that follows on itself, so that each line is seen."""
    colours: list[str] = []
    for level in levels:
        colour = COLOURS[level]
        colours.append(f"dark-{colour}" if colours and colours[-1] == colour else colour)
    return colours


def _steps(colours: Sequence[str], lines: Sequence[Line]) -> list[dict[str, Any]]:
    values = [None, *(float(decimal_text(line.value)) for line in lines)]
    return [{"color": colour, "value": value} for colour, value in zip(colours, values, strict=True)]


def mappings(states: Iterable[State]) -> list[dict[str, Any]]:
    """Write words for values."""
    options = {
        str(state.value): {"text": state.text, "color": COLOURS[state.level], "index": index}
        for index, state in enumerate(states)
    }
    return [{"type": "value", "options": options}] if options else []


def status_overrides() -> list[dict[str, Any]]:
    """Fix the colours of HTTP status classes, so that a 5xx is red on every dashboard."""
    return [
        {
            "matcher": {"id": "byRegexp", "options": f"/(^|\\s){digit}(xx|\\d\\d)$/"},
            "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}],
        }
        for digit, colour in STATUS_COLOURS.items()
    ]
