from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audited import OPENMETRICS, SCRAPE, SERVICE, compiled
from watchbill.audit import Scrape, load_sample, read_scrape, samples, unsampled
from watchbill.errors import DiagnosticLevel, SpecError
from watchbill.model.bundle import Service

LINES = st.lists(st.sampled_from([*SCRAPE.splitlines(), *OPENMETRICS.splitlines(), "", "# EOF", "a{", 'b="\\']))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Service:
    return compiled(tmp_path_factory.mktemp("tree")).services[0]


class TestReading:
    def test_keeps_the_name_of_a_counter_without_total(self) -> None:
        scrape = read_scrape("# TYPE a counter\na 1\n# TYPE b_total counter\nb_total 1\n", name="x")
        assert set(scrape.series) == {"a", "b_total"}
        assert {scrape.families[name].type for name in ("a", "b_total")} == {"counter"}

    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("", "x.prom:1:1: no metric stands here"),
            ("# only words\n", "x.prom:1:1: no metric stands here"),
            ("<html>\n", "x.prom:1:1: this is not the Prometheus text format: "),
            ("a 1\nb{c=1} 2\n", "x.prom:2:1: this is not the Prometheus text format: "),
            ("a 1\n# TYPE b nonsense\nb 1\nc 2\n", "x.prom:2:1: this is not the Prometheus text format: "),
            ("a 1\n\n# EOF\n", "x.prom:2:1: this is not OpenMetrics: "),
            ("a 1\n# TYPE b_s gauge\n# UNIT b_s m\nb_s 1\nc 1\n# EOF\n", "x.prom:2:1: this is not OpenMetrics: "),
            ("a 1\n# EOF\na 1\n", "x.prom:3:1: this is not OpenMetrics: "),
            ("a" * 20_000, "x.prom:1:1: a line of 20000 characters"),
        ],
    )
    def test_names_the_line_at_fault(self, text: str, place: str) -> None:
        with pytest.raises(SpecError) as caught:
            read_scrape(text, name="x.prom")
        assert str(caught.value).startswith(place)

    def test_refuses_openmetrics_that_was_cut_off(self) -> None:
        with pytest.raises(SpecError, match="this is not OpenMetrics: Missing # EOF"):
            read_scrape("a 1\n", name="x", content_type="application/openmetrics-text; version=1.0.0")

    def test_accepts_windows_line_ends(self) -> None:
        assert set(read_scrape(OPENMETRICS.replace("\n", "\r\n"), name="x").families) >= {"web_requests"}

    def test_refuses_more_than_64_mebibytes(self) -> None:
        with pytest.raises(SpecError, match="a scrape of more than 64 MiB"):
            read_scrape("a 1\n" * (16 << 20) + "b", name="x")

    @given(
        st.one_of(
            st.text(),
            LINES.map("\n".join),
            st.text(alphabet='ab_{}=",\\# \n1+InfeTYPEOUNITcounterhistogram:[]'),
        )
    )
    @settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
    def test_gives_a_scrape_or_a_diagnostic_for_any_text(self, text: str) -> None:
        try:
            assert isinstance(read_scrape(text, name="x"), Scrape)
        except SpecError as error:
            assert str(error).startswith("x:")  # noqa: PT017 (either outcome is right)


class TestSamples:
    def test_are_found_by_job(self, shop: Service, tmp_path: Path) -> None:
        for name in ("shop.prom", "shop.side-car.prom", "other.prom"):
            (tmp_path / name).write_text(SCRAPE)
        expected = (("shop", tmp_path / "shop.prom"), ("side-car", tmp_path / "shop.side-car.prom"))
        assert samples(shop, tmp_path) == expected
        assert unsampled(shop, tmp_path) == ()

    def test_without_a_job_in_the_name_show_the_services_own_job(self, tmp_path: Path) -> None:
        (tmp_path / "shop.prom").write_text(SCRAPE)
        more = SERVICE.replace("  side:", "  more: {profile: web, target: {job: side-car}}\n  side:")
        assert samples(compiled(tmp_path, more).services[0], tmp_path) == (("shop", tmp_path / "shop.prom"),)

    def test_are_asked_for_where_they_are_missing(self, shop: Service, tmp_path: Path) -> None:
        (tmp_path / "shop.prom").write_text(SCRAPE)
        (finding,) = unsampled(shop, tmp_path)
        assert finding.level is DiagnosticLevel.WARNING
        assert (
            finding.what == 'no sample shows what job "side-car" exports, so nothing holds its alerts against reality'
        )
        assert finding.todo == f"save one: curl -s http://<address>/metrics > {tmp_path}/shop.side-car.prom"

    def test_are_asked_for_with_the_address_that_prometheus_scrapes(self, tmp_path: Path) -> None:
        scrape = (
            "scrape:\n  shop: {targets: {production: ['shop:80']}}\n"
            "  side-car: {probe: {exporter: 'box:9', module: ok}, targets: {production: ['http://shop/up']}}\n"
        )
        shop = compiled(tmp_path, SERVICE.replace("signals:\n", scrape + "signals:\n")).services[0]
        todos = [finding.todo.removeprefix("save one: curl -s ") for finding in unsampled(shop, Path("samples"))]
        assert todos == [
            "'http://shop:80/metrics' > samples/shop.prom",
            "'http://box:9/probe?module=ok&target=http%3A%2F%2Fshop%2Fup' > samples/shop.side-car.prom",
        ]

    def test_are_read_from_files(self, tmp_path: Path) -> None:
        (tmp_path / "a.prom").write_text(SCRAPE)
        assert load_sample(tmp_path / "a.prom", shown="a.prom").name == "a.prom"

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (b"a 1\n\xff", "s:2:1: byte 4 is not UTF-8; save the text format, not protobuf or a compressed answer"),
            (None, "s:1:1: the file cannot be read: No such file or directory; name a scrape's file"),
        ],
    )
    def test_that_cannot_be_read_are_named(self, tmp_path: Path, content: bytes | None, expected: str) -> None:
        if content is not None:
            (tmp_path / "a.prom").write_bytes(content)
        with pytest.raises(SpecError) as caught:
            load_sample(tmp_path / "a.prom", shown="s")
        assert str(caught.value) == expected
