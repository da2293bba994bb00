"""What specs, labels and messages hold is shown as text, in a real browser, on every kind of page that we write.

Boards have the same test beside their data, in `test_boards`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from browser import DESK, chromium, wait_for
from prosetree import WHOLE, decision, runbook, tree
from spectree import run
from watchbill.demo.pages import own
from watchbill.drill.record import Check, Event, Record
from watchbill.drill.report import page as drill_page

ROOT = Path(__file__).parents[1]
HIT = "window.hit = 1"
PAYLOAD = f"<img src=x onerror='{HIT}'><script>{HIT}</script>\"><svg/onload='{HIT}'>&lt;b&gt;'`${{{HIT}}}`"
WAIT_MILLISECONDS = 300  # an image that is not there has failed by then


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture
def opened(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=DESK)
    yield context.new_page()
    context.close()


def untouched(page: Page) -> bool:
    page.wait_for_timeout(WAIT_MILLISECONDS)
    return bool(page.evaluate("window.hit === undefined"))


def test_the_payload_would_run_where_it_is_not_text(opened: Page) -> None:
    opened.set_content(f"<p>{PAYLOAD}</p>")
    assert not untouched(opened)


def test_a_report_of_drills_shows_what_servers_said_as_text(opened: Page) -> None:
    record = Record(
        PAYLOAD, PAYLOAD, PAYLOAD, 60, [Event(1, PAYLOAD, PAYLOAD)], [Check(PAYLOAD, PAYLOAD), Check(PAYLOAD)]
    )
    opened.set_content(drill_page([record], generation=PAYLOAD))
    assert untouched(opened)
    shown = opened.locator("body").text_content() or ""
    assert (
        shown.count(PAYLOAD) == 9
    )  # generation, id, title, severity, the failed check twice, the event twice, the held


def test_the_page_of_a_demo_shows_what_servers_said_as_text(opened: Page) -> None:
    alert = dict.fromkeys(("id", "summary", "severity", "name", "fires", "without", "runbook", "panel"), PAYLOAD)
    told = {
        "/stack": {
            "scale": 60,
            "boards": [{"title": PAYLOAD, "url": f"javascript:{HIT}"}],
            "prometheus": f"javascript:{HIT}",
            "alertmanager": PAYLOAD,
            "services": [{"title": PAYLOAD, "alerts": [{**alert, "notifies": [PAYLOAD]}]}],
        },
        "/faults": {"faults": [{**alert, "alert": PAYLOAD, "seconds_left": 9}]},
        "/events": {
            "firing": [PAYLOAD],
            "events": [
                {"at": 1, "kind": "notified", "who": PAYLOAD, "text": PAYLOAD, "links": {PAYLOAD: f"javascript:{HIT}"}}
            ],
        },
    }

    def answer(route: Route) -> None:
        path = "/" + route.request.url.partition("//")[2].partition("/")[2]
        if path in told:
            route.fulfill(json=told[path])
        elif (page := own(path)) is not None:
            route.fulfill(body=page.body, content_type=page.kind)
        else:
            route.abort()

    opened.route("**/*", answer)
    opened.goto("http://127.0.0.1:9/")
    wait_for(opened, f"document.getElementById('events').textContent.includes({json.dumps(PAYLOAD)})")
    assert untouched(opened)
    assert opened.evaluate("[...document.links].filter((link) => link.protocol === 'javascript:').length") == 0
    assert PAYLOAD in (opened.locator("#firing").text_content() or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a site of which each text that an author may write holds the payload, and each title what is left to it."""
    folder = tmp_path_factory.mktemp("hostile")
    said = PAYLOAD.replace("{", "(").replace("}", ")")  # braces are the annotations' own
    quoted = json.dumps(said)
    book = runbook().replace("title: Book 1", "title: 'R&D < 5 `a` *b*'").replace("5 minutes", quoted)
    files = WHOLE | {"runbooks/RB-001-load.md": book, "adr/ADR-020-x.md": decision().replace("Decision 20", "A & B")}
    alerts = {
        "Hostile": f"signal: kit, kind: level, metric: load, above: 7, for: 5m, severity: Info, summary: {quoted},"
        f" action: {quoted}, impact: {quoted}, why: {quoted}"
    }
    tree(folder, files, alerts=alerts)
    shutil.copyfile(ROOT / "mkdocs.yml", folder / "mkdocs.yml")
    outcome = run(folder, "site")
    assert (outcome.code, outcome.stderr) == (0, "")
    return folder / "site"


@pytest.mark.parametrize(
    "path", ["index", "alerts/shop/Hostile", "alerts/index", "runbooks/RB-001", "services/shop/index", "evidence"]
)
def test_a_page_of_the_site_shows_what_authors_wrote_as_text(opened: Page, site: Path, path: str) -> None:
    page = next(file for file in (site / f"{path}.html", site / f"{path.removesuffix('/index')}.html") if file.exists())
    opened.goto(page.as_uri())
    assert untouched(opened)
    if path == "alerts/shop/Hostile":
        text = (opened.locator("article").text_content() or "").replace("\n", " ")
        assert text.count("<script>window.hit = 1</script>") >= 4


def test_the_head_of_a_page_says_its_title_as_it_was_written(opened: Page, site: Path) -> None:
    opened.goto((site / "runbooks/RB-001.html").as_uri())
    assert opened.title() == "RB-001: R&D < 5 `a` *b* - Runbooks"
