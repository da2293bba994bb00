"""What the shipped runbooks assume is said: whatever a command uses and no spec states stands in `assumes`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from watchbill.prose.markdown import Markup

ROOT = Path(__file__).parents[1]
EVERYWHERE = "RB-001"  # what it assumes, all others may
# each pattern's last group that matched is what is assumed, as `assumes` names it
SHAPES = {
    "variable that is set": r"\bset env \S+/\S+ (?:\S+ )*?([A-Z<][\w<>]*)(?:=|-(?=[`\s]|$))",
    "variable that is read": r"\$([A-Z][A-Z0-9_]{3,})\b|process\.env\.([A-Z0-9_]+)|\bprintenv ([A-Z0-9_]+)",
    "systemd unit": r"\bsystemctl (?:restart|start|stop|edit|mask|set-property --runtime|show -p MainPID --value)"
    r" ([a-z][\w-]+)|\bjournalctl -u ([\w-]+)",
    "role": r"\b(?:psql|pg_dump|mysql)\b[^|;\n]* -[Uu] ([\w<>-]+)|\busename = '(\w+)'|\bALTER ROLE (\w+)",
    "database": r"\b(?:psql|pg_dump)\b[^|;\n]* -d (?!postgres\b)(\w+)|-u postgres psql ([a-z]\w+)",
    "file on a machine": r"(?<![\w.:}>/-])(/(?:var|etc|opt|srv|home)/[\w./<>-]+)",
    "queue": r'new Queue\("(\w+)"',
    "form of a log": r"(\w+=)\[\^ \]",
    "annotation": r"(nginx\.ingress\.kubernetes\.io/[a-z]+(?:-[a-z]+)*)",
    "object of Kubernetes": r"\b(job/[\w-]+|cronjob <\w+>|deployment/[\w<>-]+|statefulset/<dependency>)",
    "extension": r"\bFROM (pg_stat_statements)\b",
    "version of a library": r"\b(setGlobal\w+)\(",
}
_ROUTE = re.compile(
    r"\bcurl\b(?P<options>[^|;\n]*?)https?://(?:localhost:(?!90)\d+|<public-host>)(?P<path>/\w[^\s'\"\\`?]*)"
)
_INGRESS = re.compile(r"\b(?:annotate|get) ingress(?:,endpoints)? ([a-z][\w-]+)")
# the label of a sample scrape whose values say it
STATED_BY = {"role": "usename", "database": "datname", "queue": "queue", "route": "route"}
SPECS = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "specs/services").glob("*.yaml")))
# a folder and the slice of every such Linux, and what node itself reads always
_OF_THE_SYSTEM = {"/var/log", "system", "NODE_OPTIONS"}


@dataclass(frozen=True)
class Book:
    """A runbook: what it assumes, whose alerts it has, and its code."""

    id: str
    owner: str
    services: frozenset[str]
    assumes: dict[str, str]
    code: str


def books() -> dict[str, Book]:
    found = {}
    for path in sorted((ROOT / "runbooks").glob("RB-*.md")):
        text = path.read_text(encoding="utf-8")
        _, front, body = text.split("---\n", 2)
        spec = yaml.safe_load(front)
        services = frozenset(alert.partition("/")[0] for alert in spec["alerts"])
        code = "\n".join(Markup(body, 0).code())
        found[spec["id"]] = Book(spec["id"], spec["owner"], services, spec.get("assumes", {}), code)
    return found


BOOKS = books()


def uses(book: Book) -> Iterator[tuple[str, str]]:
    """Yield all that a runbook's code uses and that somebody has to provide, with its kind."""
    for kind, pattern in SHAPES.items():
        for match in re.finditer(pattern, book.code, re.MULTILINE):
            yield kind, match[match.lastindex or 0]
    for match in _ROUTE.finditer(book.code):
        method = re.search(r"-X (\w+)", match["options"])
        yield "route", f"{method[1]} {match['path']}" if method is not None else match["path"]
    for match in _INGRESS.finditer(book.code):
        yield "ingress", f"ingress {match[1]}"


def exported(services: frozenset[str]) -> str:
    """Join the sample scrapes of some services; of all, where a runbook has no alert."""
    scrapes = sorted((ROOT / "specs/samples").glob("*.prom"))
    own = [path for path in scrapes if not services or path.name.split(".")[0] in services]
    return "".join(path.read_text(encoding="utf-8") for path in own)


def stated(book: Book, kind: str, thing: str) -> bool:
    """Whether a spec or a sample scrape of the book's services says it, by a target or by a label's value."""
    if kind == "route" and re.search(rf"(?:path: |:\d+){re.escape(thing)}[\s,\]]", SPECS):
        return True
    label = STATED_BY.get(kind)
    return thing in _OF_THE_SYSTEM or (label is not None and f'{label}="{thing}"' in exported(book.services))


def said(book: Book, kind: str, thing: str) -> bool:
    things = {*book.assumes, *BOOKS[EVERYWHERE].assumes}
    if kind == "file on a machine":
        return any(thing == one or thing.startswith(f"{one.rstrip('/')}/") for one in things)
    return thing in things


@pytest.mark.parametrize("book", BOOKS.values(), ids=BOOKS)
def test_what_a_command_uses_is_stated_or_assumed(book: Book) -> None:
    unsaid = {
        (kind, thing) for kind, thing in uses(book) if not said(book, kind, thing) and not stated(book, kind, thing)
    }
    assert unsaid == set()


def test_every_shape_is_met() -> None:
    assert {kind for book in BOOKS.values() for kind, _ in uses(book)} == {*SHAPES, "route", "ingress"}


def test_a_team_finds_one_thing_in_one_set_of_words() -> None:
    words: dict[tuple[str, str], set[str]] = {}
    for book in BOOKS.values():
        for thing, meaning in book.assumes.items():
            words.setdefault((book.owner, thing), set()).add(meaning)
    assert {key for key, meanings in words.items() if len(meanings) > 1} == set()
