"""Boards, opened in a real browser on a real Prometheus, as tests look at them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from browser import DESK, Watch, wait_for, watched

OUT = Path(__file__).parents[1] / "out/board"


@dataclass(frozen=True)
class Seen:
    """A page, what it complained of, and what it asked for."""

    page: Page
    watch: Watch

    def value(self, script: str) -> Any:
        return self.page.evaluate(script)

    def wait_for(self, script: str) -> Any:
        return wait_for(self.page, script)


@dataclass(frozen=True)
class Live:
    """A Prometheus that scrapes all samples and records all objectives, at sixty times the speed of life."""

    url: str
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)

    def open(
        self,
        uid: str,
        *,
        prometheus: str = "",
        screen: ViewportSize = DESK,
        scheme: Literal["light", "dark"] = "light",
        more: str = "",
    ) -> Seen:
        context = self.browser.new_context(viewport=screen, color_scheme=scheme)
        self.contexts.append(context)
        seen = Seen(context.new_page(), watched(context))
        board = (OUT / uid).as_uri()
        seen.page.goto(f"{board}.html?prometheus={prometheus or self.url}&range=5m{more}")
        return seen
