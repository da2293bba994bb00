"""Small trees with prose for tests: a service with three alerts, and runbooks and decisions beside its spec."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from spectree import service, write_tree
from watchbill.errors import SpecError
from watchbill.model.bundle import Bundle
from watchbill.pipeline import compile_specs
from watchbill.spec.runbook import SECTIONS

ALERTS = {
    "LoadHigh": "signal: kit, kind: level, metric: load, above: 5, for: 5m, severity: P0, summary: Load, action: Look",
    "HeapLarge": "signal: kit, kind: level, metric: heap, above: 1GiB, for: 10m, severity: P1, summary: Heap is large,"
    " action: Look",
    "LoadOdd": "signal: kit, kind: level, metric: load, above: 1, for: 5m, severity: Info, summary: Load is odd",
}
REST = '["*/TargetDown", "*/*MetricsAbsent", shop/HeapLarge]'  # every P1 of the tree


def runbook(
    number: int = 1, *, alerts: str = "[shop/LoadHigh]", severity: str = "P0", more: str = "", **texts: str
) -> str:
    """Write a runbook; `texts` replaces those of sections, by the first word of their titles in lower case."""
    written = {title.split()[0].lower(): f"About {title.lower()}" for title in SECTIONS} | texts
    front = f"id: RB-{number:03}\ntitle: Book {number}\nseverity: {severity}\nowner: backend\nalerts: {alerts}\n"
    front += f"recovery_time: 5 minutes\nlast_reviewed: 2026-01-31\n{more}"
    body = "\n".join(f"## {title}\n{written[title.split()[0].lower()]}\n" for title in SECTIONS)
    return f"---\n{front}---\n{body}"


def decision(number: int = 20, *, status: str = "accepted", more: str = "", text: str = "Because.") -> str:
    """Write a decision of the service."""
    front = f"id: ADR-{number:03}\ntitle: Decision {number}\nstatus: {status}\nservice: shop\ndate: 2026-01-31\n{more}"
    return f"---\n{front}---\n## Context\n{text}\n"


WHOLE = {
    "runbooks/RB-001-load.md": runbook(),
    "runbooks/RB-002-rest.md": runbook(2, alerts=REST, severity="P1"),
}


def tree(root: Path, files: Mapping[str, str], *, more: str = "", alerts: Mapping[str, str] | None = None) -> Path:
    """Write the tree; `more` is added to the service's spec."""
    specs = write_tree(root, {"services/shop.yaml": service(ALERTS | dict(alerts or {})) + more})
    for name, text in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return specs


def compiled(root: Path, files: Mapping[str, str], *, more: str = "") -> Bundle:
    """Compile the tree; its faults end the test."""
    return compile_specs(tree(root, files, more=more)).bundle


def diagnostics(root: Path, files: Mapping[str, str], *, more: str = "") -> list[str]:
    """Tell what is wrong with the tree, with paths below its root."""
    try:
        compile_specs(tree(root, files, more=more))
    except SpecError as error:
        return [str(diagnostic).removeprefix(f"{root}/") for diagnostic in error.diagnostics]
    return []
