"""Find what a browser would run in a built page, other than the theme's own scripts, which are known by their hash."""

from __future__ import annotations

import hashlib
import html
import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from watchbill import library
from watchbill.site.html import MOVED

_SCRIPT = re.compile(
    r"<script\b(?P<attributes>(?:[^>\"']|\"[^\"]*\"|'[^']*')*)>(?P<body>.*?)</script\s*>", re.DOTALL | re.IGNORECASE
)
_SILENT = re.compile(r"<!--(?:-?>|.*?--!?>)|(?<=<style>).*?(?=</style>)", re.DOTALL)
_BEGINS = re.compile(r"<(?=[a-zA-Z])")
_TAG = re.compile(r"<(?P<name>[a-zA-Z][^\s/>]*)(?P<attributes>(?:[^>\"'<]|\"[^\"]*\"|'[^']*')*)>")
_ATTRIBUTE = re.compile(r"(?P<name>[^\s\"'<>/=]+)(?:\s*=\s*(?P<value>\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?")
_EMBEDS = {"applet", "base", "embed", "frame", "iframe", "object", "portal"}
_RUNS = re.compile(r"(?:javascript|vbscript|data):", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\x00-\x20]+")
# The theme tells each page how far the root is; else its scripts are the same on all.
_ROOT = re.compile(r"(?<=new URL\(\")[./]*(?=\",location\))")


def running(page: Path) -> Iterator[str]:
    """Yield what a page would run, as it stands there."""
    text = MOVED.sub("", page.read_text(encoding="utf-8"))
    for script in _SCRIPT.finditer(text):
        if not _is_known(script, page):
            yield script[0]
    # a script within a comment would be one that the page does not run, and the other way round
    rest = _SILENT.sub("", _SCRIPT.sub("", text))
    for begin in _BEGINS.finditer(rest):
        tag = _TAG.match(rest, begin.start())
        if tag is None or _runs(tag):
            yield rest[begin.start() : tag.end() if tag else begin.start() + 60]


def _is_known(script: re.Match[str], page: Path) -> bool:
    """Whether a script is the theme's or ours, or is no script but data."""
    asked = dict(_attributes(script["attributes"]))
    if urlsplit(asked.get("src", "")).netloc:
        return True  # that another host would have to serve it is told by the link graph
    if "src" in asked:
        file = page.parent / asked["src"].lstrip("/")
        return not script["body"].strip() and file.is_file() and _hash(file.read_bytes()) in _files()
    if asked.get("type") == "application/json":
        return True
    return _hash(_ROOT.sub("", script["body"]).encode()) in _written()


def _runs(tag: re.Match[str]) -> bool:
    if tag["name"].lower() in {*_EMBEDS, "script"}:
        return True
    for name, value in _attributes(tag["attributes"]):
        if name.startswith("on") or name == "srcdoc":
            return True
        if name != "content" and _RUNS.match(_INVISIBLE.sub("", value)):
            return True
    return False


def _attributes(text: str) -> Iterator[tuple[str, str]]:
    for match in _ATTRIBUTE.finditer(text):
        yield match["name"].lower(), html.unescape((match["value"] or "").strip("\"'"))


@cache
def _written() -> frozenset[str]:
    return library.theme_scripts()


@cache
def _files() -> frozenset[str]:
    """Hash the scripts of the installed theme, and those that the site brings itself."""
    theme = importlib.util.find_spec("material")
    folders = theme.submodule_search_locations if theme is not None else None
    installed = [file.read_bytes() for folder in folders or () for file in Path(folder).rglob("*.js")]
    return frozenset(map(_hash, [*installed, *(text.encode() for text in library.assets().values())]))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
