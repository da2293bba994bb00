"""The runbook site that we ship, as somebody sees it at night: built strictly, and opened in a real browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from browser import DESK, PHONE, chromium, foreign_requests
from watchbill.drill.links import served
from watchbill.tools import generation

ROOT = Path(__file__).parents[1]
WATCHBILL = Path(sys.executable).parent / "watchbill"
CATALOGUE: dict[str, Any] = json.loads((ROOT / "out/catalog.json").read_text())
P0 = [alert for alert in CATALOGUE["alerts"] if alert["severity"] == "P0"]
SITE_URL = "https://runbooks.example.com"
MOST_SECONDS = 0.05  # of computing, for each page
MOST_BYTES = 200_000
FORMER = "BreakerIsOpen"  # so that a link in an old message is followed
CLEAR = "rgba(0, 0, 0, 0)"
KINDS = [
    "index.html",
    "alerts/index.html",
    "symptoms.html",
    "routing.html",
    "drills.html",
    "objectives.html",
    "severities/P0.html",
    "services/core-api.html",
    "metrics/core-api.html",
    "teams/backend.html",
    "slos/core-api/availability.html",
    "runbooks/index.html",
    "runbooks/RB-006.html",
    "alerts/core-api/CircuitBreakerOpen.html",
    "adr/index.html",
    "adr/ADR-020.html",
    "adr/0019.html",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("specs", "runbooks", "adr", "out"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copyfile(ROOT / "mkdocs.yml", folder / "mkdocs.yml")
    with (folder / "specs/services/core-api.yaml").open("a") as spec:
        spec.write(f"renamed: {{{FORMER}: CircuitBreakerOpen}}\n")
    tools = {f"WATCHBILL_{name.upper()}": str(getattr(generation("newest"), name)) for name in ("promtool", "amtool")}
    begun = computed()
    # In a process of its own, where no line is counted, which would double the time.
    outcome = subprocess.run(
        [WATCHBILL, "site"], cwd=folder, env=os.environ | tools, capture_output=True, text=True, check=False
    )
    assert (outcome.returncode, outcome.stderr) == (0, ""), outcome
    (folder / "seconds").write_text(str(computed() - begun))
    return folder / "site"


def computed() -> float:
    """Return the seconds of computing so far, MkDocs' included; on the clock, others would count too."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def home(site: Path) -> Iterator[str]:
    with served(site) as url:
        yield url


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport=PHONE) as context:
        yield context


def found(page: Page, query: str, *, first: str = "") -> list[str]:
    """Type a query into the search; gives the addresses of what it finds, as soon as the `first` ends so."""
    field = page.locator("[data-md-component=search-query]")
    if not field.is_visible():
        page.locator("label[for=__search]:visible").first.click()
    field.fill("")
    field.press_sequentially(query)
    results = page.locator(".md-search-result__item > a.md-search-result__link")
    results.first.wait_for(timeout=20_000)
    shown: list[str] = []
    for _ in range(25):  # results are shown as they come, and late on a busy machine
        page.wait_for_timeout(400)
        shown = [str(link.get_attribute("href")).partition("?")[0] for link in results.all()]
        if shown and shown[0].endswith(first):
            break
    return shown


def test_the_site_is_built_in_time(site: Path) -> None:
    assert float((site.parent / "seconds").read_text()) < MOST_SECONDS * len(list(site.rglob("*.html")))


def test_no_page_is_heavy(site: Path) -> None:
    heavy = {path.name: size for path in site.rglob("*.html") if (size := path.stat().st_size) > MOST_BYTES}
    assert heavy == {}


@pytest.mark.parametrize("alert", P0, ids=lambda alert: str(alert["id"]))
def test_a_page_leads_to_its_alert_and_its_first_step_within_two_screens(
    phone: BrowserContext, home: str, alert: dict[str, Any]
) -> None:
    page = phone.new_page()
    page.goto(alert["runbook_url"].replace(SITE_URL, home))
    assert page.locator("h1").first.inner_text().startswith(alert["name"])
    first = page.get_by_role("heading", name="Mitigate first").bounding_box()
    assert first is not None
    assert first["y"] + first["height"] < 2 * PHONE["height"]


@pytest.mark.parametrize(
    "query",
    ["DatabaseConnectionPoolCritical", "QueuePool limit reached", "db_pool_connections_active"],
)
def test_search_finds_an_alert_by_name_error_message_and_metric(phone: BrowserContext, home: str, query: str) -> None:
    page = phone.new_page()
    page.goto(home)
    wanted = re.compile(r"alerts/core-api/DatabaseConnectionPool(?:Critical|Warning)\.html")
    results = found(page, query)
    assert any(wanted.search(address) for address in results[:2]), results


def test_search_finds_every_p0_by_its_name_and_first(phone: BrowserContext, home: str) -> None:
    page = phone.new_page()
    page.goto(home)
    for alert in P0:
        own = f"/{alert['name']}.html"
        assert found(page, alert["name"], first=own)[0].endswith(own)


def test_pages_opened_as_files_search_and_ask_no_host(phone: BrowserContext, site: Path) -> None:
    asked = foreign_requests(phone, "file:")
    page = phone.new_page()
    page.goto((site / "index.html").as_uri())
    assert any("DatabaseConnectionPoolCritical" in address for address in found(page, "QueuePool limit reached"))
    page.locator(".md-search-result__link").first.click()
    page.wait_for_url("**/*.html*")
    assert page.locator("h1").count() == 1
    assert asked == []


