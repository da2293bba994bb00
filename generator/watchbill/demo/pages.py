"""Pages of a demo: its own, the boards and the runbook site, whose links lead to this machine."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from watchbill import library
from watchbill.model.bundle import Urls

OWN = library.ROOT / "demo"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Page:
    """What is answered for an address."""

    kind: str
    body: bytes


class Local:
    """Leads addresses that are emitted to where they are answered in a demo; a panel is one of a board."""

    def __init__(self, urls: Urls, *, index: str, prometheus: str, alertmanager: str) -> None:
        self._panel = re.compile(rf"{re.escape(urls.grafana)}/d/([\w-]+)(?:/[\w-]*)?")
        self._board = rf"{index}/board/\1.html"
        self._servers = {urls.site: f"{index}/site", urls.prometheus: prometheus, urls.alertmanager: alertmanager}

    def __call__(self, text: str) -> str:
        """Replace every such address in a text."""
        text = self._panel.sub(self._board, text)
        for emitted, here in self._servers.items():
            text = text.replace(emitted, here)
        return text


def own(path: str) -> Page | None:
    """Read a page of the demo itself, or None."""
    name = {"/": "index.html"}.get(path, path.removeprefix("/"))
    return _read(OWN / name) if name in {"index.html", "demo.css", "demo.js"} else None


def shown(path: str, folders: Mapping[str, Path], local: Local) -> Page | None:
    """Read a file of a folder that is served under a name, or None; links of pages lead to this machine."""
    name, _, inside = unquote(path).removeprefix("/").partition("/")
    if name not in folders or "\0" in inside:
        return None
    root = folders[name].resolve()
    file = (root / (inside or "index.html")).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        return None
    page = _read(file)
    return Page(page.kind, local(page.body.decode()).encode()) if page.kind == HTML else page


def _read(file: Path) -> Page:
    kind, _ = mimetypes.guess_type(file.name)
    text = kind is not None and (kind.startswith("text/") or kind.endswith("javascript"))
    return Page(f"{kind}; charset=utf-8" if text else kind or "application/octet-stream", file.read_bytes())
