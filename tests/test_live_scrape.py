"""What Prometheus makes of the samples when it really scrapes them, in both generations.

promtool's test input is taken as written, while Prometheus 3 normalises `le` at the scrape; only a
scrape shows that the rules' selectors find the series.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from loopback import exporter, prometheus, query
from watchbill.audit.samples import samples
from watchbill.pipeline import compile_specs
from watchbill.promql import selections, selector

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", ["oldest", "newest"])
def test_every_selector_of_every_rule_finds_scraped_series(name: str, tmp_path: Path) -> None:
    services = compile_specs(ROOT / "specs").bundle.services
    files = dict(sample for service in services for sample in samples(service, ROOT / "specs/samples"))
    paths = {job: f"/{number}" for number, job in enumerate(files)}
    asked = {
        (alert.id, selector(selection.metric or "", selection.matchers))
        for service in services
        for alert in service.alerts
        for rule in alert.rules
        if dict(rule.place).get("env") != "staging"
        for selection in selections(rule.expr)
    }
    constant = {
        alert.id for service in services for alert in service.alerts for rule in alert.rules if rule.witness.constant
    }
    assert {alert for alert, _ in asked} | constant == {alert.id for service in services for alert in service.alerts}
    assert constant == {"monitoring/Watchdog"}
    with (
        exporter({paths[job]: path.read_text() for job, path in files.items()}) as port,
        prometheus(name, tmp_path, paths, port) as url,
    ):
        lost = sorted((alert, series) for alert, series in asked if not query(url, series))
    assert lost == []
