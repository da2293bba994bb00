"""A page for each kind of file that authors write, and for the mappings that several of them hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watchbill import conditions, sli, views
from watchbill.language.base import Authored
from watchbill.reference import shown
from watchbill.reference.page import Block, Facts, Heading, Listing, Page, Row, Table, paragraphs
from watchbill.reference.synthetic import read
from watchbill.spec.alert import AlertSpec
from watchbill.spec.drill import DrillSpec
from watchbill.spec.pack import PackSpec
from watchbill.spec.panel import PanelSpec
from watchbill.spec.platform import PlatformSpec
from watchbill.spec.profile import ProfileSpec
from watchbill.spec.runbook import DecisionSpec, RunbookSpec
from watchbill.spec.service import ServiceSpec
from watchbill.spec.slo import SloSpec

TITLE = "Spec files"


@dataclass(frozen=True, slots=True)
class _File:
    """A kind of file: its model, where such files stand, and the file of the example house, if it has one."""

    model: type[Authored]
    place: str
    example: str = ""


_FILES = {
    "platform": _File(PlatformSpec, "specs/platform.yaml", "specs/platform.yaml"),
    "service": _File(ServiceSpec, "specs/services/<name>.yaml", "specs/services/shop.yaml"),
    "pack": _File(PackSpec, "specs/packs/<name>.yaml", "specs/packs/orders.yaml"),
    "profile": _File(ProfileSpec, "specs/profiles/<name>.yaml", "specs/profiles/orders.yaml"),
    "drill": _File(DrillSpec, "specs/drills/<name>.yaml", "specs/drills/orders-fail.yaml"),
    "runbook": _File(RunbookSpec, "runbooks/RB-nnn-<slug>.md", "runbooks/RB-001-shop.md"),
    "decision": _File(DecisionSpec, "adr/ADR-nnn-<slug>.md", "adr/ADR-001-second-provider.md"),
}
_PARTS: dict[str, tuple[type[Authored], str, str, Mapping[str, type[Authored]]]] = {
    "alert": (AlertSpec, "`alerts` of a pack, and `alerts.own` of a service", "conditions", conditions.kinds()),
    "objective": (SloSpec, "`slos` of a service", "slis", sli.kinds()),
    "panel": (PanelSpec, "`panels` of a pack, and `dashboards.own` of a service", "views", views.kinds()),
}


def names() -> tuple[str, ...]:
    """List the kinds of files and mappings."""
    return (*_FILES, *_PARTS)


def page(name: str) -> Page:
    """Tell of a kind of file, or of a mapping that several of them hold."""
    blocks = _of_file(_FILES[name]) if name in _FILES else _of_part(*_PARTS[name])
    return Page(f"specs/{name}.md", name, blocks)


def _of_file(file: _File) -> tuple[Block, ...]:
    language = "yaml" if file.example.endswith(".yaml") else "markdown"
    return (
        *paragraphs(file.model.__doc__),
        Facts((("Where", f"`{file.place}`"),)),
        *shown.parts(file.model),
        Heading("Example"),
        Listing(read(file.example), language),
    )


def _of_part(model: type[Authored], place: str, folder: str, kinds: Mapping[str, type[Authored]]) -> tuple[Block, ...]:
    rows = tuple(Row(kind, shown.first(cls), target=f"{folder}/{kind}.md") for kind, cls in kinds.items())
    return (
        *paragraphs(model.__doc__),
        Facts((("Where", place),)),
        *shown.parts(model),
        Heading("Kinds"),
        Table(("`kind`", "What it is"), rows),
    )
