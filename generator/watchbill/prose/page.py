"""Read one page of prose, and refuse what a browser, or a person at night, could be misled by."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from watchbill.language.base import Diagnostics
from watchbill.model.pages import Only, PageLink, Prose, Reference
from watchbill.naming import anchor
from watchbill.plaintext import complain, find_all
from watchbill.prose.markdown import Heading, Markup
from watchbill.prose.references import HIDDEN, MOST_FAULTS, OnlyUse, Template, read_template
from watchbill.source import Prose as Source
from watchbill.source.text import Text

UNFILLED = re.compile(r"FILL IN:? ?[^\n\"]{0,200}")
_PLACEHOLDER = re.compile(r"\b(?:TODO|TBD|FIXME|XXX)\b|\blorem ipsum\b", re.IGNORECASE)
_ABROAD = re.compile(r"https?://[^\s/]+|mailto:[^\s]+@")


Insert: TypeAlias = str | Reference | PageLink | OnlyUse


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was read: its headings, its code, and its text with what stands in it.

    `inserts` are references, links to other pages, passages for some services, and nothing for what is not shown, each
    with its range; `code` are ranges too.
    """

    source: Source
    placed: Text
    headings: tuple[Heading, ...]
    markup: Markup
    inserts: tuple[tuple[int, int, Insert], ...]

    @property
    def anchors(self) -> frozenset[str]:
        """The anchors that links may name."""
        return frozenset(anchor(heading.title) for heading in self.headings)

    @property
    def only(self) -> tuple[OnlyUse, ...]:
        """The passages for some services."""
        return tuple(insert for _, _, insert in self.inserts if isinstance(insert, OnlyUse))

    def text(self, start: int, end: int) -> Prose:
        """Return the text of a range, without blank lines around it."""
        raw = self.source.text[start:end]
        start, end = start + len(raw) - len(raw.lstrip("\n")), start + len(raw.rstrip())
        return tuple(text for text, _ in self.parts(start, end))

    def parts(self, start: int, end: int) -> Iterator[tuple[str | Reference | PageLink | Only, int]]:
        """Yield the parts of a range, each with where it begins."""
        for part, begin in self._walk(start, end):
            yield self._passage(part) if isinstance(part, OnlyUse) else part, begin

    def code_of(self, service: str) -> Iterator[tuple[tuple[str | Reference | PageLink, int], ...]]:
        """Yield the pieces of code that the pages of a service show, in parts, each with where it begins."""
        others = [use for use in self.only if service not in use.services]
        starts = [use.start for use in others]
        for begin, end in self.markup.code_ranges():
            nearest = bisect_right(starts, begin) - 1
            if nearest < 0 or others[nearest].end <= begin:
                yield tuple(self._seen(service, begin, end))

    def _seen(self, service: str, start: int, end: int) -> Iterator[tuple[str | Reference | PageLink, int]]:
        for part, begin in self._walk(start, end):
            if not isinstance(part, OnlyUse):
                yield part, begin
            elif service in part.services:
                yield from self._seen(service, part.begin, part.stop)

    def _walk(self, start: int, end: int) -> Iterator[tuple[Insert, int]]:
        first = bisect_left(self.inserts, start, key=lambda insert: insert[0])
        for begin, stop, insert in self.inserts[first : bisect_left(self.inserts, end, key=lambda insert: insert[0])]:
            if begin < start:
                continue  # it stands in a passage that was taken already
            if start < begin:
                yield self.source.text[start:begin], start
            start = min(stop, end)
            if insert != "":
                yield insert, begin
        if start < end:
            yield self.source.text[start:end], start

    def _passage(self, use: OnlyUse) -> Only:
        text = tuple(part for part, _ in self.parts(use.begin, use.stop))
        span = self.placed.between(use.start, use.begin)
        return Only(use.services, text, self.markup.in_code(use.start), use.lines, span)


def read_page(source: Source, diagnostics: Diagnostics) -> Page:
    """Read a page; what is wrong with it goes to `diagnostics`."""
    placed = source.placed
    # the project's own decisions have no front matter, and tell of templates rather than use them
    template = Template(masked=source.text) if source.data is None else read_template(placed, source.body, diagnostics)
    markup = Markup(template.masked, source.body)
    inserts: list[tuple[int, int, Insert]] = [(*span, "") for span in template.silent]
    inserts += [(use.start, use.end, use) for use in template.only]
    for asked in template.references:
        span = placed.between(asked.start, asked.end)
        reference = Reference(asked.of, asked.key, asked.field, markup.in_code(asked.start), span)
        inserts.append((asked.start, asked.end, reference))
    headings = markup.headings()
    inserts += _links(source, markup, {anchor(heading.title) for heading in headings}, diagnostics)
    _require_plain(placed, markup, diagnostics)
    if template.whole:  # else what was not read would be taken for braces of Markdown
        _require_closed_braces(placed, markup, diagnostics)
    page = Page(source, placed, headings, markup, tuple(sorted(inserts, key=lambda insert: insert[:2])))
    _require_whole_passages(page, diagnostics)
    return page


