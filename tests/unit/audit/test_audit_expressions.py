from __future__ import annotations

import time
from pathlib import Path

import pytest

from audited import SCRAPE, SERVICE, compiled, found, only, said
from watchbill.audit import diagnostic, table
from watchbill.model.bundle import Service


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Service:
    return compiled(tmp_path_factory.mktemp("tree")).services[0]


class TestExpressionsOfTheServiceItself:
    OWN = (
        "    Own: {signal: web, kind: promql, sentence: It is so, ALERT, example: {series: [{metric: other_total,"
        " healthy: 1, just_below: 1, firing: 1}], value: 1}, expr: 'EXPR'}\n"
    )

    def findings(self, folder: Path, expr: str, text: str = SCRAPE) -> list[str]:
        service = compiled(folder, SERVICE + self.OWN.replace("EXPR", expr)).services[0]
        return [said(finding) for finding in found(service, text)]

    def test_are_held_against_the_scrape_too(self, tmp_path: Path) -> None:
        expr = "max by (cluster, env) (other_total) > 0"
        assert self.findings(tmp_path, expr, SCRAPE + "othertotal 1\n") == [
            'error: metric "other_total" is not in shop.prom; "othertotal" is there: write othertotal in the expression'
        ]

    def test_warn_of_matchers_that_no_series_satisfies_together(self, tmp_path: Path) -> None:
        series = '# TYPE other_total counter\nother_total{a="1",b="1"} 1\nother_total{a="2",b="2"} 1\n'
        (finding,) = self.findings(tmp_path, 'other_total{a="1",b="2"} > 0', SCRAPE + series)
        assert finding.startswith('warning: no series of other_total matches a="1" and b="2" together; let the service')

    def test_give_one_finding_where_one_matcher_is_at_fault(self, tmp_path: Path) -> None:
        series = '# TYPE other_total counter\nother_total{a="1",b="1"} 1\n'
        (finding,) = self.findings(tmp_path, 'other_total{a="9",b="1"} > 0', SCRAPE + series)
        assert 'matches a="9" (there' in finding

    def test_hold_negative_matchers_too(self, tmp_path: Path) -> None:
        series = '# TYPE other_total counter\nother_total{a="1"} 1\n'
        (finding,) = self.findings(tmp_path, 'other_total{a!="1"} > 0', SCRAPE + series)
        assert finding.startswith('warning: no series of other_total matches a!="1" (there is "1")')

    def test_need_only_the_labels_that_relabelling_does_not_make(self, tmp_path: Path) -> None:
        made = 'label_replace(sum by (cluster, env, old) (other_total), "new", "", "", "")'
        expr = f"max by (cluster, env, new) ({made}) > 0"
        assert self.findings(tmp_path, expr, SCRAPE + "other_total 1\n")[0].startswith(
            'error: label "old" is on no series of other_total'
        )

    def test_may_read_what_prometheus_makes_and_other_jobs(self, tmp_path: Path) -> None:
        expr = 'other_total + a:b:c > 0 and up == 1 and elsewhere{job="x"} > 0'
        assert self.findings(tmp_path, expr, SCRAPE + "# TYPE other_total counter\nother_total 1\n") == []

    @pytest.mark.parametrize("regex", ["(a+)+b", "((((a?)?)?)?)*", "[[:alpha:]]+z", r"\\pLx"])
    def test_never_hang_on_a_regular_expression(self, tmp_path: Path, regex: str) -> None:
        expr = f'other_total{{x=~"{regex}"}} > 0'
        text = SCRAPE + f'other_total{{x="{"a" * 100}"}} 1\n'
        started = time.monotonic()
        assert self.findings(tmp_path, expr, text) == []
        assert time.monotonic() - started < 5


class TestDiagnostic:
    def test_names_the_signal_and_the_alerts(self, shop: Service) -> None:
        shown = diagnostic(only(shop, SCRAPE.replace("web_load_ratio", "x")))
        assert shown.what == ('metric "web_load_ratio" is not in shop.prom (affects TooBusy and WebMetricsAbsent)')
        assert shown.span.file.endswith("specs/services/shop.yaml")
        assert shown.span.line == 6


class TestTable:
    def test_shows_what_a_clean_audit_did(self, shop: Service) -> None:
        assert table(shop, ()) == "web  4 metrics, 3 labels, 2 label values, 1 bucket edge: all found"

    def test_counts_what_was_found(self, shop: Service) -> None:
        text = SCRAPE.replace('"503"', '"404"').replace("web_load_ratio gauge", "web_load_ratio counter")
        assert table(shop, found(shop, text)).endswith(": 1 error, 1 warning")
