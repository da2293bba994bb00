"""Refuse commands and queries on an alert's page that are about another service than the alert's."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from urllib.parse import urlsplit

from watchbill.language.base import Diagnostics
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle, Scrape, Service
from watchbill.model.pages import PageLink, Reference
from watchbill.model.signals import UP, Signal
from watchbill.promql import Matcher, PromQLError, Selection, literals, selections
from watchbill.prose.page import Page
from watchbill.words.facts import FactError, Facts

_FENCED = re.compile(r"[ \t]*(?:`{3,}|~{3,})")
_QUOTED = re.compile(r"'(?P<single>[^'\n]*)'|\"(?P<double>[^\"\n]*)\"|`(?P<span>[^`\n]*)`")
# A name stands as an argument, in a list, behind a kind ("statefulset/core-api") or as the host of an address.
_NAME = re.compile(
    r"(?:(?:(?<=[\s\"'`])|^)(?P<kind>[a-z0-9.-]+)/|^|(?<=[\s\"'`=(,@|\[])|(?<=//))"
    r"(?P<name>[a-z0-9][\w.<>-]*)(?(kind)(?!/))(?=$|[\s\"'`),|:/}\];])",
    re.MULTILINE,
)
_TODO = "link that service's page; where it has alerts here, write it between {% only <service> %} and {% endonly %}"
_SERIES = ("", "_bucket", "_count", "_sum")


class Owners:
    """Says whose a name or a series is, by what the specs of all services say."""

    def __init__(self, bundle: Bundle) -> None:
        self._services = sorted((service.name for service in bundle.services), key=len, reverse=True)
        self._names = _unshared((word, each.name) for each in bundle.services for word in _words(each))
        self._jobs = {s.name: {s.job, *(scrape.job for scrape in s.scrapes)} for s in bundle.services}
        self._series: dict[str, list[Signal]] = {}
        for signal in (signal for service in bundle.services for signal in _exported(service)):
            for series in (metric.name + part for metric in signal.metrics.values() for part in _SERIES):
                self._series.setdefault(series, []).append(signal)

    def named(self, text: str) -> Iterator[tuple[int, str, str]]:
        """Yield the services that a text names: the index, the word, and the service."""
        for match in _NAME.finditer(text):
            for group in ("kind", "name"):  # of "store/health" the first is the host
                if match[group] and (owner := self._owner(match[group])):
                    yield match.start(group), match[group], owner

    def read(self, expr: str) -> Iterator[str]:
        """Yield the services whose series a query may read; none where it is no query."""
        try:
            found = selections(expr)
        except PromQLError:
            return
        for selection in found:
            yield from self._readers(selection)

    def _owner(self, word: str) -> str:
        """Find whose a word is; instances are called after their service, as "core-api-1" is."""
        grown = (name for name in self._services if word.startswith((f"{name}-", f"{name}.")))
        return self._names.get(word) or next(grown, "")

    def _readers(self, selection: Selection) -> Iterator[str]:
        known = self._series.get(selection.metric or "") if selection.metric != UP.name else None
        if known is not None:
            yield from (signal.service for signal in known if _reads(selection, _labels(signal)))
        elif any(matcher.label in {"job", "service"} for matcher in selection.matchers):
            for service, jobs in self._jobs.items():
                if _reads(selection, {"job": jobs, "service": {service}}):
                    yield service


def _words(service: Service) -> Iterator[str]:
    yield service.name
    for scrape in service.scrapes:
        yield scrape.job
        for host in _hosts(scrape):
            yield host
            yield host.partition(".")[0]


def _exported(service: Service) -> Iterator[Signal]:
    """Yield the signals of a service but those that are recorded for its objectives, which their labels tell apart."""
    recorded = {slo.name for slo in service.slos}
    return (signal for signal in service.signals if signal.key not in recorded)


def _hosts(scrape: Scrape) -> Iterator[str]:
    """Yield the hosts of a scrape's targets by name; an address of digits names nobody."""
    for address in (address for targets in scrape.targets for address in targets.addresses):
        host = urlsplit(address if "://" in address else f"//{address}").hostname or ""
        if not host.replace(".", "").isdigit():
            yield host


