"""Draw `demo.png` anew: the page of a demo with two faults, on a desk by day and on a phone by night.

Run it as `PYTHONPATH=tests .venv/bin/python pictures/demo.py` while `make demo` runs, and look at what comes out. The
browser is the Chromium on PATH. Its version and the fonts decide the rest, so the bytes differ between machines.
"""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser
from sheet import Scheme, lay_out

from browser import chromium

PICTURE = Path(__file__).parent / "demo.png"
URL = "http://127.0.0.1:8060"
FAULTS = ("core-api/CircuitBreakerOpen", "whatsapp-gateway/HighMemory")
OPEN = "Core API"
HEIGHT = 844  # pixels
SCREENS: tuple[tuple[int, Scheme], ...] = ((1000, "light"), (390, "dark"))
NARROW = 900  # what is opened would scroll the rest away
PATIENCE_SECONDS = 60.0


def main() -> None:
    """Write the picture beside this file; what is missing for it ends the program with a sentence."""
    ids = [_ask("/faults", "POST", {"alert": alert, "ttl": "2m"})["id"] for alert in FAULTS]
    _wait()
    with chromium() as browser:
        lay_out(browser, [_screen(browser, width, scheme) for width, scheme in SCREENS], PICTURE)
    for id_ in ids:
        _ask(f"/faults/{id_}", "DELETE")


def _ask(path: str, method: str = "GET", body: dict[str, str] | None = None) -> Any:
    data, headers = (json.dumps(body).encode(), {"Content-Type": "application/json"}) if body else (None, {})
    try:
        request = urllib.request.Request(f"{URL}{path}", data, headers, method=method)  # noqa: S310 (http, on loopback)
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 (the same)
            return json.loads(answer.read() or b"null")
    except OSError as error:
        raise SystemExit(f'{URL} does not do as it is asked ({error}); run "make demo" beside this') from None


def _wait() -> None:
    """Wait until both faults fire."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    wanted = {f"{alert} in production" for alert in FAULTS}
    while not wanted <= set(_ask("/events")["firing"]):
        if time.monotonic() > deadline:
            raise SystemExit(f"{' and '.join(FAULTS)} do not fire")
        time.sleep(0.5)
    time.sleep(5)


def _screen(browser: Browser, width: int, scheme: Scheme) -> bytes:
    page = browser.new_page(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme)
    page.goto(URL)
    page.get_by_text("Ends in").first.wait_for()
    if width > NARROW:
        page.locator("summary").filter(has_text=OPEN).click()
    return page.screenshot()


if __name__ == "__main__":
    main()
