"""What linking gives: specs whose names are resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watchbill.errors import Diagnostic, Span
from watchbill.model.bundle import Environment, Scrape
from watchbill.model.burnrate import BurnPlan
from watchbill.model.origin import Origin
from watchbill.model.signals import Signal
from watchbill.spec.alert import AlertSpec
from watchbill.spec.drill import DrillSpec
from watchbill.spec.pack import PackSpec
from watchbill.spec.panel import PanelSpec
from watchbill.spec.platform import PlatformSpec
from watchbill.spec.profile import ProfileSpec
from watchbill.spec.service import ServiceSpec
from watchbill.spec.slo import SloSpec


@dataclass(frozen=True, slots=True)
class LinkedAlert:
    """An alert with its signal; `origin` is where an author would change it.

    `declares_down` is the full name of what is down while it fires, empty for nothing. `sound` says that its
    condition was accepted, so that more may be asked of it.
    """

    name: str
    spec: AlertSpec
    signal: Signal
    source: str
    area: str
    dashboard: str
    declares_down: str
    origin: Origin
    sound: bool

    @property
    def panel(self) -> str:
        """The title of the panel that shows it."""
        return self.spec.panel or self.name

    def span(self, *field: str | int) -> Span:
        """Return where a field stands, or, for an alert of a shipped pack, where the service takes or changes it."""
        written = self.spec.span(*field)
        return written if written.file == self.origin.span.file else self.origin.span


@dataclass(frozen=True, slots=True)
class LinkedSlo:
    """An objective with its signal, and the tiers that can tell of it."""

    name: str
    spec: SloSpec
    signal: Signal
    plan: BurnPlan
    origin: Origin


@dataclass(frozen=True, slots=True)
class LinkedPanel:
    """A panel of a pack or of the service, with its signal and the dashboard that it stands on.

    `sound` says that its view was accepted.
    """

    title: str
    dashboard: str
    spec: PanelSpec
    signal: Signal
    sound: bool


@dataclass(frozen=True, slots=True)
class LinkedService:
    """A service with everything that its spec names."""

    spec: ServiceSpec
    environments: tuple[Environment, ...]
    signals: tuple[Signal, ...]
    alerts: tuple[LinkedAlert, ...]
    slos: tuple[LinkedSlo, ...]
    panels: tuple[LinkedPanel, ...]
    scrapes: tuple[Scrape, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class LinkedDrill:
    """A drill whose environments and teams are known; `document` is its file."""

    spec: DrillSpec
    document: str


@dataclass(frozen=True, slots=True)
class Linked:
    """A spec tree without a loose end; `warnings` are what its authors should know."""

    platform: PlatformSpec
    services: tuple[LinkedService, ...]
    warnings: tuple[Diagnostic, ...]
    drills: tuple[LinkedDrill, ...] = ()


@dataclass(frozen=True, slots=True)
class Registry:
    """Profiles and packs by name: the shipped ones, and the tree's own."""

    profiles: Mapping[str, ProfileSpec]
    packs: Mapping[str, PackSpec]
