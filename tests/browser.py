"""A headless Chromium for tests and pictures, driven by playwright: its pages, what they complain of and ask for."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}
FLAGS = (
    "--no-sandbox",
    # No name is looked up: what is asked of any other host than this machine fails, and is noted.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Watch:
    """What the pages of a context complain of, as warnings or errors, and the URLs that they ask for."""

    faults: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the system's Chromium until the block ends; without one, say what to install."""
    program = shutil.which("chromium")
    if program is None:
        raise SystemExit('chromium is not on PATH; install the package "chromium", as pages are looked at with it')
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def watched(context: BrowserContext) -> Watch:
    """Take note, from now on, of all that the pages of a context log and ask for."""
    watch = Watch()
    context.on("request", lambda request: watch.asked.append(request.url))
    context.on("weberror", lambda error: watch.faults.append(str(error.error)))
    context.on("console", lambda said: watch.faults.append(said.text) if said.type in {"error", "warning"} else None)
    return watch


def wait_for(page: Page, script: str) -> Any:
    """Evaluate an expression until it is true; gives its value.

    playwright's own `wait_for_function` evaluates within the page, which the policy of a board forbids.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := page.evaluate(script)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"never true: {script}")
        page.wait_for_timeout(50)
    return found


def foreign_requests(context: BrowserContext, home: str) -> list[str]:
    """Collect what the pages of a context ask of any other host than `home`."""
    asked: list[str] = []
    local = (home, "data:", "blob:", "about:")
    context.on("request", lambda request: None if request.url.startswith(local) else asked.append(request.url))
    return asked
