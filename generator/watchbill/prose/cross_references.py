"""Bind prose to the bundle: everything that it names is there, and everything that needs it has it."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import PurePosixPath

from watchbill.errors import SpecError, choose
from watchbill.language.base import Diagnostics
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle
from watchbill.model.origin import Origin
from watchbill.model.pages import Only, PageLink, Pages, Prose, Reference, Runbook, Section, of_service, parts
from watchbill.prose.coverage import lead, validate_coverage
from watchbill.prose.decisions import read_decisions
from watchbill.prose.one_service import Owners, require_one_service
from watchbill.prose.page import Page
from watchbill.prose.runbooks import Written, read_runbooks, says_something, uses
from watchbill.source import Prose as Source
from watchbill.words.facts import FactError, Facts

_ID = len("RB-001")


def bind(bundle: Bundle, runbooks: Iterable[Source], decisions: Iterable[Source], today: date) -> Bundle:
    """Give the bundle its pages; raises `SpecError` with all that is wrong with them.

    A tree that holds no runbook yet is not asked for any. From the first one on, every P0 and P1 needs one.
    """
    diagnostics = Diagnostics()
    services = {service.name for service in bundle.services}
    sources = tuple(runbooks)
    written = read_runbooks(sources, bundle.platform.teams, today, diagnostics)
    decided = read_decisions(decisions, services, today, diagnostics)
    led = lead(written, bundle.alerts, diagnostics)
    if written and len(written) == len(sources):  # else what is missing may be what could not be read
        validate_coverage(bundle, led, today, diagnostics)
    made = {id(entry): _runbook(entry, led) for entry in written}
    pages = Pages(
        runbooks=tuple(made[id(entry)] for entry in written),
        decisions=tuple(entry.decision for entry in decided),
        by_alert={name: made[id(entry)] for name, entry in led.items()},
    )
    bound = replace(bundle, pages=pages)
    _validate_passages(bound, written, led, diagnostics)
    unread = {source.pointer for source in sources} - {entry.page.source.pointer for entry in written}
    _validate_references(bound, unread, diagnostics)
    _validate_links(pages, unread, [*(e.page for e in written), *(e.page for e in decided)], diagnostics)
    _validate_citations(bound, diagnostics)
    _validate_renames(bound, diagnostics)
    if diagnostics.fatal:
        raise SpecError(diagnostics.found)
    return bound


def texts(pages: Pages) -> Iterable[Prose]:
    """List every text of prose."""
    yield from (text for _, text in _placed_texts(pages))


def _placed_texts(pages: Pages) -> Iterable[tuple[str, Prose]]:
    """List every text of prose, each behind the name of its file."""
    yield from ((book.origin.document, section.text) for book in pages.runbooks for section in book.sections)
    yield from ((decision.origin.document, decision.text) for decision in pages.decisions)


def _runbook(written: Written, led: Mapping[str, Written]) -> Runbook:
    spec, alerts = written.spec, tuple(name for name, other in led.items() if other is written)
    return Runbook(
        id=spec.id,
        title=spec.title,
        severity=spec.severity,
        owner=spec.owner,
        alerts=alerts,
        recovery_time=spec.recovery_time,
        last_reviewed=spec.last_reviewed,
        reason=spec.reason or "",
        assumes=dict(sorted(spec.assumes.items())),
        assumed_by={service: _assumed(written, service) for service in {name.partition("/")[0] for name in alerts}},
        formerly=spec.formerly,
        sections=written.sections,
        origin=Origin(spec.span("id"), written.page.source.pointer),
    )


def _assumed(written: Written, service: str) -> tuple[str, ...]:
    """List what is assumed by the code that the pages of a service show."""
    pieces = written.page.code_of(service)
    code = ["".join(part for part, _ in piece if isinstance(part, str)) for piece in pieces]
    return tuple(thing for thing in sorted(written.spec.assumes) if uses(thing, code))


def _validate_references(bundle: Bundle, unread: Iterable[str], diagnostics: Diagnostics) -> None:
    """Look up every fact that prose asks for, those of `this` for each alert that embeds the prose.

    A runbook that could not be read has been reported, and is not unknown as well.
    """
    gone = {PurePosixPath(pointer).name[:_ID] for pointer in unread}
    facts = Facts(bundle)
    alerts = bundle.alerts_by_id
    for runbook in bundle.pages.runbooks:
        for section in runbook.sections:
            for reference in _references(section.text, gone):
                _look_up(facts, reference, [None], diagnostics)
            for alert in (alerts[name] for name in runbook.alerts):
                for reference in _references(of_service(section.text, alert.service), gone):
                    if reference.of == "this":
                        _look_up(facts, reference, [alert], diagnostics)
    for decision in bundle.pages.decisions:
        for reference in _references(decision.text, gone):
            if reference.of == "this":
                diagnostics.add(
                    reference.span, "prose/wrong-reference", "a decision is embedded by no alert", "name the alert"
                )
            else:
                _look_up(facts, reference, [None], diagnostics)


def _validate_passages(
    bundle: Bundle, runbooks: Iterable[Written], led: Mapping[str, Written], diagnostics: Diagnostics
) -> None:
    """Check that each passage has readers, that each reader has something to read, and that all of it is theirs."""
    owners, facts = Owners(bundle), Facts(bundle)
    for written in runbooks:
        alerts = [bundle.alert(name) for name, other in led.items() if other is written]
        services = sorted({alert.service for alert in alerts})
        for section in written.sections:
            _validate_readers(section, services, diagnostics)
        require_one_service(written.page, alerts, owners, facts, diagnostics)


def _validate_readers(section: Section, services: Collection[str], diagnostics: Diagnostics) -> None:
    for part in section.text:
        if isinstance(part, Only):
            for name in set(part.services) - set(services):
                what = f'no alert of "{name}" leads to this runbook'
                diagnostics.add(part.span, "prose/wrong-only", what, choose(name, services, none="remove the tags"))
    for service in services:
        if says_something(section.text) and not says_something(of_service(section.text, service)):
            what = f'"{section.title}" says nothing on the pages of {service}'
            diagnostics.add(section.span, "runbook/missing-section", what, "write what helps at 3 am")


def _references(text: Prose, gone: Collection[str]) -> Iterable[Reference]:
    found = (part for part in parts(text) if isinstance(part, Reference))
    return (reference for reference in found if reference.of != "runbook" or reference.key not in gone)


def _look_up(facts: Facts, reference: Reference, readers: Iterable[Alert | None], diagnostics: Diagnostics) -> None:
    for reader in readers:
        try:
            facts.look_up(reference, reader)
        except FactError as error:
            of = "" if reader is None else f" on the page of {reader.id}"
            diagnostics.add(reference.span, "prose/wrong-reference", f"{error.what}{of}", error.todo)
            return


def _validate_links(pages: Pages, unread: Collection[str], read: Iterable[Page], diagnostics: Diagnostics) -> None:
    anchors = {page.source.pointer: page.anchors for page in read}
    for pointer, text in _placed_texts(pages):
        folder = posixpath.dirname(pointer)
        for link in parts(text):
            if not isinstance(link, PageLink) or link.file in unread:
                continue
            if link.file not in anchors:
                known = [posixpath.relpath(name, folder) for name in anchors]
                todo = choose(posixpath.relpath(link.file, folder), known)
                diagnostics.add(link.span, "prose/broken-link", f'"{link.file}" is no page of runbooks/ or adr/', todo)
            elif link.anchor and link.anchor not in anchors[link.file]:
                todo = choose(link.anchor, anchors[link.file])
                diagnostics.add(
                    link.span, "prose/broken-link", f'"{link.file}" has no heading for "#{link.anchor}"', todo
                )


def _validate_citations(bundle: Bundle, diagnostics: Diagnostics) -> None:
    known = {decision.id for decision in bundle.pages.decisions}
    cited = [citation for alert in bundle.alerts for citation in alert.cites]
    cited += [citation for service in bundle.services for slo in service.slos for citation in slo.cites]
    for citation in cited:
        if citation.decision not in known:
            todo = choose(citation.decision, known, none="write it in adr/")
            diagnostics.add(citation.span, "decision/unknown", f'decision "{citation.decision}" is unknown', todo)


def _validate_renames(bundle: Bundle, diagnostics: Diagnostics) -> None:
    for service in bundle.services:
        known = {alert.name for alert in service.alerts} | {slo.name for slo in service.slos}
        for rename in service.renamed:
            if rename.old in known:
                diagnostics.add(
                    rename.span,
                    "service/wrong-rename",
                    f'"{rename.old}" is still there',
                    "remove this line, or the old one",
                )
            if rename.new not in known or rename.old[0].isupper() is not rename.new[0].isupper():
                diagnostics.add(
                    rename.span,
                    "service/wrong-rename",
                    f'there is no "{rename.new}" that it could be now',
                    choose(rename.new, known),
                )
