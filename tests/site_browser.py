"""A real Chromium for tests, on pages that are served on loopback or opened as files."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ViewportSize, sync_playwright

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder until the block ends; gives its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the system's Chromium; without one, the test fails and says what to install."""
    program = shutil.which("chromium")
    assert program is not None, 'the browser tests need Chromium: install the package "chromium"'
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def foreign_requests(context: BrowserContext, home: str) -> list[str]:
    """Collect what the pages of a context ask of any other host than `home`."""
    asked: list[str] = []
    local = (home, "data:", "blob:", "about:")
    context.on("request", lambda request: None if request.url.startswith(local) else asked.append(request.url))
    return asked
