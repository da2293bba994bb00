"""Screens beside each other on one picture, as people see them by day and by night."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser

GAP = 24  # pixels
Scheme = Literal["light", "dark"]


def lay_out(browser: Browser, screens: Iterable[bytes], picture: Path) -> None:
    """Write a picture of screens, which are pictures themselves, with rounded corners."""
    images = "".join(f'<img src="data:image/png;base64,{b64encode(screen).decode()}">' for screen in screens)
    style = f"margin: 0; padding: {GAP}px; display: inline-flex; gap: {GAP}px; background: #d8dadf"
    page = browser.new_page()
    page.set_content(f'<style>img {{ border-radius: 12px }}</style><body style="{style}">{images}</body>')
    page.locator("body").screenshot(path=picture)
