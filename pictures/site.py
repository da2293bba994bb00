"""Draw `site-phone.png` anew: the front page and a P0's page of the runbook site on a phone, by day and by night.

Run it as `PYTHONPATH=bench .venv/bin/python pictures/site.py` after `make site`, and look at what comes out. The
browser is the Chromium on PATH. Its version and the fonts decide the rest, so the bytes differ between machines.
"""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Literal

from browser import chromium
from playwright.sync_api import Browser

HERE = Path(__file__).parent
SITE = HERE.parent / "site"
PICTURE = HERE / "site-phone.png"
WIDTH, HEIGHT, GAP = 390, 844, 24  # pixels
ALERT = "alerts/core-api/DatabaseConnectionPoolCritical.html"
Scheme = Literal["light", "dark"]
SCREENS: tuple[tuple[str, Scheme], ...] = (("index.html", "light"), (ALERT, "light"), (ALERT, "dark"))


def main() -> None:
    """Write the picture beside this file; what is missing for it ends the program with a sentence."""
    if not SITE.is_dir():
        raise SystemExit('there is no site yet; run "make site" first')
    with chromium() as browser:
        screens = [_screen(browser, path, scheme) for path, scheme in SCREENS]
        width = GAP + len(screens) * (WIDTH + GAP)
        page = browser.new_page(viewport={"width": width, "height": HEIGHT + 2 * GAP})
        page.set_content(_side_by_side(screens))
        page.screenshot(path=PICTURE)


def _screen(browser: Browser, path: str, scheme: Scheme) -> bytes:
    """Take a picture of the first screen of a page."""
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)
    page.goto((SITE / path).as_uri())
    page.wait_for_load_state("networkidle")
    return page.screenshot()


def _side_by_side(screens: list[bytes]) -> str:
    images = "".join(f'<img src="data:image/png;base64,{b64encode(screen).decode()}">' for screen in screens)
    style = f"margin: 0; padding: {GAP}px; display: flex; gap: {GAP}px; background: #d8dadf"
    return f'<style>img {{ border-radius: 12px }}</style><body style="{style}">{images}</body>'


if __name__ == "__main__":
    main()
