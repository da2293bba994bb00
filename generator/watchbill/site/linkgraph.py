"""Check the built site against its links, in both directions, and name the line that somebody has to change."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from watchbill import naming
from watchbill.errors import Diagnostic, Span, and_more, sort_diagnostics
from watchbill.model.alerts import Alert, Severity
from watchbill.model.bundle import Bundle
from watchbill.site.html import Built, loaded_by_style, read
from watchbill.site.running import running

NEEDED = ("Impact", "Mitigate first", "Escalate")
MOST_BYTES = 200_000  # of a page, without the theme's files that all pages share
NOT_FOUND = "404.html"  # a server shows it at any depth, so that its links begin at the root
_REPORT = "report this: what the compiler writes should stand"
Dashboards = Mapping[str, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Source:
    """What a page is made from: the place of the spec, and the file of prose in it, if any."""

    span: Span
    prose: str = ""

    def find(self, fragment: str, texts: Mapping[str, str]) -> Span:
        """Find the place of a fragment in the prose; the prose itself where that does not hold it literally."""
        if not self.prose:
            return self.span
        text = texts.get(self.prose, "")
        index = max(text.find(fragment), 0)
        line, column = text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
        return Span(self.prose, line, column, line, column + max(len(fragment), 1))


def sources(bundle: Bundle) -> dict[str, Source]:
    """Map each page of the site to what it is made from."""
    found = {_site(naming.FRONT_PAGE): Source(bundle.platform.origin.span)}
    if bundle.drills:
        found[_site(naming.DRILLS_PAGE)] = Source(bundle.drills[0].origin.span)
    for service in bundle.services:
        for page in (naming.service_page(service.name), naming.metrics_page(service.name)):
            found[_site(page)] = Source(service.origin.span)
        for slo in service.slos:
            found[_site(naming.slo_page(slo.service, slo.name))] = Source(slo.origin.span)
    for alert in bundle.alerts:
        runbook = bundle.pages.by_alert.get(alert.id)
        prose = runbook.origin.span.file if runbook is not None else ""
        found[_site(naming.alert_page(alert.service, alert.name))] = Source(alert.origin.span, prose)
    for runbook in bundle.pages.runbooks:
        found[_site(naming.runbook_page(runbook.id))] = Source(runbook.origin.span, runbook.origin.span.file)
    for decision in bundle.pages.decisions:
        found[_site(naming.decision_page(decision.id))] = Source(decision.origin.span, decision.origin.span.file)
    return found


def check(site: Path, bundle: Bundle, texts: Mapping[str, str], dashboards: Dashboards) -> tuple[Diagnostic, ...]:
    """Check a built site; `texts` are the files of prose by path, `dashboards` the panels that exist by uid.

    Where no dashboard is compiled yet, none is asked for.
    """
    pages = {path.relative_to(site).as_posix(): read(path) for path in sorted(site.rglob("*.html"))}
    graph = _Graph(site, bundle, pages, sources(bundle), texts)
    diagnostics = [
        *graph.foreign(),
        *graph.scripts(),
        *graph.links(),
        *graph.content(),
        *graph.alerts(),
        *graph.runbooks(),
    ]
    return sort_diagnostics([*diagnostics, *(graph.panels(dashboards) if dashboards else ())])


def locate(source: Source, href: str, texts: Mapping[str, str]) -> Span:
    """Find the line of prose that a link comes from; the page's own place where the prose does not hold it."""
    path, _, anchor = href.partition("#")
    name = posixpath.basename(path).removesuffix(".html").removesuffix(".md")
    for sought in (f"{name}.md#{anchor}", f"(#{anchor})" if not name else f"({href})", href, f'"{name}"', name):
        if sought.strip('#()"') and sought in texts.get(source.prose, ""):
            return source.find(sought, texts)
    return source.span


