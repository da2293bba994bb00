"""Compile the examples of the reference by the real compiler, in a small service and on a platform of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from watchbill import library
from watchbill.compilation import Compiled, compile_documents
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Platform, Service
from watchbill.model.dashboards import Panel
from watchbill.source import Document, parse

EXAMPLES = library.ROOT / "examples"
HEAD = "service: shop\ntitle: Shop\nteam: backend\ntarget: {job: shop}\n"
SERVICE = "specs/services/shop.yaml"
_BESIDE = ("specs/platform.yaml", "specs/profiles/orders.yaml")
# What few alerts need. The house itself has none of it: the compiler warns of a switch that nothing calls.
_DELIVERY = """\
delivery:
  heartbeat: https://heartbeat.example.com/prometheus
  fallback: {email: oncall@example.org, smtp: {host: "smtp.example.org:587", from: alerts@example.org}}
"""


@dataclass(frozen=True, slots=True)
class Example:
    """What came of an example; `hints` are the warnings that its author would see."""

    compiled: Compiled
    hints: tuple[str, ...]

    @property
    def service(self) -> Service:
        """The one service."""
        return self.compiled.bundle.services[0]

    def alert(self, source: str = "service") -> Alert:
        """Return the first alert from a source: the one that the example writes."""
        return next(alert for alert in self.service.alerts if alert.source == source)

    def panels(self) -> tuple[Panel, ...]:
        """List the panels of the service's dashboards, in their order."""
        ours = (board for board in self.compiled.bundle.dashboards if board.service == self.service.name)
        return tuple(panel for dashboard in ours for panel in dashboard.all_panels())

    def panel_of(self, alert: Alert) -> Panel | None:
        """Find the panel that an alert leads to."""
        return next((panel for panel in self.panels() if alert.id in panel.alerts), None)


def read(path: str) -> str:
    """Read a file of the example house."""
    return (EXAMPLES / path).read_text(encoding="utf-8")


@cache
def _beside() -> tuple[Document, ...]:
    texts = {path: read(path).replace("delivery:\n", _DELIVERY) for path in _BESIDE}
    return tuple(parse(text, path=path, pointer=path) for path, text in texts.items())


def platform(lines: Mapping[str, Any]) -> Platform:
    """Compile the example house's platform with what stands in `lines` over it; raises `SpecError`."""
    path = _BESIDE[0]
    text = json.dumps(_over(yaml.safe_load(read(path)), lines))  # which is YAML, and loses no type
    service = parse(f"{HEAD}signals: {{orders: {{profile: orders}}}}\nalerts: {{}}\n", path=SERVICE, pointer=SERVICE)
    _, profile = _beside()
    return compile_documents((parse(text, path=path, pointer=path), profile, service)).bundle.platform


def _over(below: Any, above: Any) -> Any:
    if not (isinstance(below, Mapping) and isinstance(above, Mapping)):
        return above
    return {**below, **{key: _over(below.get(key), value) for key, value in above.items()}}


@cache
def compiled(lines: str) -> Example:
    """Compile lines of a service's file; raises `SpecError` where the example is wrong."""
    rest = "" if "\nalerts:" in f"\n{lines}" else "alerts: {}\n"
    service = parse(HEAD + lines + rest, path=SERVICE, pointer=SERVICE)
    found = compile_documents((*_beside(), service))
    hints = tuple(f"{hint.what}; {hint.todo}" for hint in found.warnings if hint.span.file == SERVICE)
    return Example(found, hints)
