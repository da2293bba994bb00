"""Draw `demo.png` anew: the page of a demo with two faults, on a desk by day and on a phone by night.

Run it as `.venv/bin/python pictures/demo.py` while `make demo` runs, and look at what comes out. The browser is the
Chromium on PATH. Its version and the fonts decide the rest, so the bytes differ between machines.
"""

from __future__ import annotations

import json
import shutil
import time
import urllib.request
from base64 import b64encode
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, sync_playwright

PICTURE = Path(__file__).parent / "demo.png"
URL = "http://127.0.0.1:8060"
FAULTS = ("core-api/CircuitBreakerOpen", "whatsapp-gateway/HighMemory")
OPEN = "Core API"
HEIGHT, GAP = 844, 24  # pixels
SCREENS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((1000, "light"), (390, "dark"))
NARROW = 900  # what is opened would scroll the rest away
PATIENCE_SECONDS = 60.0


def main() -> None:
    """Write the picture beside this file; what is missing for it ends the program with a sentence."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("chromium is not on PATH; install it, as it draws the picture")
    ids = [_ask("/faults", "POST", {"alert": alert, "ttl": "2m"})["id"] for alert in FAULTS]
    _wait()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        screens = [_screen(browser, width, scheme) for width, scheme in SCREENS]
        page = browser.new_page(viewport={"width": sum(w + GAP for w, _ in SCREENS) + GAP, "height": HEIGHT + 2 * GAP})
        page.set_content(_side_by_side(screens))
        page.screenshot(path=PICTURE)
        browser.close()
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
    """Wait until both faults have been told of."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    wanted = {f"{alert} in production" for alert in FAULTS}
    while not wanted <= set(_ask("/events")["firing"]):
        if time.monotonic() > deadline:
            raise SystemExit(f"{' and '.join(FAULTS)} do not fire")
        time.sleep(0.5)
    time.sleep(5)


def _screen(browser: Browser, width: int, scheme: Literal["light", "dark"]) -> bytes:
    page = browser.new_page(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme)
    page.goto(URL)
    page.get_by_text("Ends in").first.wait_for()
    if width > NARROW:
        page.locator("summary").filter(has_text=OPEN).click()
    return page.screenshot()


def _side_by_side(screens: list[bytes]) -> str:
    images = "".join(f'<img src="data:image/png;base64,{b64encode(screen).decode()}">' for screen in screens)
    style = f"margin: 0; padding: {GAP}px; display: flex; gap: {GAP}px; background: #d8dadf"
    return f'<style>img {{ border-radius: 12px }}</style><body style="{style}">{images}</body>'


if __name__ == "__main__":
    main()
