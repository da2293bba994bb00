"""Write Markdown: texts that stay themselves, links between pages, and prose with its facts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from watchbill import naming
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle
from watchbill.model.drills import Drill
from watchbill.model.pages import Decision, Only, PageLink, Prose, Reference, Runbook, of_service
from watchbill.outputs.docs.passages import labelled
from watchbill.outputs.promtests import tested
from watchbill.words.drills import naming_each
from watchbill.words.facts import Fact, Facts

_PLAIN_CODE = re.compile(r"[A-Za-z0-9_:.,=~#!\"'(){}/+ -]+")
# Entities where a backslash would not survive the splitting of a row into cells; Markdown's own marks
# are escaped its own way, so that the page's source stays readable.
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "`": "&#96;", "\\": "&#92;", '"': "&quot;"}
# What begins a heading, a list, a rule or a definition, but only at the start of a line.
_STARTS = re.compile(r"^([0-9]*)((?<=[0-9])[.)](?= |$)|(?<![0-9])[#+~=:-])")
_ESCAPES = str.maketrans(_ENTITIES | {mark: f"\\{mark}" for mark in "*_{}[]"})


def inline(text: str) -> str:
    """Make a text safe anywhere in Markdown, cells of tables included: it shows as it is, on one line."""
    line = " ".join(text.split()).translate(_ESCAPES)
    return _STARTS.sub(lambda match: f"{match[1]}&#{ord(match[2])};", line)


def code(text: str) -> str:
    """Show a text as code, also inside a cell; only what could break out of backticks takes the form of HTML."""
    if _PLAIN_CODE.fullmatch(text) and text == text.strip():
        return f"`{text}`"
    return f"<code>{inline(text)}</code>"


@cache
def environment() -> Environment:
    """Make the environment of the shipped templates, which keeps them compiled."""
    made = Environment(
        loader=PackageLoader("watchbill", "library/templates"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 (the output is Markdown; the filters below escape what goes into it)
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"inline": inline, "code": code}
    return made


@cache
def relative(page: str, other: str) -> str:
    """Write the way from one page below `out/` to another."""
    return posixpath.relpath(other, posixpath.dirname(page))


class Writer:
    """Writes the pages of a bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.facts = Facts(bundle)
        self._environment = environment()
        self._files = {runbook.origin.document: naming.runbook_page(runbook.id) for runbook in bundle.pages.runbooks}
        self._files |= {d.origin.document: naming.decision_page(d.id) for d in bundle.pages.decisions}

    @cached_property
    def cases(self) -> Mapping[str, list[str]]:
        """The names of the cases that prove each alert and objective, by id."""
        return tested(self.bundle).cases

    @cached_property
    def drills(self) -> Mapping[str, tuple[Drill, ...]]:
        """The drills that name each alert, by id."""
        return naming_each(self.bundle)

    def on(self, page: str) -> PageContext:
        """Begin a page."""
        return PageContext(self, page)

    def template(self, name: str, page: str, **content: Any) -> str:
        """Render a shipped template as a page."""
        return self._environment.get_template(name).render(page=self.on(page), **content)

    def file(self, link: PageLink) -> str:
        """Find the page that a file of prose becomes."""
        return self._files[link.file]


@dataclass(frozen=True)
class PageContext:
    """One page, which knows the way to all others."""

    writer: Writer
    path: str

    @cached_property
    def bundle(self) -> Bundle:
        """All that pages tell of."""
        return self.writer.bundle

    def to(self, other: str, text: str, *, anchor: str = "") -> str:
        """Link another page; this page itself is named only."""
        if other == self.path and not anchor:
            return inline(text)
        return f"[{inline(text)}]({relative(self.path, other)}{f'#{anchor}' if anchor else ''})"

    def alert(self, alert: Alert, *, full: bool = False) -> str:
        """Link an alert's page, by its name, or by its full name."""
        return self.to(naming.alert_page(alert.service, alert.name), alert.id if full else alert.name)

    def alert_named(self, identity: str, *, within: str = "") -> str:
        """Link an alert's page by the alert's id; one of the service `within` by its name alone."""
        service, _, name = identity.partition("/")
        return self.to(naming.alert_page(service, name), name if service == within else identity)

    def reader(self, identity: str) -> str:
        """Link what reads a metric: an alert, or, in lower case, an objective."""
        service, _, name = identity.partition("/")
        place = naming.alert_page if name[0].isupper() else naming.slo_page
        return self.to(place(service, name), name)

    def service(self, name: str) -> str:
        """Link a service's page by its title."""
        return self.to(naming.service_page(name), self.bundle.service(name).title)

    def team(self, name: str) -> str:
        """Link a team's page by its title."""
        return self.to(naming.team_page(name), self.bundle.platform.teams[name].title)

    def slo(self, service: str, name: str, title: str) -> str:
        """Link an objective's page."""
        return self.to(naming.slo_page(service, name), title)

    def runbook(self, runbook: Runbook) -> str:
        """Link a runbook's page."""
        return self.to(naming.runbook_page(runbook.id), f"{runbook.id}: {runbook.title}")

    def assumptions(self) -> str:
        """Link the page of all that the runbooks assume."""
        return self.to(naming.ASSUMPTIONS_PAGE, "what all runbooks assume")

    def decision(self, decision: Decision) -> str:
        """Link a decision's page."""
        return self.to(naming.decision_page(decision.id), f"{decision.id}: {decision.title}")

    def decision_named(self, identity: str) -> str:
        """Link a decision's page by the decision's id."""
        return self.decision(next(d for d in self.bundle.pages.decisions if d.id == identity))

    def severity(self, name: str) -> str:
        """Link the page of all alerts of a severity, as a badge."""
        return f"{self.to(naming.severity_page(name), name)}{{ .wb-{name.lower()} }}"

    def prose(self, text: Prose, this: Alert | None = None) -> str:
        """Write prose, with its facts and links as they are for this page and alert."""
        return "".join(self._part(part, this) for part in (text if this is None else of_service(text, this.service)))

    def _part(self, part: str | Reference | PageLink | Only, this: Alert | None) -> str:
        if isinstance(part, str):
            return part
        if isinstance(part, PageLink):
            way = relative(self.path, self.writer.file(part))
            return f"{way}#{part.anchor}" if part.anchor else way
        if isinstance(part, Only):
            whose = " and ".join(inline(self.bundle.service(name).title) for name in part.services)
            return labelled(self.prose(part.text), whose, in_code=part.in_code, lines=part.lines)
        fact = self.writer.facts.look_up(part, this)
        return fact.text if part.in_code else self._fact(fact)

    def _fact(self, fact: Fact) -> str:
        if fact.url:
            return f"[{inline(fact.text)}]({fact.url})"
        if fact.page:
            return self.to(fact.page, fact.text)
        return code(fact.text) if fact.text.startswith("<") else inline(fact.text)
