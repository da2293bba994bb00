"""The page of a demo in a browser: it shows whom messages reached, and on demand what led to them."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from playwright.sync_api import Page

from browser import DESK, chromium
from watchbill.channels.received import Notification
from watchbill.demo.events import EventLog
from watchbill.demo.faultapi import DemoState, answering
from watchbill.demo.faults import Faults
from watchbill.demo.pages import Local
from watchbill.model.bundle import Urls
from watchbill.stack.exporter import serving

ALERT = {
    "id": "shop/Slow",
    "name": "Slow",
    "severity": "P1",
    "summary": "The shop is slow",
    "fires": "Always",
    "notifies": ["slack #shop"],
    "without": "",
    "runbook": "/site/slow.html",
    "panel": "/board/shop.html",
}
ABOUT = {
    "scale": 60,
    "prometheus": "http://127.0.0.1:1",
    "alertmanager": "http://127.0.0.1:2",
    "boards": [],
    "services": [{"title": "Shop", "alerts": [ALERT]}],
}


def notification(title: str, *, ended: bool) -> Notification:
    return Notification(("slack", "#shop"), 0.0, ended, "one", title, "", "", {"Runbook": "/site/slow.html"})


@pytest.fixture
def page() -> Iterator[Page]:
    """Open the page of a demo in which one fault was injected, and two messages were sent."""
    local = Local(
        Urls("https://site.test", "https://grafana.test", "https://p.test", "https://a.test"),
        index="",
        **{name: str(ABOUT[name]) for name in ("prometheus", "alertmanager")},
    )
    sent = [notification("The shop is slow", ended=False), notification("The shop is fast again", ended=True)]
    event_log = EventLog(lambda _entry: None, local)
    event_log.note("fault", "Slow for 2m")
    stack = SimpleNamespace(
        alerts=list, receivers=SimpleNamespace(received=SimpleNamespace(notifications=lambda: sent))
    )
    event_log.look(cast("Any", stack))
    faults = cast("Faults", SimpleNamespace(running=list))
    state = DemoState(faults, event_log, ABOUT, {}, local)
    with serving(answering(lambda: state)) as url, chromium() as browser:
        opened = browser.new_page(viewport=DESK)
        opened.goto(url)
        opened.locator("#events li.resolved").wait_for()
        yield opened


def test_the_page_shows_each_message_and_whom_it_reached(page: Page) -> None:
    shown = page.locator("#events li")
    assert [shown.nth(index).get_attribute("class") for index in range(shown.count())] == ["resolved", "notified"]
    first = shown.nth(1).inner_text()
    assert "notified slack #shop" in first
    assert "The shop is slow" in first
    assert page.locator("#past h2").inner_text() == "Who was notified"


def test_the_page_shows_on_demand_what_led_to_the_messages(page: Page) -> None:
    page.locator("#all").check()
    page.locator("#events li.fault").wait_for()
    assert page.locator("#events li").count() == 3


def test_the_page_says_of_each_alert_whom_it_notifies(page: Page) -> None:
    page.locator("summary").click()
    assert "Notifies slack #shop" in page.locator("#services").inner_text()
