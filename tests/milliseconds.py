"""Scrape a histogram in milliseconds, and see that a latency objective counts its events and its errors.

Prometheus 3 writes `le` anew at the scrape ("500" becomes "500.0"), which no backfilled data and no promtool shows.
"""

from __future__ import annotations

import math
import tempfile
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from emitted import compile_rules, rules_of
from servers import exporter, prometheus, query

BAR = 0.02
SLOW = 0.25  # of all events are beyond the limit
PATIENCE_SECONDS = 30.0
PAGE = """\
# TYPE http_duration_ms histogram
http_duration_ms_bucket{{le="100"}} {fast}
http_duration_ms_bucket{{le="500"}} {good}
http_duration_ms_bucket{{le="1000"}} {all}
http_duration_ms_bucket{{le="+Inf"}} {all}
http_duration_ms_sum {all}
http_duration_ms_count {all}
"""


@dataclass(frozen=True, slots=True)
class Live:
    """What a server counted of scraped data: the share of errors in what it counted, none where it counted nothing."""

    generation: str
    ratio: float
    true_ratio: float

    @property
    def meets(self) -> bool:
        """Whether it counted, and rightly."""
        return abs(self.ratio / self.true_ratio - 1) <= BAR


def _page(seen: int) -> str:
    return PAGE.format(all=seen, good=int(seen * (1 - SLOW)), fast=seen // 2)


def check_milliseconds(generation: str) -> Live:
    """Scrape for some seconds, and evaluate the rules of the events as they are emitted."""
    seen = count(1000, 40)  # more at each scrape
    with tempfile.TemporaryDirectory() as temporary, exporter(lambda _: _page(next(seen))) as port:
        folder = Path(temporary)
        files = compile_rules(folder / "specs", ["shop"], sli={"kind": "latency", "within": "500ms"})
        found = {rule.name: rule.expr for rule in rules_of(files["shop.slo.availability.events.rules.yml"])}
        ratio = f"({found['slo:errors:sum']}) / ({found['slo:events:sum']} > 0)"
        with prometheus(generation, folder=folder / "server", scraped={"shop": port}) as url:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < deadline:
                counted = query(url, "sum(increase(http_duration_ms_count[5m]))", time.time()).value
                if counted:
                    value = query(url, ratio, time.time()).value
                    return Live(generation, math.nan if value is None else value, SLOW)
                time.sleep(0.1)
    raise RuntimeError("Prometheus scraped nothing")
