"""What Prometheus makes of the samples when it really scrapes them, in both generations.

promtool's test input is taken as written, while Prometheus 3 normalises `le` at the scrape; only a
scrape shows that the rules' selectors find the series.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import shipped
from servers import exporter, prometheus, query
from shipped import SPECS
from watchbill.audit.samples import samples
from watchbill.model.bundle import Service
from watchbill.promql import Selection, selections, selector
from watchbill.tools import GENERATIONS


def expressions(service: Service) -> Iterator[tuple[str, str]]:
    """Yield every expression that production evaluates, with the id of what it is for."""
    for alert in service.alerts:
        yield from ((alert.id, rule.expr) for rule in alert.rules if dict(rule.place).get("env") != "staging")
    for slo in service.slos:
        yield from ((slo.id, rule.expr) for group in slo.groups for rule in group.rules)


def is_recorded(found: Selection) -> bool:
    return ":" in (found.metric or "")


def asks_for_no_label(found: Selection) -> bool:
    """Whether it looks for series that a healthy service does not have: those without the label that tells errors."""
    return any(matcher.op == "=" and not matcher.value for matcher in found.matchers)


def of_recordings(services: Iterable[Service]) -> set[str]:
    """List the alerts of objectives that read what is recorded only, and those that look for a missing label."""
    return {alert.id for service in services for alert in service.alerts if alert.slo}


@pytest.mark.parametrize("name", GENERATIONS)
def test_every_selector_of_every_rule_finds_scraped_series(name: str, tmp_path: Path) -> None:
    services = shipped.bundle().services
    files = dict(sample for service in services for sample in samples(service, SPECS / "samples"))
    asked = {
        (reader, selector(found.metric or "", found.matchers))
        for service in services
        for reader, expr in expressions(service)
        for found in selections(expr)
        if not is_recorded(found) and not asks_for_no_label(found)
    }
    readers = {reader for service in services for reader, _ in expressions(service)}
    assert readers - {reader for reader, _ in asked} == {"monitoring/Watchdog", *of_recordings(services)}
    with (
        exporter(lambda job: files[job].read_text()) as port,
        prometheus(name, folder=tmp_path / "server", scraped=dict.fromkeys(files, port)) as url,
    ):
        # On a loaded machine a scrape may time out, which ends its series for that moment.
        now = time.time()
        lost = sorted((alert, found) for alert, found in asked if not query(url, f"{found}[1m]", now).result)
    assert lost == []
