"""Read decisions: those of the services, with front matter, and the project's own, which say their status in text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

from watchbill.errors import Span, choose
from watchbill.language.base import Diagnostics, load
from watchbill.language.fields import TITLE
from watchbill.model.origin import Origin
from watchbill.model.pages import Decision
from watchbill.prose.page import Page, read_page
from watchbill.source import Prose
from watchbill.spec.runbook import DECISION_FILE, OWN_DECISION_FILE, DecisionSpec

_TITLE = re.compile(r"# (?P<id>[0-9]{4}): (?P<title>[^\n]+)\n")
_STATUS = re.compile(
    r"^\*\*Status:\*\* (?P<status>accepted|proposed|superseded by \[?(?P<by>[0-9]{4})\b)[^\n]*\n?", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class WrittenDecision:
    """A decision as it was written, and where it names others, by their ids."""

    decision: Decision
    page: Page
    named: Mapping[str, Span]


def read_decisions(
    sources: Iterable[Prose], services: Iterable[str], today: date, diagnostics: Diagnostics
) -> tuple[WrittenDecision, ...]:
    """Read them; what is wrong goes to `diagnostics`, and whatever could be read is returned."""
    known = tuple(services)
    read = [
        _own(source, diagnostics) if source.data is None else _of_service(source, known, today, diagnostics)
        for source in sources
    ]
    found = sorted((entry for entry in read if entry is not None), key=lambda entry: entry.decision.id)
    by_id: dict[str, WrittenDecision] = {}
    for entry in found:
        first = by_id.setdefault(entry.decision.id, entry)
        if first is not entry:
            what = f'decision "{entry.decision.id}" is {first.page.source.path} already'
            diagnostics.add(entry.decision.origin.span, "spec/name-taken", what, "take the next free number")
    for entry in found:
        _validate_relations(entry, by_id, diagnostics)
    return tuple(found)


def _of_service(
    source: Prose, services: Iterable[str], today: date, diagnostics: Diagnostics
) -> WrittenDecision | None:
    page = read_page(source, diagnostics)
    spec = load(DecisionSpec, source.data, diagnostics) if source.data is not None else None
    if spec is None:
        return None
    _check_fields(spec, source, services, today, diagnostics)
    _require_no_title(page, diagnostics)
    for use in page.only[:1]:
        span = page.placed.between(use.start, use.begin)
        diagnostics.add(span, "prose/wrong-only", "a decision is embedded by no alert", "write it for all its readers")
    spans = {name: spec.span("related", index) for index, name in enumerate(spec.related)}
    spans |= {name: spec.span("supersedes", index) for index, name in enumerate(spec.supersedes)}
    spans |= {} if spec.superseded_by is None else {spec.superseded_by: spec.span("superseded_by")}
    decision = Decision(
        id=spec.id,
        title=spec.title,
        status=spec.status,
        date=spec.date,
        service=spec.service or "",
        related=tuple(sorted(set(spec.related))),
        supersedes=tuple(sorted(set(spec.supersedes))),
        superseded_by=spec.superseded_by or "",
        text=page.text(source.body, len(source.text)),
        origin=Origin(spec.span("id"), source.pointer),
    )
    return WrittenDecision(decision, page, spans)


def _check_fields(
    spec: DecisionSpec, source: Prose, services: Iterable[str], today: date, diagnostics: Diagnostics
) -> None:
    named = DECISION_FILE.fullmatch(PurePosixPath(source.pointer).stem)
    if named is None or named[1] != spec.id:
        what = f'decision "{spec.id}" stands in a file of another name'
        todo = f"call the file {spec.id}-….md, with a few words in lower case"
        diagnostics.add(spec.span("id"), "file/name-differs", what, todo)
    if spec.service is not None and spec.service not in services:
        what, todo = f'service "{spec.service}" is unknown', choose(spec.service, services)
        diagnostics.add(spec.span("service"), "service/unknown", what, todo)
    if spec.date > today:
        what, todo = "the day has not come yet", "write when it was decided"
        diagnostics.add(spec.span("date"), "prose/date-to-come", what, todo)
    if (spec.status == "superseded") is not (spec.superseded_by is not None):
        what = '"status: superseded" and "superseded_by" belong together'
        diagnostics.add(spec.span("status"), "decision/not-superseded", what, "write both, or neither")


def _require_no_title(page: Page, diagnostics: Diagnostics) -> None:
    top = next((heading for heading in page.headings if heading.level == 1), None)
    if top is not None:
        span = page.placed.between(top.start, top.end)
        diagnostics.add(span, "prose/title-twice", "the title stands in the front matter already", "remove this line")


def _own(source: Prose, diagnostics: Diagnostics) -> WrittenDecision | None:
    page = read_page(source, diagnostics)
    file, start = PurePosixPath(source.pointer).stem, page.placed.at(0)
    named, title = OWN_DECISION_FILE.fullmatch(file), _TITLE.match(source.text)
    if named is None:
        todo = "begin it with id, title, status and date between two ---, or call it as in 0027-a-few-words.md"
        diagnostics.add(
            start, "prose/no-front-matter", "the decision has neither front matter nor a number as its name", todo
        )
        return None
    if title is None or title["id"] != named[1]:
        diagnostics.add(
            start,
            "decision/no-title",
            f'the first line does not say "# {named[1]}: …"',
            "write the number and what was decided",
        )
        return None
    if TITLE.fullmatch(title["title"]) is None:
        what, span = "the title holds tags or entities", page.placed.between(*title.span("title"))
        diagnostics.add(span, "markdown/html", what, "write it in plain words, since it goes into heads of pages")
    status = _STATUS.search(source.text, title.end())
    if status is None or source.text[title.end() : status.start()].strip():
        todo = 'write "**Status:** accepted", proposed, or superseded by [0027](0027-….md)'
        diagnostics.add(start, "decision/no-status", "no status stands below the title", todo)
        return None
    by, stated = status["by"] or "", page.placed.between(*status.span("status"))
    decision = Decision(
        id=title["id"],
        title=title["title"].strip(),
        status="superseded" if by else status["status"],
        date=None,
        service="",
        related=(),
        supersedes=(),
        superseded_by=by,
        text=page.text(status.end(), len(source.text)),
        origin=Origin(page.placed.between(*title.span("title")), source.pointer),
    )
    return WrittenDecision(decision, page, {by: stated} if by else {})


def _validate_relations(entry: WrittenDecision, by_id: Mapping[str, WrittenDecision], diagnostics: Diagnostics) -> None:
    own = entry.decision
    for name, span in entry.named.items():
        if name not in by_id or name == own.id:
            diagnostics.add(
                span, "decision/unknown", f'there is no other decision "{name}"', choose(name, set(by_id) - {own.id})
            )
    for name in own.supersedes:
        if (other := by_id.get(name)) is not None and own.id != other.decision.superseded_by:
            what = f'{own.id} supersedes {name}, which says "{other.decision.status}"'
            diagnostics.add(
                entry.named[name],
                "decision/not-superseded",
                what,
                f"say in {other.page.source.path} that {own.id} superseded it",
            )
    newer = by_id.get(own.superseded_by)
    if newer is not None and newer.page.source.data is not None and own.id not in newer.decision.supersedes:
        what = f"{newer.decision.id} does not say that it supersedes {own.id}"
        diagnostics.add(
            entry.named[own.superseded_by],
            "decision/not-superseded",
            what,
            f'add "supersedes: [{own.id}]" to {newer.page.source.path}',
        )
