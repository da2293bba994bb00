"""Every panel shows data: each of its queries is asked of a real Prometheus that scrapes the sample of each service.

Rules and dashboards are compiled at sixty times the speed of life, so that objectives have been recorded within
seconds. Every query that may be empty says so, and is shown under a fault.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from servers import exporter, prometheus, query
from shown import asked, moving
from spectree import compile_tree
from watchbill.audit.samples import samples
from watchbill.model.bundle import Bundle
from watchbill.model.dashboards import Query
from watchbill.outputs import prometheus as rules
from watchbill.publish import artifacts
from watchbill.quantity import TimeScale
from watchbill.tools import GENERATIONS

ROOT = Path(__file__).parents[1]
PATIENCE_SECONDS = 60.0
NEEDS_HISTORY = "before"  # of the reason that a query gives which compares with another day; promtool shows those


@dataclass(frozen=True)
class Asked:
    """A query as it is asked, and of which panel."""

    panel: str
    expr: str
    query: Query


def every_query(bundle: Bundle) -> Iterator[Asked]:
    for dashboard in bundle.dashboards:
        for panel in dashboard.all_panels():
            for entry in panel.queries:
                yield Asked(f"{dashboard.uid}: {panel.title}", asked(entry.expr, dashboard), entry)


def has_data(url: str, expr: str) -> bool:
    """Whether anything would be drawn: a value that is a number."""
    return any(math.isfinite(float(series["value"][1])) for series in query(url, expr, time.time()).result)


def wait_until(done: Callable[[], Iterable[object]]) -> list[object]:
    """Ask until nothing is left, or patience ends; gives what is left."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (left := list(done())) and time.monotonic() < deadline:
        time.sleep(0.5)
    return left


@pytest.mark.parametrize("name", GENERATIONS)
def test_every_query_of_every_panel_has_data(name: str, tmp_path: Path) -> None:
    bundle = compile_tree(ROOT / "specs", scale=TimeScale(60))
    artifacts.write(tmp_path, rules.render(bundle))
    files = dict(sample for service in bundle.services for sample in samples(service, ROOT / "specs/samples"))
    pages = {job: moving(path.read_text()) for job, path in files.items()}
    queries = list(every_query(bundle))
    usual = {entry.expr: entry.panel for entry in queries if not entry.query.empty}
    rare = {
        entry.expr: entry.panel for entry in queries if entry.query.empty and NEEDS_HISTORY not in entry.query.empty
    }
    assert len(usual) > 300
    assert len(rare) > 15
    with (
        exporter(lambda job: pages[job]()) as port,
        prometheus(
            name,
            folder=tmp_path / "server",
            scraped=dict.fromkeys(files, port),
            rules=tmp_path / "prometheus/rules",
        ) as url,
    ):
        assert wait_until(lambda: without_data(url, usual)) == []
        _break(pages)
        assert wait_until(lambda: without_data(url, rare)) == []


def without_data(url: str, panels: Mapping[str, str]) -> list[str]:
    """List the expressions, each with its panel, that show nothing."""
    return [f"{panel}: {expr}" for expr, panel in panels.items() if not has_data(url, expr)]


def _break(pages: dict[str, Callable[[], str]]) -> None:
    """Let a target of some services be no scrape, and others rename the labels that tell good events from bad."""
    for job in ("servidor-automacao-node", "conversations-platform-health", "alertmanager"):
        pages[job] = lambda: "out of order"
    for job in ("core-api", "servidor-automacao", "support-desk", "whatsapp-gateway"):
        pages[job] = moving(re.sub(r"\b(status_code|status|result)=", r"new_\1=", pages[job]()))
