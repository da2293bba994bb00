"""The boards in a real browser, with data from a real Prometheus: what a person sees who has no Grafana."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
from playwright.sync_api import Route, expect

from browser import PHONE, chromium
from opened import Live, Seen
from servers import exporter, prometheus, query
from shown import moving
from spectree import compile_tree
from watchbill import library
from watchbill.audit.samples import samples
from watchbill.outputs import prometheus as rules
from watchbill.publish import artifacts
from watchbill.quantity import TimeScale
from watchbill.stack.loopback import free_port

ROOT = Path(__file__).parents[1]
BOARDS = sorted(path for path in (ROOT / "out/board").glob("*.html") if path.stem != "index")
MOST_BYTES = 150_000  # of a page, uPlot aside
FIRST_DATA_SECONDS = 1.0
TRIES = 20  # of which the best counts, since other tests want the processor too
MAY_SCROLL = ".scroll, .chart"  # but need not, not even on a phone
NOTHING_IN_GAUGES = "[...document.querySelectorAll('.gauge')].every((panel) => panel.dataset.shown === '0')"
HOSTILE = "<img src=x onerror=document.title=1><script>document.title=2</script>{{endpoint}} $env"


@pytest.fixture(autouse=True)
def _close(live: Live) -> Iterator[None]:
    """Close what a test has opened, since an open board asks every five seconds."""
    yield
    while live.contexts:
        live.contexts.pop().close()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("live")
    bundle = compile_tree(ROOT / "specs", scale=TimeScale(60))
    artifacts.write(folder, rules.render(bundle))
    files = dict(sample for service in bundle.services for sample in samples(service, ROOT / "specs/samples"))
    pages = {job: moving(path.read_text()) for job, path in files.items()}
    pages["core-api"] = moving(files["core-api"].read_text() + _of_hostile_endpoint(files["core-api"]))
    with (
        exporter(lambda job: pages[job]()) as port,
        prometheus(
            "newest", folder=folder / "server", scraped=dict.fromkeys(files, port), rules=folder / "prometheus/rules"
        ) as url,
        chromium() as browser,
    ):
        deadline = time.monotonic() + 60
        while not query(url, "slo:budget_left:ratio", time.time()).result:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        yield Live(url, browser)


def _of_hostile_endpoint(sample: Path) -> str:
    lines = (line for line in sample.read_text().splitlines() if line.startswith("http_request"))
    users = (line for line in lines if 'endpoint="/api/users"' in line)
    return "".join(line.replace("/api/users", HOSTILE) + "\n" for line in users)


def only_asks(seen: Seen, url: str) -> bool:
    """Whether a page asked for itself and for the Prometheus only."""
    return all(asked.startswith((f"{url}/api/v1/", "file://", "data:")) for asked in seen.watch.asked)


@pytest.mark.parametrize("board", BOARDS, ids=lambda path: path.stem)
def test_a_board_shows_live_data_fits_a_phone_and_asks_nobody_else(board: Path, live: Live) -> None:
    seen = live.open(board.stem)
    seen.value("document.querySelectorAll('details.row').forEach((row) => { row.open = true; })")
    seen.wait_for("document.querySelectorAll('.panel:not([data-shown])').length === 0")
    seen.wait_for("document.getElementById('state').textContent.includes('again every 5 s')")
    # What is recorded last may come with the next round; what says why it is empty may stay so.
    seen.wait_for("[...document.querySelectorAll('.none')].every((none) => none.textContent !== 'No data')")
    refused = seen.value("[...document.querySelectorAll('.fault')].map((fault) => fault.textContent).filter(Boolean)")
    assert refused == []
    assert seen.watch.faults == []
    assert only_asks(seen, live.url)
    assert len(seen.watch.asked) > 2
    seen.page.set_viewport_size(PHONE)
    seen.wait_for("document.querySelector('.panel').getBoundingClientRect().width < 380")
    assert seen.value("document.documentElement.scrollWidth") <= PHONE["width"]
    seen.wait_for(
        f"[...document.querySelectorAll('{MAY_SCROLL}')].every((part) => part.scrollWidth <= part.clientWidth)"
    )


def test_the_first_data_is_there_within_a_second(live: Live) -> None:
    took: list[float] = []
    while len(took) < TRIES and min(took, default=FIRST_DATA_SECONDS) >= FIRST_DATA_SECONDS:
        seen = live.open("core-api-http-metrics")
        # what the page's own clock says when the first panel has its data
        took.append(seen.wait_for("performance.getEntriesByName('first data')[0]?.startTime") / 1000)
        seen.page.close()
    assert min(took) < FIRST_DATA_SECONDS, took


def test_it_asks_again_by_itself(live: Live) -> None:
    seen = live.open("core-api-http-metrics")
    seen.wait_for("document.querySelectorAll('.panel:not([data-shown])').length === 0")
    before = len(seen.watch.asked)
    seen.wait_for("new Promise((done) => setTimeout(() => done(true), 5500))")
    assert len(seen.watch.asked) >= 2 * before - 2


def test_names_and_labels_are_text_and_never_html(live: Live) -> None:
    seen = live.open("core-api-http-metrics")
    seen.wait_for("document.querySelectorAll('.panel:not([data-shown])').length === 0")
    assert HOSTILE in seen.value("document.getElementById('panels').textContent")
    assert seen.value("document.querySelectorAll('#panels img, #panels script').length") == 0
    assert seen.value("document.title") == "Core API: HTTP metrics"
    assert seen.watch.faults == []


def test_the_environment_and_the_time_are_picked_and_kept_in_the_address(live: Live) -> None:
    seen = live.open("core-api-infrastructure")
    seen.wait_for("document.querySelectorAll('.panel:not([data-shown])').length === 0")
    seen.page.select_option("#pick-range", label="last 6h")
    seen.page.select_option("#pick-env", "staging")
    seen.wait_for(NOTHING_IN_GAUGES)
    assert {"range=6h", "var-env=staging"} <= set(urlsplit(seen.page.url).query.split("&"))
    asked = next(url for url in reversed(seen.watch.asked) if "/query_range?" in url)
    chosen = parse_qs(urlsplit(asked).query)
    assert 'env="staging"' in chosen["query"][0]
    assert float(chosen["end"][0]) - float(chosen["start"][0]) == pytest.approx(6 * 3600, rel=0.01)


def test_what_comes_late_for_another_environment_is_not_shown(live: Live) -> None:
    seen = live.open("core-api-infrastructure")
    seen.wait_for("document.querySelectorAll('.panel:not([data-shown])').length === 0")
    late: list[Route] = []
    held = re.compile(r"/api/v1/.*production")

    def hold(route: Route) -> None:
        late.append(route)

    seen.page.route(held, hold)
    seen.page.select_option("#pick-range", label="last 15m")  # asks again of production, which is held
    seen.page.select_option("#pick-env", "staging")
    seen.wait_for(NOTHING_IN_GAUGES)
    assert late
    with seen.page.expect_response(held):
        for route in late:
            route.continue_()
    seen.page.wait_for_timeout(500)
    assert seen.value(NOTHING_IN_GAUGES)


def test_what_fires_is_shown_on_its_panel_and_leads_there_from_anywhere(live: Live) -> None:
    seen = live.open("all-services-on-call", more="&var-cluster=main")
    link = seen.page.get_by_role("link", name="P1 core-api/CPUUsageHigh")
    link.wait_for()
    link.click()
    seen.page.wait_for_url("**/core-api-infrastructure.html?*")
    assert f"prometheus={quote_plus(live.url)}" in seen.page.url
    assert "var-cluster=main" in seen.page.url
    panel = f"document.getElementById('panel-{parse_qs(urlsplit(seen.page.url).query)['viewPanel'][0]}')"
    seen.wait_for(f"{panel}.querySelector('.alarm').textContent.includes('P1 CPUUsageHigh')")
    assert seen.value("document.querySelectorAll('.alarm:not(:empty)').length") == 1
    assert seen.value(f"{panel}.querySelector('h2').textContent") == "CPU Usage"


def test_the_cursor_reads_off_values(live: Live) -> None:
    seen = live.open("core-api-http-metrics")
    panel = seen.page.locator(".panel", has_text="Request Duration Heatmap")
    number = panel.locator(".legend b").last  # all requests of a window; the first one was not whole
    last = number.inner_text()
    panel.locator(".u-over").hover(position={"x": 5, "y": 50})
    expect(number).not_to_have_text(last)


def test_buckets_are_shown_in_their_order_and_unit(live: Live) -> None:
    seen = live.open("core-api-http-metrics")
    seen.wait_for("document.querySelectorAll('.panel:not([data-shown])').length === 0")
    names = seen.page.locator(".panel", has_text="Request Duration Heatmap").locator(".legend span").all_inner_texts()
    assert names[:3] == ["≤ 5 ms", "≤ 10 ms", "≤ 25 ms"]
    assert names[-1] == "all"


def test_an_alerts_link_opens_the_row_of_its_panel(live: Live) -> None:
    panel = "document.getElementById('panel-855595341')"  # Burn rate: Availability
    seen = live.open("core-api-slo", more="&viewPanel=855595341&var-env=production&var-cluster=main")
    seen.wait_for(f"{panel}?.dataset.shown > 0")
    assert seen.value(f"{panel}.closest('details').open")
    assert seen.value(
        f"(() => {{ const at = {panel}.getBoundingClientRect(); return at.top < innerHeight && at.bottom > 0 }})()"
    )


def test_it_follows_the_readers_light_or_dark(live: Live) -> None:
    papers = {
        scheme: live.open("core-api-service", scheme=scheme).wait_for("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert papers["light"] != papers["dark"]


def test_a_prometheus_that_does_not_answer_is_named_and_not_called_no_data(live: Live) -> None:
    seen = live.open("core-api-http-metrics", prometheus=f"http://127.0.0.1:{free_port()}")
    notified = seen.wait_for("document.querySelector('#state.broken')?.textContent")
    assert "does not answer" in notified
    assert seen.value("document.querySelectorAll('.none').length") == 0


def test_a_prometheus_without_rules_is_not_called_quiet(live: Live, tmp_path: Path) -> None:
    with prometheus("newest", folder=tmp_path / "server") as url:
        seen = live.open("all-services-on-call", prometheus=url)
        notified = seen.wait_for("document.getElementById('firing').textContent")
        seen.wait_for("document.querySelectorAll('.panel:not([data-shown])').length === 0")
        assert "no rules are evaluated" in notified
        assert seen.page.locator(".stat .none").count() == 3


def test_what_was_drawn_is_marked_as_old_once_prometheus_is_gone(live: Live, tmp_path: Path) -> None:
    with prometheus("newest", folder=tmp_path / "server") as url:
        seen = live.open("all-services-on-call", prometheus=url)
        seen.wait_for("document.querySelectorAll('.panel:not([data-shown])').length === 0")
        assert seen.value("document.querySelectorAll('.stale').length") == 0
    notified = seen.wait_for("document.querySelector('#state.broken')?.textContent")
    assert "last did at" in notified
    seen.wait_for("document.querySelectorAll('.panel:not(.stale)').length === 0")
    seen.wait_for("document.querySelector('#firing.stale') !== null")


def test_no_link_can_send_queries_to_another_host(live: Live) -> None:
    seen = live.open("core-api-http-metrics", prometheus="https://elsewhere.example.org")
    seen.wait_for("document.querySelector('#state.broken') !== null")
    assert not [asked for asked in seen.watch.asked if asked.startswith("https://elsewhere")]
    assert any(asked.startswith("https://prometheus.example.com/") for asked in seen.watch.asked)


def test_pages_are_small_and_whole() -> None:
    uplot = len((library.ROOT / "vendor/uplot/uPlot.iife.min.js").read_bytes())
    for board in BOARDS:
        text = board.read_text()
        assert len(text.encode()) - uplot < MOST_BYTES, board.name
        assert " src=" not in text
        assert "@import" not in text
    assert (ROOT / "out/board/uPlot-LICENSE.txt").read_text().startswith("The MIT License")
