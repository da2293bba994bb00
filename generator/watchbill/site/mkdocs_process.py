"""Build a site with MkDocs in a process of its own: `python -m watchbill.site.mkdocs_process mkdocs.yml site`.

It is what `mkdocs build --strict` does, but for the way in which the search reads a page. That takes a quarter of all
time where each tag of highlighted code is parsed, though none of those tags is indexed.
"""

from __future__ import annotations

import gc
import html
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

from material.plugins.search import plugin  # type: ignore[import-untyped]  # ships no type information
from mkdocs.commands.build import build
from mkdocs.config import load_config

from watchbill.site.heads import escape_titles

_COLOURS = re.compile(r"</?span\b[^>]*>|<a id=\"__codelineno[^>]*></a>")
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-z][a-z0-9]*)(?P<attributes>(?:[^>\"']|\"[^\"]*\"|'[^']*')*)>")
_ATTRIBUTE = re.compile(r"([\w-]+)=\"([^\"]*)\"")


class Parser(plugin.Parser):  # type: ignore[misc]
    """Reads what the theme's own parser does, from pages that Markdown wrote: each tag closed, each value quoted."""

    def feed(self, data: str) -> None:
        """Read a page."""
        for tag, text in _pieces(_COLOURS.sub("", data)):
            if tag is not None and tag["end"]:
                self.handle_endtag(tag["name"])
            elif tag is not None:
                found = _ATTRIBUTE.findall(tag["attributes"])
                self.handle_starttag(tag["name"], [(name, html.unescape(value)) for name, value in found])
            if text:
                self.handle_data(html.unescape(text))


def _pieces(data: str) -> Iterator[tuple[re.Match[str] | None, str]]:
    """Yield each tag with the text behind it, first the text before all of them."""
    last, start = None, 0
    for tag in _TAG.finditer(data):
        yield last, data[start : tag.start()]
        last, start = tag, tag.end()
    yield last, data[start:]


def _escape(theme: Any) -> None:
    made = theme.get_env

    def escaping() -> Any:
        environment = made()
        escape_titles(environment)
        return environment

    theme.get_env = escaping


def main(config_file: str, site: str) -> None:
    """Build the site; says what is wrong with it on standard error, and ends with 1 then."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)-7s -  %(message)s")
    gc.disable()  # it would look through all pages time and again, and finds nothing before the end
    plugin.Parser = Parser
    config = load_config(config_file, site_dir=site, strict=True)
    _escape(config.theme)
    config.plugins.on_startup(command="build", dirty=False)
    build(config)
    config.plugins.on_shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
