"""What a reader of dashboards asks Prometheus: expressions with values in place of Grafana's variables."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping

from watchbill.model.dashboards import Dashboard

WINDOWS = {"$__rate_interval": "5s", "$__range": "30s"}
PLACE = {"env": "production", "cluster": ".*"}
_COUNTED = re.compile(r"^# TYPE (\S+) (?:counter|histogram)$", re.MULTILINE)


def asked(expr: str, dashboard: Dashboard, *, windows: Mapping[str, str] = WINDOWS, env: str = "production") -> str:
    """Put in what Grafana would, all values of every variable, but one environment."""
    chosen = {variable.name: ".*" for variable in dashboard.variables} | PLACE | {"env": env}
    for name, value in (*windows.items(), *((f"${name}", value) for name, value in chosen.items())):
        expr = re.sub(rf"{re.escape(name)}\b", value, expr)
    return expr


def moving(text: str, pace: Callable[[float], float] = lambda passed: passed) -> Callable[[], str]:
    """Let the counters and histograms of a scrape grow by a hundredth of what they are each second.

    `pace` may make time go unevenly, but never backwards.
    """
    families = set(_COUNTED.findall(text))
    lines = [_parsed(line, families) for line in text.splitlines()]
    start = time.monotonic()

    def now() -> str:
        factor = 1 + pace(time.monotonic() - start) / 100
        return "\n".join(line if value is None else f"{line} {value * factor!r}" for line, value in lines) + "\n"

    return now


def _parsed(line: str, families: set[str]) -> tuple[str, float | None]:
    """Take a line of a counter or histogram apart; others stay as they are."""
    name = re.split(r"[{ ]", line, maxsplit=1)[0]
    if line.startswith("#") or not {name, re.sub(r"_(bucket|count|sum)$", "", name)} & families:
        return line, None
    series, _, value = line.rpartition(" ")
    return series, float(value)
