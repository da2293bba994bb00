from __future__ import annotations

import re
from pathlib import Path

import pytest

from audited import OPENMETRICS, SCRAPE, SERVICE, compiled, found, only, said
from watchbill.audit import audit, read_scrape
from watchbill.errors import DiagnosticLevel, UsageError
from watchbill.model.bundle import Service


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Service:
    return compiled(tmp_path_factory.mktemp("tree")).services[0]


class TestAudit:
    @pytest.mark.parametrize("text", [SCRAPE, OPENMETRICS], ids=["text", "openmetrics"])
    def test_of_what_alerts_need_finds_nothing(self, shop: Service, text: str) -> None:
        assert found(shop, text) == ()

    @pytest.mark.parametrize("edge", ["1", "1.0", "1e+00"])
    def test_reads_edges_as_numbers(self, shop: Service, edge: str) -> None:
        assert found(shop, SCRAPE.replace('le="1.0"', f'le="{edge}"')) == ()

    def test_never_looks_for_target_labels(self, shop: Service) -> None:
        assert 'shard="a"' in shop.alerts[0].rules[0].expr
        assert found(shop, SCRAPE) == ()

    def test_ignores_a_missing_metric_that_no_alert_reads(self, shop: Service) -> None:
        assert "web_spare_total" not in SCRAPE
        assert found(shop, SCRAPE) == ()

    def test_warns_of_a_panel_whose_metric_is_not_there(self, tmp_path: Path) -> None:
        spares = "signal: web, kind: rate, metrics: [spare], help: Spares"
        load = "signal: web, kind: level, metrics: [load], help: Load"
        panels = f"dashboards: {{own: [{{title: Spares, {spares}}}, {{title: Load, {load}}}]}}\n"
        service = compiled(tmp_path, SERVICE + panels).services[0]
        assert said(only(service, SCRAPE)) == (
            'warning: panel "Spares" stays empty, since the service does not export web_spare_total;'
            ' let it, or write why it does not: dashboards: {drop: {"Spares": …}}'
        )
        assert found(service, SCRAPE + "# TYPE web_spare_total counter\nweb_spare_total 0\n") == ()

    def test_gives_a_missing_metric_one_finding_with_the_nearest_name(self, shop: Service) -> None:
        finding = only(shop, SCRAPE.replace("web_requests_total", "web_request_total"))
        assert said(finding) == (
            'error: metric "web_requests_total" is not in shop.prom; "web_request_total" is there:'
            ' write metrics: {requests: web_request_total} in signal "web"'
        )
        assert finding.alerts == ("shop/TooManyErrors",)

    def test_looks_for_the_nearest_name_among_other_types_too(self, shop: Service) -> None:
        text = SCRAPE.replace("web_load_ratio gauge", "web_load counter").replace("web_load_ratio", "web_load")
        assert only(shop, text).todo.startswith('"web_load" is there')

    def test_says_to_export_a_metric_that_nothing_resembles(self, shop: Service) -> None:
        assert said(only(shop, SCRAPE.replace("web_load_ratio", "x"))) == (
            'error: metric "web_load_ratio" is not in shop.prom;'
            ' let the service export it, or write metrics: {load: <its name>} in signal "web"'
        )

    def test_finds_a_metric_without_series(self, shop: Service) -> None:
        assert said(only(shop, re.sub(r"(?m)^web_requests_total.*\n", "", SCRAPE))) == (
            'warning: metric "web_requests_total" is declared and has no series;'
            " let the service make its series at the start, with 0, and take the sample again"
        )

    def test_finds_a_wrong_type(self, shop: Service) -> None:
        assert said(only(shop, SCRAPE.replace("web_requests_total counter", "web_requests_total gauge"))) == (
            'error: metric "web_requests_total" is a gauge, and the spec takes it for a counter;'
            ' name another metric, or another kind of condition, in signal "web"'
        )

    def test_warns_of_a_metric_without_a_type(self, shop: Service) -> None:
        assert said(only(shop, SCRAPE.replace("# TYPE web_load_ratio gauge\n", ""))) == (
            'warning: metric "web_load_ratio" has no type, and the spec takes it for a gauge;'
            " let the service declare it: # TYPE web_load_ratio gauge"
        )

    def test_still_judges_the_buckets_of_a_histogram_without_a_type(self, shop: Service) -> None:
        text = SCRAPE.replace("# TYPE web_duration_seconds histogram\n", "").replace('le="0.5"', 'le="0.6"')
        assert [finding.level for finding in found(shop, text)] == [DiagnosticLevel.ERROR, DiagnosticLevel.WARNING]

    def test_tells_a_summary_from_a_histogram(self, shop: Service) -> None:
        text = re.sub(r"(?m)^web_duration_seconds_bucket.*\n", "", SCRAPE)
        text = text.replace("web_duration_seconds histogram", "web_duration_seconds summary")
        assert said(only(shop, text)) == (
            'error: metric "web_duration_seconds" is a summary, and the spec takes it for a histogram;'
            " let the service export a histogram: a summary's quantiles cannot be aggregated over instances"
        )

    def test_finds_a_histogram_without_buckets(self, shop: Service) -> None:
        assert said(only(shop, re.sub(r"(?m)^web_duration_seconds_bucket.*\n", "", SCRAPE))) == (
            'error: metric "web_duration_seconds" has no series web_duration_seconds_bucket,'
            " only web_duration_seconds_count and web_duration_seconds_sum;"
            " let the service export a histogram with classic buckets (_bucket, _sum and _count)"
        )

    def test_finds_a_counter_that_openmetrics_calls_otherwise(self, tmp_path: Path) -> None:
        service = SERVICE.replace("{profile: web}", "{profile: web, metrics: {requests: web_requests}}")
        renamed = compiled(tmp_path, service).services[0]
        assert only(renamed, OPENMETRICS).todo == 'write metrics: {requests: web_requests_total} in signal "web"'

    def test_takes_the_count_of_a_histogram_for_a_counter(self, tmp_path: Path) -> None:
        service = SERVICE.replace("{profile: web}", "{profile: web, metrics: {requests: web_duration_seconds_count}}")
        renamed = compiled(tmp_path, service).services[0]
        text = SCRAPE.replace('_count{route="/a",status="200"}', '_count{route="/a",status="503"}')
        assert found(renamed, text) == ()

    def test_finds_a_missing_label_with_the_nearest_one(self, shop: Service) -> None:
        finding = only(shop, SCRAPE.replace("route=", "routes="))
        assert said(finding) == (
            'error: label "route" is on no series of web_requests_total; "routes" is there:'
            ' write labels: {route: routes} in signal "web"'
        )

    def test_lists_the_labels_where_none_is_near(self, shop: Service) -> None:
        assert only(shop, SCRAPE.replace("route=", "x=")).todo == (
            'let the service set it, or name the right one in signal "web"; there is status, x'
        )

    def test_does_not_judge_the_values_of_a_missing_label(self, shop: Service) -> None:
        assert only(shop, SCRAPE.replace("status=", "code=")).what == (
            'label "status" is on no series of web_requests_total'
        )

    @pytest.mark.parametrize("value", ["OPEN", "Open", "o_pen", "o-pen"])
    def test_finds_a_value_that_is_written_otherwise(self, shop: Service, value: str) -> None:
        assert said(only(shop, SCRAPE.replace('"open"', f'"{value}"'))) == (
            f'error: no series of web_breaker_state matches state="open" (there is "{min("closed", value)}",'
            f' "{max("closed", value)}"); "{value}" is there: write classes: {{open: "{value}"}} in signal "web"'
        )

    def test_warns_of_a_class_that_no_series_is_in_yet(self, shop: Service) -> None:
        assert said(only(shop, SCRAPE.replace('"503"', '"404"'))) == (
            'warning: no series of web_requests_total matches status=~"5.." (there is "200", "404");'
            " let the service export that series from the start, as 0,"
            " since the first event of a new series is invisible to increase()"
        )

    def test_finds_a_value_that_is_spelt_otherwise(self, shop: Service) -> None:
        assert '"opened" is there' in only(shop, SCRAPE.replace('"open"', '"opened"')).todo

    def test_does_not_take_another_state_for_a_misspelling(self, shop: Service) -> None:
        assert only(shop, SCRAPE.replace('"open"', '"half_open"')).level is DiagnosticLevel.WARNING

    @pytest.mark.parametrize("value", ["1503", "5031"])
    def test_anchors_regular_expressions(self, shop: Service, value: str) -> None:
        assert only(shop, SCRAPE.replace("503", value)).what.startswith("no series of web_requests_total matches")

    def test_holds_the_target_against_a_label_of_the_metric_itself(self, shop: Service) -> None:
        finding = only(shop, SCRAPE.replace("web_load_ratio 0.5", 'web_load_ratio{shard="b"} 0.5'))
        assert finding.what == 'no series of web_load_ratio matches shard="a" (there is "b")'

    def test_finds_a_bucket_edge_that_a_threshold_sits_on(self, shop: Service) -> None:
        finding = only(shop, SCRAPE.replace('le="0.5"', 'le="0.6"'))
        assert said(finding) == (
            'error: no bucket of "web_duration_seconds" ends at 0.5, only at 0.1, 0.6, 1; let the service export that'
            ' bucket, or write metrics: {duration: {buckets: [0.1, 0.6, 1]}} in signal "web"'
            " and set the threshold on one of them"
        )
        assert finding.alerts == ("shop/TooSlow",)

    def test_knows_an_edge_that_clients_write_in_several_ways(self, tmp_path: Path) -> None:
        changed = compiled(tmp_path, SERVICE.replace("above: 500ms", "above: 1000ms")).services[0]
        assert only(changed, SCRAPE.replace('le="1.0"', 'le="2"')).what == (
            'no bucket of "web_duration_seconds" ends at 1, only at 0.1, 0.5, 2'
        )

    def test_warns_of_other_bucket_edges(self, shop: Service) -> None:
        assert said(only(shop, SCRAPE.replace('le="0.1"', 'le="0.2"'))) == (
            'warning: the buckets of "web_duration_seconds" are 0.2, 0.5, 1, and others in the spec;'
            ' write metrics: {duration: {buckets: [0.2, 0.5, 1]}} in signal "web"'
        )

    def test_recognises_edges_in_milliseconds(self, shop: Service) -> None:
        text = SCRAPE.replace('le="0.1"', 'le="100"').replace('le="0.5"', 'le="500"').replace('le="1.0"', 'le="1e+03"')
        assert "only at 100, 500, 1000 (they look like milliseconds)" in only(shop, text).what

    def test_finds_a_unit_that_the_name_contradicts(self, tmp_path: Path) -> None:
        service = SERVICE.replace("{profile: web}", "{profile: web, metrics: {load: web_load_percent}}")
        renamed = compiled(tmp_path, service).services[0]
        assert said(only(renamed, SCRAPE.replace("web_load_ratio", "web_load_percent"))) == (
            'error: metric "web_load_percent" is in percent by its name, and in ratio by the spec;'
            ' write metrics: {load: {unit: percent}} in signal "web", or rename the metric'
        )

    def test_finds_a_unit_that_openmetrics_contradicts(self, tmp_path: Path) -> None:
        service = SERVICE.replace("{profile: web}", "{profile: web, metrics: {load: {unit: percent}}}")
        changed = compiled(tmp_path, service).services[0]
        assert only(changed, OPENMETRICS).what == (
            'metric "web_load_ratio" is in ratio by # UNIT ratio, and in percent by the spec'
        )

    def test_warns_once_of_a_label_that_prometheus_renames(self, shop: Service) -> None:
        finding = only(shop, SCRAPE.replace("route=", 'env="x",route='))
        assert finding.what == (
            'label "env" is on web_duration_seconds and web_requests_total already:'
            " Prometheus renames it to exported_env, and with honor_labels it would misroute alerts"
        )

    def test_warns_of_a_label_that_the_alert_overwrites(self, shop: Service) -> None:
        finding = only(shop, SCRAPE.replace('{state="', '{service="x",state="'))
        assert finding.what == (
            'label "service" is on web_breaker_state already, and the alert\'s own label takes its place'
        )

    def test_warns_of_too_many_series(self, shop: Service) -> None:
        many = "".join(f'web_requests_total{{route="/{i}",status="200"}} 1\n' for i in range(1000))
        text = SCRAPE.replace("# TYPE web_duration", many + "# TYPE web_duration")
        assert said(only(shop, text)) == (
            'warning: metric "web_requests_total" has 1002 label sets in one scrape, "route" 1001 values;'
            " bound the label: a route's pattern, never a path with its ids"
        )

    def test_puts_errors_first(self, shop: Service) -> None:
        text = SCRAPE.replace('"503"', '"404"').replace("web_load_ratio gauge", "web_load_ratio counter")
        assert [finding.level for finding in found(shop, text)] == [DiagnosticLevel.ERROR, DiagnosticLevel.WARNING]

    def test_judges_the_signals_of_the_job_that_is_asked_for(self, shop: Service) -> None:
        findings = audit(shop, read_scrape("x 1\n", name="x.prom"), job="side-car")
        assert {finding.signals for finding in findings} == {("side",)}

    def test_refuses_a_job_that_no_signal_has(self, shop: Service) -> None:
        with pytest.raises(UsageError, match='service "shop" has no signal of job "shp"; use "shop"'):
            audit(shop, read_scrape(SCRAPE, name="x.prom"), job="shp")

    def test_joins_what_two_signals_lack(self, tmp_path: Path) -> None:
        service = SERVICE.replace("side: {profile: web, target: {job: side-car}}", "side: {profile: web}")
        finding = only(compiled(tmp_path, service).services[0], SCRAPE.replace("_ratio", "_r"))
        assert finding.todo == '"web_load_r" is there: write metrics: {load: web_load_r} in signal "side" and "web"'
        assert finding.alerts == ("shop/SideMetricsAbsent", "shop/TooBusy", "shop/WebMetricsAbsent")
