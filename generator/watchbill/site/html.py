"""Read what links, anchors and resources a built page has; a browser would see the same ones."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = re.compile(r"(<(script|style)\b[^>]*>).*?</\2>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<(?P<name>[a-zA-Z][a-zA-Z0-9-]*)(?P<attributes>(?:[^>\"']|\"[^\"]*\"|'[^']*')*)>")
# The theme's own templates are minified: their attributes have no quotes where none are needed.
_ATTRIBUTE = re.compile(r"""(?<![\w-])(id|name|href|src|srcset|rel|content)=("[^"]*"|'[^']*'|[^\s"'>]+)""")
_HEADING = re.compile(r"<h[12]\b[^>]*>.*?</h[12]>", re.DOTALL)
# What MkDocs makes of prose; whatever else stands in the text of a page could run or load something.
_PLAIN_TAG = re.compile(
    r"a|abbr|article|blockquote|br|code|dd|del|details|div|dl|dt|em|h[1-6r]|li|nav|ol|p|pre|span|strong"
    r"|sub|summary|sup|table|tbody|td|th|thead|tr|ul"
)
# What leads on from a page that has another name now; without a script the anchor is lost, and the way is not.
MOVED = re.compile(
    r'<script>location\.replace\("[\w./-]+" \+ location\.search \+ location\.hash\)</script>\s*'
    r'<noscript><meta http-equiv="refresh" content="0; url=[\w./-]+"></noscript>'
)
_RUNS = re.compile(r"(?<![\w-])on\w+\s*=", re.IGNORECASE)
_STYLED = re.compile(r"(?<![\w-])style\s*=(?!\"text-align: \w+;\")", re.IGNORECASE)  # a table's columns are aligned so
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src"}
_STYLE_LOADS = re.compile(
    r"url\(\s*(?:([\"'])(?P<quoted>.*?)\1|(?P<bare>[^\"')\s]+))|@import\s+([\"'])(?P<imported>.*?)\4",
    re.IGNORECASE | re.DOTALL,
)
_LOADED_BY_LINK = re.compile(r"stylesheet|icon|preload|modulepreload|manifest")


@dataclass(frozen=True, slots=True)
class Built:
    """A built page: its anchors, where its links go, and what it loads; `main` is its content as HTML.

    `odd` are tags in it that no prose becomes.
    """

    anchors: frozenset[str]
    links: tuple[str, ...]
    loads: tuple[str, ...]
    main: str
    odd: tuple[str, ...]
    size: int

    @property
    def title(self) -> str:
        """The text of the first heading."""
        heading = re.search(r"<h1\b[^>]*>(.*?)</h1>", self.main, re.DOTALL)
        return text_of(heading[1]) if heading else ""

    def section(self, anchor: str) -> str:
        """Return the text below a heading of the second level, up to the next; nothing where there is none."""
        start = re.search(rf"<h2\b[^>]*\bid=\"?{re.escape(anchor)}\"?[\s>]", self.main)
        if start is None:
            return ""
        opening = _HEADING.match(self.main, start.start())
        begin = opening.end() if opening else start.end()
        following = re.compile(r"<h2\b").search(self.main, begin)
        return text_of(self.main[begin : following.start() if following else len(self.main)])


def read(path: Path) -> Built:
    """Read a built page."""
    text = path.read_text(encoding="utf-8")
    anchors: set[str] = set()
    links: dict[str, None] = {}
    loads: dict[str, None] = {}
    for match in _TAG.finditer(_SCRIPT.sub(r"\1", text)):
        name = match["name"].lower()
        found = {key: html.unescape(value.strip("\"'")) for key, value in _ATTRIBUTE.findall(match["attributes"])}
        if not found:
            continue
        anchors.add(found.get("id", ""))
        if name == "a":
            anchors.add(found.get("name", ""))
            if "href" in found:
                links[found["href"]] = None
        elif name == "link" and _LOADED_BY_LINK.search(found.get("rel", "")):
            loads[found.get("href", "")] = None
        elif _LOADED.get(name, "-") in found:
            loads[found[_LOADED[name]]] = None
        elif name == "meta" and "url=" in found.get("content", ""):
            links[found["content"].partition("url=")[2]] = None
    main = re.search(r"<article\b.*?</article>", text, re.DOTALL)
    content = main[0] if main else text
    return Built(frozenset(anchors - {""}), tuple(links), tuple(loads), content, _odd(content), len(text.encode()))


def loaded_by_style(sheet: str) -> tuple[str, ...]:
    """List what a style sheet loads."""
    found = (match["quoted"] or match["bare"] or match["imported"] for match in _STYLE_LOADS.finditer(sheet))
    return tuple(dict.fromkeys(found))


def _odd(content: str) -> tuple[str, ...]:
    return tuple(match[0][:60] for match in _TAG.finditer(MOVED.sub("", content)) if _is_odd(match))


def _is_odd(tag: re.Match[str]) -> bool:
    runs = _RUNS.search(_QUOTED.sub("", tag["attributes"])) or _STYLED.search(tag["attributes"])
    return bool(runs) or not _PLAIN_TAG.fullmatch(tag["name"].lower())


def text_of(fragment: str) -> str:
    """Return a fragment's text without tags and permanent links."""
    plain = re.sub(r"<a class=\"?headerlink\b.*?</a>|<[^>]*>", " ", fragment, flags=re.DOTALL)
    return " ".join(html.unescape(plain).split())
