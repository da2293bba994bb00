"""Read runbooks: their front matter, and their sections in the order in which a person needs them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

from watchbill.errors import choose
from watchbill.language.base import Diagnostics, load
from watchbill.model.pages import Prose as Text
from watchbill.model.pages import Section, parts
from watchbill.prose.markdown import Heading
from watchbill.prose.page import Page, read_page
from watchbill.source import Prose
from watchbill.spec.runbook import RUNBOOK_FILE, SECTIONS, RunbookSpec

MOST_ASSUMED = 100  # each is looked for in all code of the page
_WORD = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Written:
    """A runbook as it was written; its alerts are still patterns."""

    spec: RunbookSpec
    page: Page
    sections: tuple[Section, ...]


def read_runbooks(
    sources: Iterable[Prose], teams: Iterable[str], today: date, diagnostics: Diagnostics
) -> tuple[Written, ...]:
    """Read them; what is wrong goes to `diagnostics`, and whatever could be read is returned."""
    known, seen = tuple(teams), dict[str, str]()
    found = []
    for source in sources:
        page = read_page(source, diagnostics)
        sections = _sections(page, diagnostics)
        if source.data is None:
            todo = "begin it with id, title, severity, owner, alerts, recovery_time and last_reviewed between two ---"
            diagnostics.add(page.placed.at(0), "prose/no-front-matter", "the runbook has no front matter", todo)
            continue
        spec = load(RunbookSpec, source.data, diagnostics)
        if spec is None:
            continue
        _check_fields(spec, source, known, today, diagnostics)
        _validate_assumed(spec, page.markup.code(), diagnostics)
        for index, name in enumerate((spec.id, *spec.formerly)):
            if (first := seen.setdefault(name, source.path)) != source.path:
                span = spec.span("formerly", index - 1) if index else spec.span("id")
                diagnostics.add(
                    span, "spec/name-taken", f'runbook "{name}" is {first} already', "take the next free number"
                )
        found.append(Written(spec, page, sections))
    return tuple(sorted(found, key=lambda written: written.spec.id))


def _check_fields(
    spec: RunbookSpec, source: Prose, teams: Iterable[str], today: date, diagnostics: Diagnostics
) -> None:
    named = RUNBOOK_FILE.fullmatch(PurePosixPath(source.pointer).stem)
    if named is None or named[1] != spec.id:
        what = f'runbook "{spec.id}" stands in a file of another name'
        diagnostics.add(
            spec.span("id"), "file/name-differs", what, f"call the file {spec.id}-….md, with a few words in lower case"
        )
    if spec.owner not in teams:
        diagnostics.add(
            spec.span("owner"), "team/unknown", f'team "{spec.owner}" is unknown', choose(spec.owner, teams)
        )
    if spec.last_reviewed > today:
        diagnostics.add(
            spec.span("last_reviewed"),
            "prose/date-to-come",
            "the day has not come yet",
            "write when somebody last went through it",
        )
    if not spec.alerts and spec.reason is None:
        what = "no alert leads to this runbook"
        diagnostics.add(
            spec.span("alerts"),
            "runbook/without-alerts",
            what,
            'name its alerts, or add "reason: …", which says why it has none',
        )
    if spec.alerts and spec.reason is not None:
        diagnostics.add(
            spec.span("reason"), "runbook/needless-reason", "a reason is for a runbook without alerts", "remove it"
        )


def _validate_assumed(spec: RunbookSpec, code: Iterable[str], diagnostics: Diagnostics) -> None:
    """Check each thing that is assumed against a command of the page which uses it."""
    if len(spec.assumes) > MOST_ASSUMED:
        diagnostics.add(
            spec.span("assumes", key=True),
            "runbook/wrong-assumption",
            f"the page assumes more than {MOST_ASSUMED} things",
            "split it",
        )
        return
    for thing in spec.assumes:
        if not uses(thing, code):
            what = f'no command of this page uses "{thing}"'
            diagnostics.add(
                spec.span("assumes", thing, key=True),
                "runbook/wrong-assumption",
                what,
                "write it as it stands in a command, or remove it",
            )


def uses(thing: str, code: Iterable[str]) -> bool:
    """Whether all words of what is assumed stand in one piece of code: of a route, its method and its path."""
    words = [re.compile(_whole(word)) for word in thing.split()]
    return any(all(word.search(piece) for word in words) for piece in code)


def _whole(word: str) -> str:
    """Match a word that is no part of a longer one; a path goes on behind a host and a port."""
    before, after = (r"(?<!\w)" if word[0].isalnum() else ""), (r"(?!\w)" if word[-1].isalnum() else "")
    return before + re.escape(word) + after


def _sections(page: Page, diagnostics: Diagnostics) -> tuple[Section, ...]:
    """Cut a runbook at its headings of the second level, which are the same in all of them."""
    headings = [heading for heading in page.headings if heading.level <= 2]
    before = page.source.text[page.source.body : headings[0].start if headings else len(page.source.text)]
    if before.strip():
        begin = page.source.body + len(before) - len(before.lstrip())
        diagnostics.add(
            page.placed.at(begin),
            "runbook/wrong-section",
            "text stands before the first section",
            "put it below ## Meaning",
        )
    found: dict[str, Section] = {}
    for index, heading in enumerate(headings):
        end = headings[index + 1].start if index + 1 < len(headings) else len(page.source.text)
        section = Section(heading.title, page.text(heading.end, end), page.placed.between(heading.start, heading.end))
        if _fits(heading, found, section, diagnostics):
            found[heading.title] = section
    for title in SECTIONS:
        if title not in found:
            diagnostics.add(
                page.placed.at(page.source.body),
                "runbook/missing-section",
                f'the section "{title}" is missing',
                f'add "## {title}"',
            )
        elif not says_something(found[title].text):
            diagnostics.add(
                found[title].span, "runbook/missing-section", f'"{title}" says nothing', "write what helps at 3 am"
            )
    return tuple(found[title] for title in SECTIONS if title in found)


def says_something(prose: Text) -> bool:
    """Whether there is a word below the heading, other than in a heading of the third level."""
    text = "".join(part if isinstance(part, str) else type(part).__name__ for part in parts(prose))
    return any(_WORD.search(line) for line in text.splitlines() if not line.startswith("#"))


def _fits(heading: Heading, found: dict[str, Section], section: Section, diagnostics: Diagnostics) -> bool:
    """Whether a heading begins one of the sections, each once and in their order."""
    if heading.level == 1:
        diagnostics.add(
            section.span, "prose/title-twice", "the title stands in the front matter already", "remove this line"
        )
    elif heading.title not in SECTIONS:
        what = f'"{heading.title}" is no section of a runbook'
        diagnostics.add(
            section.span,
            "runbook/wrong-section",
            what,
            choose(heading.title, SECTIONS) + ", or use ### within a section",
        )
    elif heading.title in found:
        diagnostics.add(
            section.span, "runbook/wrong-section", f'the section "{heading.title}" stands here twice', "join them"
        )
    else:
        later = [title for title in found if SECTIONS.index(title) > SECTIONS.index(heading.title)]
        if later:
            diagnostics.add(
                section.span,
                "runbook/wrong-section",
                f'"{heading.title}" stands behind "{later[0]}"',
                f"order: {', '.join(SECTIONS)}",
            )
        return True
    return False