def _unshared(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Map words to their owner; what several share names none of them."""
    found: dict[str, set[str]] = {}
    for word, owner in pairs:
        found.setdefault(word, set()).add(owner)
    return {word: min(owners) for word, owners in found.items() if len(owners) == 1}


def _labels(signal: Signal) -> Mapping[str, set[str]]:
    return {matcher.label: set(literals(matcher)) for matcher in signal.matchers if not matcher.op.startswith("!")}


def _reads(selection: Selection, labels: Mapping[str, set[str]]) -> bool:
    """Whether a selector may take series with such labels; a label that is not known may have any value."""
    told = [matcher for matcher in selection.matchers if matcher.label in labels]
    return all(any(_takes(matcher, value) for value in labels[matcher.label]) for matcher in told)


def _takes(matcher: Matcher, value: str) -> bool:
    if "~" not in matcher.op:
        return (value == matcher.value) is (matcher.op == "=")
    try:
        return (re.fullmatch(matcher.value, value) is not None) is (matcher.op == "=~")
    except re.error:
        return True


@dataclass(frozen=True, slots=True)
class _Code:
    """A command or a query as it is shown, and where each of its parts begins in the page."""

    text: str
    starts: tuple[int, ...]
    sources: tuple[int, ...]
    literal: tuple[bool, ...]

    def place(self, index: int) -> int:
        """Return the index in the page; within a fact, that of the fact."""
        part = bisect_right(self.starts, index) - 1
        return self.sources[part] + (index - self.starts[part] if self.literal[part] else 0)


def _shown(parts: Iterable[tuple[str | Reference | PageLink, int]], facts: Facts, alert: Alert) -> _Code:
    known = [(_words_of(part, facts, alert), begin, isinstance(part, str)) for part, begin in parts]
    starts = (0, *accumulate(len(text) for text, _, _ in known))[: len(known)]
    text = "".join(text for text, _, _ in known)
    return _Code(text, starts, tuple(begin for _, begin, _ in known), tuple(literal for _, _, literal in known))


def _words_of(part: str | Reference | PageLink, facts: Facts, alert: Alert) -> str:
    if isinstance(part, str):
        return part
    try:
        return facts.look_up(part, alert).text if isinstance(part, Reference) else part.file
    except FactError:
        return "?"


def require_one_service(page: Page, alerts: Iterable[Alert], owners: Owners, facts: Facts, told: Diagnostics) -> None:
    """Refuse what a page tells the readers of some alerts to type and that is about another service."""
    seen: set[tuple[str, str]] = set()
    found: set[int] = set()
    for alert in alerts:
        for parts in page.code_of(alert.service):
            code = _shown(parts, facts, alert)
            if (alert.service, code.text) in seen or not _is_command(code.text):
                continue
            seen.add((alert.service, code.text))
            for index, length, what in _foreign(code.text, alert.service, owners):
                if (place := code.place(index)) not in found:
                    found.add(place)
                    span = page.placed.between(place, min(place + length, len(page.placed.text)))
                    told.add(span, "runbook/other-service", f"{what} on the page of {alert.id}", _TODO)


def _is_command(text: str) -> bool:
    """Whether a piece of code is more than the name of something."""
    return bool(_FENCED.match(text)) or " " in text.strip("` ") or "{" in text


def _foreign(text: str, service: str, owners: Owners) -> Iterator[tuple[int, int, str]]:
    """Yield what in a piece of code is about another service: the index, the length, and what it is."""
    named = set()
    for index, word, owner in owners.named(text):
        if owner != service:
            named.add(owner)
            yield index, len(word), f'"{word}" belongs to {owner}, and stands'
    for match in _QUOTED.finditer(text):
        expr = match["single"] or match["double"] or match["span"] or ""
        others = {owner for owner in owners.read(expr) if owner != service} - named
        if others:
            yield match.start() + 1, len(expr), f"a query reads series of {' and '.join(sorted(others))}, and stands"
