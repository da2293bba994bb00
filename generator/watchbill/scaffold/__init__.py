"""Write skeletons: what must be filled in says so, and no gate passes until it is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from string import Template

from watchbill import library, naming
from watchbill.conditions import kinds
from watchbill.errors import RefusedError, UsageError, choose
from watchbill.link import Linked, link
from watchbill.lower import lower
from watchbill.model.alerts import Alert
from watchbill.publish.exchange import refusing
from watchbill.source import Document, Map, beside, read_tree

KINDS = ("runbook", "adr", "service", "alert")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_WHERE = "write it in lines of its own first, one key below the other"


def new(kind: str, name: str, specs: Path) -> Path:
    """Write a skeleton of a kind; returns the file, which never existed before, or is the service's of an alert."""
    return {"runbook": _runbook, "adr": _decision, "service": _service, "alert": _alert}[kind](name, specs)


def open_questions(path: Path) -> list[tuple[int, str]]:
    """List what a file leaves to be filled in, with the lines."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = ((number, re.search(r"FILL IN: ([^\"\n]+)", line)) for number, line in enumerate(lines, 1))
    return [(number, match[1].strip()) for number, match in found if match is not None]


def _runbook(name: str, specs: Path) -> Path:
    """Begin a runbook, for an alert that the specs know, or by a few words."""
    alerts, severity, team = "", "mixed", '"FILL IN: the team that keeps it true"'
    slug = name
    if "/" in name:
        found = _find(name, specs)
        alerts, severity, team = found.id, found.severity.value, found.team
        slug = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", found.name).lower()
    folder = beside(specs, "runbooks")
    number = _next(folder, "RB")
    text = _fill("runbook.md", id=number, severity=severity, team=team, alerts=alerts, today=_today())
    if not alerts:
        text = text.replace(
            "alerts: []\n", 'alerts: []\nreason: "FILL IN: why no alert leads here, or its alerts above"\n'
        )
    return _write(folder / f"{number}-{_slug(slug)}.md", text)


def _decision(name: str, specs: Path) -> Path:
    """Begin a decision beside the last one, which may lie in a folder below."""
    folder = beside(specs, "adr")
    number = _next(folder, "ADR")
    last = max(_pages(folder, "ADR"), key=lambda path: path.name, default=folder / number)
    return _write(last.parent / f"{number}-{_slug(name)}.md", _fill("adr.md", id=number, today=_today()))


def _service(name: str, specs: Path) -> Path:
    if not naming.SERVICE_NAME.fullmatch(name):
        raise UsageError(f'"{name}" is no name of a service; write lower case words joined by dashes')
    linked = link(read_tree(specs))
    text = _fill(
        "service.yaml",
        service=name,
        teams=", ".join(sorted(linked.platform.teams)),
        environment=min(linked.platform.environments),
        profiles=", ".join(Path(document.path).stem for document in library.documents("profiles")),
    )
    return _write(specs / "services" / f"{name}.yaml", text)


def _alert(name: str, specs: Path) -> Path:
    """Add an alert to its service's own, before the first of them."""
    service, _, alert = name.partition("/")
    if not naming.ALERT_NAME.fullmatch(alert):
        raise UsageError(f'"{name}" names no alert; write service/Alert, such as core-api/CircuitBreakerOpen')
    documents = read_tree(specs)
    linked = link(documents)
    known = {entry.spec.service: entry for entry in linked.services}
    if service not in known:
        raise UsageError(f'service "{service}" is unknown; {choose(service, known)}')
    if name in lower(linked).alerts_by_id:
        raise RefusedError(f"{name} exists already; change it in its spec")
    document = next(d for d in documents if d.pointer == known[service].origin.document)
    signals = ", ".join(sorted(known[service].spec.signals))
    text = _fill("alert.yaml", alert=alert, signals=signals, kinds=", ".join(sorted(kinds())))
    path = Path(document.path)
    changed = _inserted(document, text)
    staged = path.with_name(f".{path.name}.new")
    with refusing(f"cannot write {path}"):
        staged.write_text(changed, encoding="utf-8")
        staged.replace(path)
    return path


def _inserted(document: Document, text: str) -> str:
    """Put an alert at the head of `alerts: own:`, which is added where it is missing."""
    alerts = document.data["alerts"]
    if not isinstance(alerts, Map) or not _in_lines(alerts, document.data.places["alerts"].key):
        raise RefusedError(f'"alerts" of {document.path} stands in braces; {_WHERE}')
    lines = document.text.splitlines(keepends=True)
    indent = _column(alerts)
    own = alerts.get("own")
    key = alerts.places["own"].key if "own" in alerts else None
    if key is None:
        after = document.data.places["alerts"].key
        line = after.line if after is not None else len(lines)
        added = f"{' ' * indent}own:\n{_indented(text, indent + 2)}"
    elif isinstance(own, Map) and _in_lines(own, key):
        line, added = key.line, _indented(text, _column(own))
    else:
        raise RefusedError(f'"alerts: own" of {document.path} stands in braces; {_WHERE}')
    return "".join([*lines[:line], added, *lines[line:]])


def _in_lines(node: Map, key: object) -> bool:
    """Whether a mapping is written one key a line, below its own key."""
    first = next(iter(node.places.values()), None)
    line = getattr(key, "line", 0)
    return first is not None and first.key is not None and first.key.line > line


def _column(node: Map) -> int:
    first = next(iter(node.places.values()))
    return first.key.column - 1 if first.key is not None else 0


def _indented(text: str, indent: int) -> str:
    return "".join(f"{' ' * indent}{line}" for line in text.splitlines(keepends=True))


def _find(name: str, specs: Path) -> Alert:
    linked: Linked = link(read_tree(specs))  # without prose, since what is missing may be this very runbook
    known = lower(linked).alerts_by_id
    if name not in known:
        raise UsageError(f'there is no alert "{name}"; {choose(name, known)}')
    return known[name]


def _next(folder: Path, prefix: str) -> str:
    """Take the first number behind all that are taken, or were ever."""
    texts = "\n".join(f"{path.name}\n{path.read_text(encoding='utf-8')[:2000]}" for path in _pages(folder, prefix))
    taken = [int(number) for number in re.findall(rf"\b{prefix}-([0-9]{{3}})\b", texts)]
    return f"{prefix}-{max(taken, default=0) + 1:03}"


def _pages(folder: Path, prefix: str) -> Iterable[Path]:
    return sorted(folder.rglob(f"{prefix}-*.md")) if folder.is_dir() else []


def _slug(words: str) -> str:
    slug = "-".join(re.findall(r"[a-z0-9]+", words.lower()))
    if not _SLUG.fullmatch(slug):
        raise UsageError(f'"{words}" holds no word to name a file by; write a few in lower case')
    return slug


def _fill(skeleton: str, **names: str) -> str:
    return Template(library.skeleton(skeleton)).substitute(names)


def _today() -> str:
    return datetime.now(tz=UTC).date().isoformat()


def _write(path: Path, text: str) -> Path:
    with refusing(f"cannot write {path}"):
        os.makedirs(path.parent, exist_ok=True)  # noqa: PTH103 - Path.mkdir raises where a parent is a file
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            raise RefusedError(f"{path} exists already; choose another name") from None
    return path