def _require_whole_passages(page: Page, diagnostics: Diagnostics) -> None:
    """Refuse passages that cut a section, or a piece of code, in two."""
    markup, headings = page.markup, [heading.start for heading in page.headings if heading.level <= 2]
    for use in islice(page.only, MOST_FAULTS):
        within, ends = markup.code_around(use.start), markup.code_around(use.stop)
        if within != ends or (within is not None and not use.lines):
            todo = "put the whole of the code in it, or, in a block, whole lines with each tag in a line of its own"
        elif bisect_left(headings, use.start) != bisect_left(headings, use.end):
            todo = "end it within the section, and begin it anew below the next heading"
        else:
            continue
        span = page.placed.between(use.start, use.begin)
        diagnostics.add(span, "prose/wrong-only", "the passage cuts a section or a piece of code in two", todo)


def _links(
    source: Source, markup: Markup, anchors: set[str], diagnostics: Diagnostics
) -> list[tuple[int, int, Insert]]:
    """Check every link, and find those to other pages, which lie elsewhere on the site."""
    found: list[tuple[int, int, Insert]] = []
    most = len(diagnostics.found) + MOST_FAULTS
    for link in markup.links():
        if len(diagnostics.found) >= most:
            break
        span = source.placed.between(link.start, link.end)
        file, _, name = link.target.partition("#")
        if link.image:
            diagnostics.add(
                span, "prose/image", "a page carries no images", "link the panel, or say in words what it shows"
            )
        elif HIDDEN in link.target:
            diagnostics.add(
                span,
                "prose/wrong-reference",
                "a reference stands where an address belongs",
                "write it without brackets: it is a link",
            )
        elif not file and name:
            if name not in anchors:
                diagnostics.add(
                    span,
                    "prose/broken-link",
                    f'this page has no heading for "#{name}"',
                    "write the anchor of one of its headings",
                )
        elif file.endswith(".md") and "://" not in file and not file.startswith("/"):
            folder = posixpath.dirname(source.pointer)
            page = PageLink(posixpath.normpath(posixpath.join(folder, file)), name, span)
            found.append((link.start, link.end, page))
        elif not _ABROAD.match(link.target):
            what = f'"{link.target}" leads nowhere on the site'
            diagnostics.add(
                span, "prose/broken-link", what, "link a page of runbooks/ or adr/ by its file, or a full address"
            )
    return found


def _require_plain(placed: Text, markup: Markup, diagnostics: Diagnostics) -> None:
    """Refuse raw HTML, attributes, secrets, and what somebody meant to write later."""
    if (fence := markup.open_fence()) is not None:
        diagnostics.add(
            placed.between(*fence), "markdown/open-code", "the block of code has no end", "close it by the same marks"
        )
    for start, end in islice(markup.odd_fences(), MOST_FAULTS):
        todo = "write one word behind the fence, the language, and indent the code as far as its fences"
        diagnostics.add(placed.between(start, end), "markdown/open-code", "Markdown does not take this for code", todo)
    for start, end in islice(markup.unclosed(), MOST_FAULTS):
        todo = "close it in the same paragraph, list item or row by as many backticks, or write a backslash before it"
        diagnostics.add(
            placed.between(start, end), "markdown/open-code", "a backtick opens code that does not end", todo
        )
    for start, end in islice(markup.html(), MOST_FAULTS):
        what = f"raw HTML stands in prose ({placed.text[start:end][:40]})"
        diagnostics.add(
            placed.between(start, end),
            "markdown/html",
            what,
            "write Markdown, and put what is meant as it stands in backticks",
        )
    for start, end in islice(markup.unread(), MOST_FAULTS):
        todo = "write [text](address), without brackets in either"
        diagnostics.add(placed.between(start, end), "markdown/odd-link", "a link cannot be read here", todo)
    for start, end in islice(markup.definitions(), MOST_FAULTS):
        diagnostics.add(
            placed.between(start, end),
            "markdown/odd-link",
            "a link is defined away from its text",
            "write [text](address)",
        )
    for match in islice(markup.outside(_PLACEHOLDER), MOST_FAULTS):
        diagnostics.add(
            placed.between(*match.span()), "skeleton/unfilled", f'"{match[0]}" is still to be written', "write it"
        )
    for match in islice(UNFILLED.finditer(placed.text), MOST_FAULTS):
        what = match[0].removeprefix("FILL IN").strip(": ") or "this"
        diagnostics.add(
            placed.between(*match.span()), "skeleton/unfilled", f"the skeleton is not filled in: {what}", "write it"
        )
    for secret in find_all(placed.text):
        todo = "revoke it, since it is in the history, and remove it here"
        diagnostics.add(placed.between(secret.start, secret.end), "secret/written-out", complain(secret.kind), todo)


def _require_closed_braces(placed: Text, markup: Markup, diagnostics: Diagnostics) -> None:
    for start, end in islice(markup.braces(), MOST_FAULTS):
        what = "braces outside code set attributes in Markdown"
        diagnostics.add(
            placed.between(start, end),
            "markdown/braces",
            what,
            "put it in backticks, or write a backslash before the brace",
        )
