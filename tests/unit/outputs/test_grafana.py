"""How dashboards become Grafana's JSON: places, colours, and how quickly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from watchbill.model.alerts import Direction
from watchbill.model.dashboards import Line, LineLevel, Look, Panel, Query
from watchbill.outputs.grafana import laid_out
from watchbill.outputs.grafana.layout import placed
from watchbill.outputs.grafana.looks import steps
from watchbill.quantity import Duration, Unit

SPECS = Path(__file__).parents[3] / "specs"
HUNDRED_SERVICES_SECONDS = 3.0


def line(value: str, level: LineLevel, direction: Direction = Direction.ABOVE) -> Line:
    return Line(Decimal(value), level, direction, "")


def panel(look: Look, lines: Iterable[Line] = ()) -> Panel:
    query = Query("up", "up")
    return Panel(1, "P", "Text", look, Unit.COUNT, (query,), Duration.parse("15s"), lines=tuple(lines))


ABOVE = [line("0.7", LineLevel.WARNING), line("0.9", LineLevel.CRITICAL)]
BELOW = [line("0.8", LineLevel.WARNING, Direction.BELOW), line("0.6", LineLevel.CRITICAL, Direction.BELOW)]


@pytest.mark.parametrize(
    ("lines", "colours"),
    [
        ([], [("green", None)]),
        (ABOVE, [("green", None), ("yellow", 0.7), ("red", 0.9)]),
        (BELOW, [("red", None), ("yellow", 0.6), ("green", 0.8)]),
        (
            [*ABOVE, line("0.95", LineLevel.CRITICAL)],
            [("green", None), ("yellow", 0.7), ("red", 0.9), ("dark-red", 0.95)],
        ),
        ([*ABOVE, line("0.9", LineLevel.WARNING)], [("green", None), ("yellow", 0.7), ("red", 0.9)]),
        ([*ABOVE, line("0.95", LineLevel.INFO)], [("green", None), ("yellow", 0.7), ("red", 0.9), ("dark-red", 0.95)]),
        (
            [*BELOW, line("0.3", LineLevel.WARNING, Direction.BELOW)],
            [("dark-red", None), ("red", 0.3), ("yellow", 0.6), ("green", 0.8)],
        ),
    ],
)
def test_a_gauge_never_gets_better_the_further_a_value_goes(lines: list[Line], colours: list[object]) -> None:
    found = [(step["color"], step["value"]) for step in steps(lines, look=Look.GAUGE)]
    assert found == colours


def test_lines_of_a_time_series_keep_their_own_colours() -> None:
    found = steps([line("0.01", LineLevel.CRITICAL), line("0.05", LineLevel.WARNING)], look=Look.LINES)
    assert [(step["color"], step["value"]) for step in found] == [
        ("transparent", None),
        ("red", 0.01),
        ("yellow", 0.05),
    ]


@pytest.mark.parametrize(
    ("lines", "shaded"),
    [
        (ABOVE, True),
        (list(reversed(ABOVE)), True),
        ([], False),
        (BELOW, False),
        ([line("1", LineLevel.GOAL)], False),
        ([line("0.01", LineLevel.CRITICAL), line("0.05", LineLevel.WARNING)], False),
        ([line("0", LineLevel.WARNING)], False),
    ],
)
def test_only_what_is_ever_worse_further_out_is_shaded(lines: list[Line], shaded: bool) -> None:  # noqa: FBT001
    assert panel(Look.LINES, lines).shaded is shaded


def test_panels_stand_in_reading_order_and_the_last_of_a_line_fills_it() -> None:
    looks = [Look.GAUGE, Look.GAUGE, Look.LINES, Look.LINES, Look.TABLE, Look.STAT]
    found, end = placed([panel(look) for look in looks], top=3)
    places = [(place.x, place.y, place.w) for _, place in found]
    assert places == [(0, 3, 6), (6, 3, 6), (12, 3, 12), (0, 11, 24), (0, 19, 24), (0, 27, 24)]
    assert end == 35


def test_json_is_laid_out_so_that_a_change_is_one_line() -> None:
    value = {"b": [{"x": 1, "y": "ü"}, {}], "a": {"c": [1, 2]}, "d": None, "e": []}
    assert json.loads(laid_out(value)) == value
    assert laid_out(value) == (
        '{\n "a": {\n  "c": [1, 2]\n },\n "b": [\n  {"x": 1, "y": "ü"},\n  {}\n ],\n "d": null,\n "e": []\n}'
    )


LAYS_OUT = """
import sys, time
from pathlib import Path
from watchbill.pipeline import compile_specs
from watchbill.outputs.grafana import laid_out
from watchbill.outputs.grafana.adapter import dashboard_json
bundle = compile_specs(Path(sys.argv[1])).bundle
largest = bundle.service("core-api")
started = time.process_time()
for _ in range(100):
    for dashboard in largest.dashboards:
        laid_out(dashboard_json(dashboard))
print(time.process_time() - started)
"""


def test_the_dashboards_of_a_hundred_services_take_less_than_three_seconds() -> None:
    # in a process of its own, since measuring coverage takes longer than what is measured
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    command = [sys.executable, "-c", LAYS_OUT, str(SPECS)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=environ).stdout
    assert float(said) < HUNDRED_SERVICES_SECONDS
