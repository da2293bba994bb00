"""Read what a target answers when Prometheus scrapes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client.openmetrics.parser import text_fd_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_fd_to_metric_families as parse_text

from watchbill.errors import Diagnostic, Span, SpecError
from watchbill.source.scalars import quote

MOST_CHARACTERS = 64 << 20
MOST_LINE_CHARACTERS = 16 << 10  # bounds what the parsers' repeated slicing of a line can cost
_EOF = "# EOF"
_COUNTER = re.compile(r"(\s*#\s*TYPE\s+)(\"(?:[^\"\\]|\\.)*\"|\S+)(\s+)counter\s*")
_SUFFIXES = {
    "_total": {"counter"},
    "_bucket": {"histogram"},
    "_count": {"histogram", "summary"},
    "_sum": {"histogram", "summary"},
}
_TODO = "save what the target answers as it is: curl -s http://<address>/metrics"


@dataclass(frozen=True, slots=True)
class Family:
    """A metric as a target declares it; `type` is `unknown` and `unit` empty where it does not."""

    name: str
    type: str
    unit: str
    help: str


@dataclass(frozen=True, slots=True)
class Scrape:
    """One answer of one target; `series` holds the label sets of every series by its name.

    No label set has target labels, which only Prometheus knows. `owners` maps series to families.
    """

    name: str
    families: Mapping[str, Family]
    series: Mapping[str, tuple[Mapping[str, str], ...]]
    owners: Mapping[str, str]

    def family(self, name: str) -> Family | None:
        """Find the family of a series or metric, also where the family has no series yet."""
        owner = self.owners.get(name, name)
        if owner in self.families:
            return self.families[owner]
        for suffix, types in _SUFFIXES.items():
            base = self.families.get(name.removesuffix(suffix))
            if name.endswith(suffix) and base is not None and base.type in types:
                return base
        return None

    def parts(self, family: Family) -> tuple[str, ...]:
        """List the names of a family's series, sorted."""
        return tuple(sorted(series for series, owner in self.owners.items() if owner == family.name))


def read_scrape(text: str, *, name: str, content_type: str = "") -> Scrape:
    """Read the Prometheus text format, or OpenMetrics where the text or its content type says so.

    `name` stands in messages. Raises `SpecError` with the line that no parser accepts.
    Source: Prometheus docs, "Exposition formats"; OpenMetrics 1.0.
    """
    if len(text) > MOST_CHARACTERS:
        raise _refusal(name, f"a scrape of more than {MOST_CHARACTERS >> 20} MiB", "save the answer of one target")
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    for number, line in enumerate(lines, 1):
        if len(line) > MOST_LINE_CHARACTERS:
            what = f"a line of {len(line)} characters"
            raise _refusal(name, what, f"shorten it to {MOST_LINE_CHARACTERS} at most", line=number)
    openmetrics = _EOF in lines or "application/openmetrics-text" in content_type
    reader = _Reader(lines, openmetrics=openmetrics)
    try:
        scrape = _gather(name, reader)
    except Exception as error:  # noqa: BLE001 (the parsers let through whatever their slicing runs into)
        kind = "OpenMetrics" if openmetrics else "the Prometheus text format"
        words = str(error).strip() or "it breaks the grammar"
        at = _faulty_line(lines, reader.at, openmetrics=openmetrics)
        what = f"this is not {kind}: {quote(words)[1:-1]}"
        raise _refusal(name, what, _TODO, line=at, width=len(lines[at - 1])) from None
    if not scrape.families:
        raise _refusal(name, "no metric stands here", _TODO)
    return scrape


def _refusal(name: str, what: str, todo: str, *, line: int = 1, width: int = 0) -> SpecError:
    return SpecError([Diagnostic(Span(name, line, 1, line, width + 1), "scrape/unreadable", what, todo)])


class _Reader:
    """Feeds lines to a parser, and knows which one it saw last and which counters were declared.

    prometheus_client 0.26 renames counters without `_total` as it reads the text format, and nothing
    tells them from those with it afterwards; so they pass as gauges, and become counters again.
    """

    def __init__(self, lines: Sequence[str], *, openmetrics: bool) -> None:
        self.lines = lines
        self.openmetrics = openmetrics
        self.at = 0
        self.counters: set[str] = set()

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(self.lines, 1):
            self.at = number
            yield (line if self.openmetrics else self._disguised(line)) + "\n"

    def _disguised(self, line: str) -> str:
        match = _COUNTER.fullmatch(line) if "TYPE" in line else None
        if match is None:
            return line
        self.counters.add(match[2].strip('"'))
        return f"{match[1]}{match[2]}{match[3]}gauge"

    def families(self) -> Iterable[Any]:
        """Yield the parser's families."""
        parser: Any = parse_openmetrics if self.openmetrics else parse_text  # asks for a file, reads lines
        families: Iterable[Any] = parser(self)
        return families


def _gather(name: str, reader: _Reader) -> Scrape:
    families: dict[str, Family] = {}
    series: dict[str, list[Mapping[str, str]]] = {}
    owners: dict[str, str] = {}
    for metric in reader.families():
        type_ = "counter" if metric.name in reader.counters else metric.type
        family = Family(metric.name, type_, metric.unit, metric.documentation)
        if family.name not in families or families[family.name].type == "unknown":
            families[family.name] = family
        for sample in metric.samples:
            series.setdefault(sample.name, []).append(sample.labels or {})
            if family.type != "unknown":
                owners[sample.name] = family.name
            owners.setdefault(sample.name, family.name)
    return Scrape(name, families, {key: tuple(labels) for key, labels in series.items()}, owners)


def _faulty_line(lines: Sequence[str], at: int, *, openmetrics: bool) -> int:
    """Find the line at fault: the last one read, or the head of the family before it.

    The parsers check a family as a whole only when they see the line after it.
    """
    before = [*lines[: at - 1], *([_EOF] if openmetrics and _EOF not in lines[: at - 1] else [])]
    try:
        for _ in _Reader(before, openmetrics=openmetrics).families():
            pass
    except Exception:  # noqa: BLE001 (as in read_scrape)
        return _head(lines, at - 1)
    return max(at, 1)


def _head(lines: Sequence[str], at: int) -> int:
    """Find the first line of the family that ends at a line."""
    while at > 1 and not lines[at - 1].startswith("#"):
        at -= 1
    name = lines[at - 1].split()[2:3]
    while at > 1 and lines[at - 2].startswith("#") and lines[at - 2].split()[2:3] == name:
        at -= 1
    return max(at, 1)
