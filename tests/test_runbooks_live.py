"""What runbooks ask of Prometheus has an answer: each query of each alert's page goes to a real one with the samples.

A query parses and yet says nothing where two sides share no labels; at night, nothing reads as "all is well".
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from pathlib import Path

from servers import exporter, prometheus, query
from shown import moving
from spectree import compile_tree
from watchbill.audit.samples import samples
from watchbill.outputs import prometheus as rules
from watchbill.publish import artifacts
from watchbill.quantity import TimeScale

ROOT = Path(__file__).parents[1]
PATIENCE_SECONDS = 60.0
_QUERY = re.compile(r"promtool query (?:instant|range) (?:--\S+ )*https?://\S+ '(?P<expr>[^']*)'")
_PLACEHOLDER = re.compile(r"<[a-z-]+>|^\.\.\.$")
# what is rightly empty while all is well: comparisons with a fault or with yesterday, and what the samples leave out
_QUIET = re.compile(
    r"== 0$|== 0\)|> 0$|\boffset 1d\b|status=\"\"|^ALERTS\{|^slo:time_to_exhaustion"
    r"|^\w*\(?prometheus_(?:engine|tsdb_head_(?:samples|series_created)|tsdb_storage)\w+"
)


def queries() -> Mapping[str, str]:
    """Read every query off the pages of alerts, where it has that alert's facts, with one of these pages."""
    found = {}
    for page in sorted((ROOT / "out/docs/alerts").rglob("*.md")):
        for match in _QUERY.finditer(page.read_text(encoding="utf-8")):
            if not _PLACEHOLDER.search(match["expr"]):
                found[match["expr"]] = f"{page.parent.name}/{page.stem}"
    return found


def test_every_query_of_a_runbook_has_an_answer(tmp_path: Path) -> None:
    bundle = compile_tree(ROOT / "specs", scale=TimeScale(60))  # so that objectives are recorded within seconds
    artifacts.write(tmp_path, rules.render(bundle))
    files = dict(sample for service in bundle.services for sample in samples(service, ROOT / "specs/samples"))
    pages = {job: moving(path.read_text(encoding="utf-8")) for job, path in files.items()}
    expected = {expr: page for expr, page in queries().items() if not _QUIET.search(expr)}
    assert len(expected) > 200
    with (
        exporter(lambda job: pages[job]()) as port,
        prometheus(
            "oldest",
            folder=tmp_path / "server",
            scraped=dict.fromkeys(files, port),
            rules=tmp_path / "prometheus/rules",
        ) as url,
    ):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (silent := unanswered(url, expected)) and time.monotonic() < deadline:
            time.sleep(1)
        assert silent == []
        for expr in queries():
            query(url, expr, time.time())  # raises where Prometheus refuses it


def unanswered(url: str, expected: Mapping[str, str]) -> list[str]:
    """List the queries, each with its page, that give no number."""
    return [f"{page}: {expr}" for expr, page in expected.items() if not _has_number(url, expr)]


def _has_number(url: str, expr: str) -> bool:
    return any(math.isfinite(float(series["value"][1])) for series in query(url, expr, time.time()).result)