def test_a_page_that_has_another_name_now_leads_on_served_and_as_a_file(
    phone: BrowserContext, home: str, site: Path
) -> None:
    page = phone.new_page()
    for place in (home, site.as_uri()):
        page.goto(f"{place}/alerts/core-api/{FORMER}.html")
        page.wait_for_url("**/CircuitBreakerOpen.html")
        assert page.locator("h1").first.inner_text().startswith("CircuitBreakerOpen")


def test_a_link_to_an_anchor_of_a_former_page_lands_on_that_anchor(
    phone: BrowserContext, home: str, site: Path
) -> None:
    page = phone.new_page()
    for place in (home, site.as_uri()):
        page.goto(f"{place}/alerts/core-api/{FORMER}.html?from=mail#escalate")
        page.wait_for_url("**/CircuitBreakerOpen.html?from=mail#escalate")
        page.wait_for_function("window.scrollY > 0")
        heading = page.get_by_role("heading", name="Escalate").bounding_box()
        assert heading is not None
        assert heading["y"] < PHONE["height"]


def test_without_scripts_a_former_page_leads_on(browser: Browser, home: str, site: Path) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        for place in (home, site.as_uri()):
            page.goto(f"{place}/alerts/core-api/{FORMER}.html")
            page.wait_for_url("**/CircuitBreakerOpen.html")


def test_search_finds_an_alert_by_its_former_name_offline_and_lands_on_its_page(
    phone: BrowserContext, site: Path
) -> None:
    page = phone.new_page()
    page.goto((site / "index.html").as_uri())
    (found_first, *_) = found(page, FORMER)
    assert found_first.endswith("alerts/core-api/CircuitBreakerOpen.html")
    page.locator(".md-search-result__link").first.click()
    page.wait_for_url("**/CircuitBreakerOpen.html*")
    assert page.locator("h1").first.inner_text().startswith("CircuitBreakerOpen")


def test_a_page_lists_what_drills_its_alert_and_leads_to_it(phone: BrowserContext, home: str) -> None:
    page = phone.new_page()
    page.goto(f"{home}/alerts/core-api/EndpointHighErrorRate.html")
    page.get_by_role("link", name="PostgreSQL answers queries with errors").click()
    page.wait_for_url("**/drills.html#postgres-errors")
    drilled = page.locator("#postgres-errors + .wb-facts")
    assert "watchbill drill postgres-errors" in drilled.inner_text()
    assert drilled.get_by_role("link", name="core-api/EndpointHighErrorRate").count() == 2


@pytest.mark.parametrize("path", KINDS)
def test_a_page_fits_a_phone_and_asks_no_other_host(phone: BrowserContext, home: str, path: str) -> None:
    asked = foreign_requests(phone, home)
    complaints: list[str] = []
    page = phone.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    answer = page.goto(f"{home}/{path}")
    page.wait_for_load_state("networkidle")
    assert answer is not None
    assert answer.ok
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert (asked, complaints) == ([], [])


def test_it_is_dark_where_the_reader_wants_it_dark(browser: Browser, home: str) -> None:
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    light = {}
    for scheme in schemes:
        with browser.new_context(color_scheme=scheme, viewport=DESK) as context:
            page = context.new_page()
            page.goto(f"{home}/alerts/core-api/CircuitBreakerOpen.html")
            colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
            light[scheme] = sum(map(int, re.findall(r"\d+", colour)[:3]))
    assert light["dark"] < 150
    assert light["light"] > 700


def test_a_command_is_copied_with_one_tap(browser: Browser, home: str) -> None:
    with browser.new_context(permissions=["clipboard-read", "clipboard-write"]) as context:
        page = context.new_page()
        page.goto(f"{home}/alerts/core-api/CircuitBreakerOpen.html")
        block = page.locator("pre:has(> code)").first
        block.locator("xpath=..").locator("button, .md-clipboard").first.click()
        page.wait_for_timeout(300)
        assert page.evaluate("navigator.clipboard.readText()").strip() == block.locator("code").inner_text().strip()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_paper_there_is_the_text_and_nothing_to_press(
    browser: Browser, home: str, scheme: Literal["light", "dark"]
) -> None:
    with browser.new_context(viewport=DESK, color_scheme=scheme) as context:
        page = context.new_page()
        page.goto(f"{home}/alerts/core-api/CircuitBreakerOpen.html")
        page.locator(".md-code__nav").first.wait_for()
        page.emulate_media(media="print")
        for gone in (".md-header", ".md-sidebar--primary", ".wb-go", ".md-code__nav", ".md-footer"):
            assert not page.locator(gone).first.is_visible(), gone
        assert page.get_by_role("heading", name="Mitigate first").is_visible()
        assert page.evaluate("[...document.querySelectorAll('pre')].every(p => p.scrollWidth <= p.clientWidth + 1)")
        for element in ("document.documentElement", "document.body"):
            assert page.evaluate(f"getComputedStyle({element}).backgroundColor") in {"rgb(255, 255, 255)", CLEAR}
        assert "dark" not in page.evaluate("getComputedStyle(document.body).colorScheme")


def test_the_button_that_copies_covers_no_command(phone: BrowserContext, home: str) -> None:
    page = phone.new_page()
    page.goto(f"{home}/alerts/core-api/DatabaseConnectionPoolCritical.html")
    page.locator(".md-code__nav").first.wait_for()
    covered = page.evaluate(
        """[...document.querySelectorAll("pre > code")].filter(code => {
            const button = code.parentElement.querySelector(".md-code__nav").getBoundingClientRect();
            const range = document.createRange();
            range.selectNodeContents(code);
            return [...range.getClientRects()].some(text => text.width && text.right > button.left + 1
                && text.top < button.bottom - 4 && text.bottom > button.top + 4);
        }).length"""
    )
    assert covered == 0
