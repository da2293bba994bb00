"""Dashboards: what is shown, in which form, and where it is too much; Grafana and the board are drawn from these.

Expressions are PromQL with Grafana's variables in it: `$env` and `$cluster`, `$<label>` for every label of an alert,
and the windows `$__rate_interval` and `$__range`. Legends are texts with `{{label}}` in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from watchbill.model.alerts import Direction
from watchbill.model.origin import Origin
from watchbill.quantity import Duration, Unit

RATE_INTERVAL, RANGE = "$__rate_interval", "$__range"

PANEL_UNITS = {
    "s": Unit.SECONDS,
    "ms": Unit.MILLISECONDS,
    "bytes": Unit.BYTES,
    "ratio": Unit.RATIO,
    "count": Unit.COUNT,
    "/s": Unit.PER_SECOND,
    "/min": Unit.PER_MINUTE,
    "/h": Unit.PER_HOUR,
    "x": Unit.TIMES,
}
"""What a panel of an author's own PromQL can show, by the author's word for its unit."""


class Look(StrEnum):
    """The form of a panel."""

    LINES = "lines"
    STAT = "stat"
    GAUGE = "gauge"
    PIE = "pie"
    HEATMAP = "heatmap"
    TABLE = "table"
    STATES = "states"


class LineLevel(StrEnum):
    """What a value means, from the wanted one to the one that wakes somebody."""

    GOAL = "goal"
    GOOD = "good"
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Line:
    """A value of the panel's unit, beyond which `level` holds; drawn for `alert` (its id), or as the pack says."""

    value: Decimal
    level: LineLevel
    direction: Direction
    text: str
    alert: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """A word for a value."""

    value: int
    text: str
    level: LineLevel


@dataclass(frozen=True, slots=True)
class Query:
    """One expression; `empty` says why it may give nothing, where that is as it should be.

    In a table it is one column, named by its legend.
    """

    expr: str
    legend: str
    unit: Unit | None = None
    instant: bool = False
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A label as a column of a table."""

    label: str
    title: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a panel, usually to a runbook."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel with all that is known of it; `alerts` are the ids of those that lead to it.

    `lowest` and `highest` bound the scale where a value cannot lie outside. `sort` names a table's column
    that tells what comes first. `interval` is the scrape interval, below which no step makes sense.
    `by_status` says that its series are HTTP status codes or classes of them.
    """

    id: int
    title: str
    text: str
    look: Look
    unit: Unit
    queries: tuple[Query, ...]
    interval: Duration
    lines: tuple[Line, ...] = ()
    states: tuple[State, ...] = ()
    columns: tuple[Column, ...] = ()
    sort: str = ""
    descending: bool = False
    lowest: Decimal | None = None
    highest: Decimal | None = None
    by_status: bool = False
    alerts: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def shaded(self) -> bool:
        """Whether what lies beyond its lines is coloured.

        It is where all of them say what is too much, the further ones never less urgent: else a value would stand in
        the colour of a line that is not about it. A line at the scale's end would colour everything.
        """
        lines = sorted(self.lines, key=lambda line: line.value)
        ranks = [list(LineLevel).index(line.level) for line in lines]
        too_much = all(line.direction is Direction.ABOVE and line.level is not LineLevel.GOAL for line in lines)
        return bool(lines) and too_much and ranks == sorted(ranks) and lines[0].value > 0


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under a title; a collapsed row asks nothing of Prometheus until it is opened."""

    title: str
    panels: tuple[Panel, ...]
    collapsed: bool


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable with the values that the spec knows, or, by `query`, with those that Prometheus knows.

    With `every` all values together may be chosen, and are at first.
    """

    name: str
    title: str
    values: tuple[str, ...] = ()
    query: str = ""
    every: bool = False


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard; `service` is empty where it is of all of them. `firing` selects the alerts that it marks."""

    uid: str
    title: str
    service: str
    text: str
    variables: tuple[Variable, ...]
    panels: tuple[Panel, ...]
    rows: tuple[Row, ...]
    firing: str
    origin: Origin

    def all_panels(self) -> Iterator[Panel]:
        """Yield the panels before the first row, then those of each row."""
        yield from self.panels
        for row in self.rows:
            yield from row.panels