@dataclass(frozen=True)
class _Graph:
    site: Path
    bundle: Bundle
    pages: Mapping[str, Built]
    sources: Mapping[str, Source]
    texts: Mapping[str, str]

    def foreign(self) -> Iterator[Diagnostic]:
        """Yield what another host would have to serve, once, however many pages and style sheets ask for it."""
        asked: dict[str, list[str]] = {}
        for page, built in self.pages.items():
            for address in built.loads:
                asked.setdefault(address, []).append(page)
        for sheet in sorted(self.site.rglob("*.css")):
            for address in loaded_by_style(sheet.read_text(encoding="utf-8")):
                asked.setdefault(address, []).append(sheet.relative_to(self.site).as_posix())
        for address, places in asked.items():
            if urlsplit(address).netloc:
                source = self.sources.get(places[0], Source(self.bundle.platform.origin.span))
                what = f"{places[0]}{and_more(len(places) - 1)} loads {address} from another host"
                yield Diagnostic(source.span, "site/other-host", what, "serve it from the site itself; see mkdocs.yml")

    def scripts(self) -> Iterator[Diagnostic]:
        """Yield what a browser would run and the theme did not write, once, however many pages hold it."""
        found: dict[str, list[str]] = {}
        for page in self.pages:
            for fragment in running(self.site / page):
                found.setdefault(fragment, []).append(page)
        for fragment, pages in found.items():
            source = self.sources.get(pages[0], Source(self.bundle.platform.origin.span))
            what = f"{pages[0]}{and_more(len(pages) - 1)} holds {fragment[:60]!r}, which a browser would run"
            yield Diagnostic(source.find(fragment, self.texts), "site/script", what, _PLAIN)

    def links(self) -> Iterator[Diagnostic]:
        """Yield every link, anchor and resource that leads nowhere."""
        for page, built in self.pages.items():
            source = self.sources.get(page, Source(self.bundle.platform.origin.span))
            for address in built.loads:
                if (
                    not urlsplit(address).netloc
                    and not address.startswith("data:")
                    and (why := self._missing(page, address))
                ):
                    yield Diagnostic(source.span, "site/broken-link", f"{page} loads {address}, and {why}", _REPORT)
            for address in built.links:
                if urlsplit(address).scheme not in {"", "http", "https", "mailto"}:
                    what = f"{page} links {address[:60]}, which a browser might run"
                    yield Diagnostic(
                        source.find(address, self.texts), "site/unsafe-link", what, "link a page or a full address"
                    )
                elif not urlsplit(address).scheme and (why := self._missing(page, address)):
                    span = locate(source, address, self.texts)
                    yield Diagnostic(
                        span,
                        "site/broken-link",
                        f"{page} links {address}, and {why}",
                        "correct the link, or write the page",
                    )

    def content(self) -> Iterator[Diagnostic]:
        """Yield what no prose becomes, and what is too much of it; prose that several pages embed is reported once."""
        found: dict[tuple[Span, str, str, str], list[str]] = {}
        for page, built in self.pages.items():
            source = self.sources.get(page, Source(self.bundle.platform.origin.span))
            for tag in built.odd:
                notified = (
                    source.find(tag, self.texts),
                    "site/odd-tag",
                    f"holds {tag}, which no prose becomes",
                    _PLAIN,
                )
                found.setdefault(notified, []).append(page)
            if built.size > MOST_BYTES:
                notified = (
                    source.find("", self.texts),
                    "site/too-large",
                    f"has more than {MOST_BYTES:,} bytes",
                    _SHORTER,
                )
                found.setdefault(notified, []).append(page)
        for (span, code, what, todo), pages in found.items():
            yield Diagnostic(span, code, f"{pages[0]}{and_more(len(pages) - 1)} {what}", todo)

    def alerts(self) -> Iterator[Diagnostic]:
        """Yield alerts whose page is missing, or says nothing, or does not lead to its runbook."""
        for alert in self.bundle.alerts:
            page = self._page_of(alert)
            built = self.pages.get(page)
            if built is None:
                yield Diagnostic(
                    alert.origin.span, "site/missing-page", f"{alert.runbook_url} is not on the site ({page})", _REPORT
                )
                continue
            if not built.title.startswith(alert.name):
                yield Diagnostic(
                    alert.origin.span,
                    "site/wrong-page",
                    f'{page} begins with "{built.title}", not {alert.name}',
                    _REPORT,
                )
            runbook = self.bundle.pages.by_alert.get(alert.id)
            if runbook is None or alert.severity is Severity.INFO:
                continue
            for title in NEEDED:
                if not built.section(naming.anchor(title)):
                    what = f'{page} says nothing below "{title}"'
                    yield Diagnostic(runbook.origin.span, "site/wrong-page", what, "write what helps at 3 am")
            if _site(naming.runbook_page(runbook.id)) not in self._targets(page, built):
                yield Diagnostic(
                    runbook.origin.span, "site/wrong-page", f"{page} does not lead to {runbook.id}", _REPORT
                )

    def runbooks(self) -> Iterator[Diagnostic]:
        """Yield runbooks that are missing on the site, or do not lead to each of their alerts."""
        alerts = self.bundle.alerts_by_id
        for runbook in self.bundle.pages.runbooks:
            page = _site(naming.runbook_page(runbook.id))
            built = self.pages.get(page)
            if built is None:
                yield Diagnostic(
                    runbook.origin.span, "site/missing-page", f"{runbook.id} is not on the site ({page})", _REPORT
                )
                continue
            targets = self._targets(page, built)
            for name in runbook.alerts:
                if self._page_of(alerts[name]) not in targets:
                    yield Diagnostic(runbook.origin.span, "site/wrong-page", f"{page} does not lead to {name}", _REPORT)
            if not runbook.alerts and not runbook.reason:
                todo = 'name its alerts, or add "reason: …"'
                yield Diagnostic(runbook.origin.span, "runbook/without-alerts", f"no alert leads to {runbook.id}", todo)

    def panels(self, dashboards: Dashboards) -> Iterator[Diagnostic]:
        """Yield alerts whose panel is on no dashboard."""
        for alert in self.bundle.alerts:
            parts = urlsplit(alert.dashboard_url)
            uid = parts.path.split("/d/")[-1].split("/")[0]
            panel = parse_qs(parts.query).get("viewPanel", [""])[0]
            if uid not in dashboards:
                yield Diagnostic(
                    alert.origin.span,
                    "site/missing-panel",
                    f'{alert.id} shows dashboard "{uid}", which is not compiled',
                    _PANEL,
                )
            elif not panel.isdigit() or int(panel) not in dashboards[uid]:
                what = f'{alert.id} shows panel {panel or "none"} of dashboard "{uid}", which has no such panel'
                yield Diagnostic(alert.origin.span, "site/missing-panel", what, _PANEL)

    def _page_of(self, alert: Alert) -> str:
        return unquote(alert.runbook_url.removeprefix(f"{self.bundle.platform.urls.site}/"))

    def _targets(self, page: str, built: Built) -> set[str]:
        return {self._resolve(page, link)[0] for link in built.links if not urlsplit(link).scheme}

    def _resolve(self, page: str, address: str) -> tuple[str, str]:
        parts = urlsplit(address)
        if not parts.path:
            return page, unquote(parts.fragment)
        folder = "" if parts.path.startswith("/") else posixpath.dirname(page)
        path = posixpath.normpath(posixpath.join(folder, unquote(parts.path).lstrip("/")))
        return ("index.html" if path == "." else path), unquote(parts.fragment)

    def _missing(self, page: str, address: str) -> str:
        """Say why an address of the site leads nowhere; nothing where it does lead somewhere."""
        if address.startswith("/") and page != NOT_FOUND:
            return "that is nowhere where pages are opened as files"
        target, anchor = self._resolve(page, address)
        if target.startswith("../"):
            return "that lies outside the site"
        if target in self.pages:
            known = self.pages[target].anchors
            return f'that page has no "#{anchor}"' if anchor and anchor not in known else ""
        if target.endswith(".html") or not (self.site / target).exists():
            return "there is no such page or file"
        return ""


_PLAIN = "put it in backticks, or write Markdown"
_SHORTER = "shorten its prose, since a phone loads it at night"
_PANEL = 'correct its "dashboard" or "panel", or add the panel'


def _site(page: str) -> str:
    return page.removeprefix("docs/").removesuffix(".md") + ".html"


def panels(catalogue: Iterable[Mapping[str, object]]) -> Dashboards:
    """Read which panels exist from the catalogue's dashboards."""
    found: dict[str, frozenset[int]] = {}
    for entry in catalogue:
        listed = entry.get("panels")
        numbers = [panel["id"] for panel in listed] if isinstance(listed, list) else []
        found[str(entry.get("uid"))] = frozenset(numbers)
    return found
