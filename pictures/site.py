"""Draw `site-phone.png` anew: the front page and a P0's page of the runbook site on a phone, by day and by night.

Run it as `PYTHONPATH=tests .venv/bin/python pictures/site.py` after `make site`, and look at what comes out. The
browser is the Chromium on PATH. Its version and the fonts decide the rest, so the bytes differ between machines.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser
from sheet import Scheme, lay_out

from browser import chromium

HERE = Path(__file__).parent
SITE = HERE.parent / "site"
PICTURE = HERE / "site-phone.png"
WIDTH, HEIGHT = 390, 844  # pixels
ALERT = "alerts/core-api/DatabaseConnectionPoolCritical.html"
SCREENS: tuple[tuple[str, Scheme], ...] = (("index.html", "light"), (ALERT, "light"), (ALERT, "dark"))


def main() -> None:
    """Write the picture beside this file; what is missing for it ends the program with a sentence."""
    if not SITE.is_dir():
        raise SystemExit('there is no site yet; run "make site" first')
    with chromium() as browser:
        lay_out(browser, [_screen(browser, path, scheme) for path, scheme in SCREENS], PICTURE)


def _screen(browser: Browser, path: str, scheme: Scheme) -> bytes:
    """Take a picture of the first screen of a page."""
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)
    page.goto((SITE / path).as_uri())
    page.wait_for_load_state("networkidle")
    return page.screenshot()


if __name__ == "__main__":
    main()
