"""Escape titles for their last writer: the theme strips tags from them, which brings escaped ones back to life."""

from __future__ import annotations

from jinja2 import Environment
from markupsafe import Markup

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def escape_titles(environment: Environment) -> None:
    """Let what strips tags from a title escape what is left, since the theme writes it into the head as it is.

    Of a title that is `&lt;b&gt;` in its page, Jinja's own filter leaves `<b>` (Jinja docs, "striptags").
    """
    environment.filters["striptags"] = lambda value: Markup(value).striptags().translate(_ESCAPES)  # noqa: S704
