"""Gather a service's panels: those of its packs, less what it drops, and its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from watchbill import naming
from watchbill.errors import Span, choose
from watchbill.language.base import Diagnostics
from watchbill.link.alert_panels import PanelKey, validate_panels
from watchbill.link.linked import LinkedAlert, LinkedPanel, LinkedService
from watchbill.link.slots import link_slots
from watchbill.model.signals import Signal
from watchbill.spec.pack import PackSpec
from watchbill.spec.panel import PanelSpec
from watchbill.spec.service import PackUse, ServiceSpec


def link_panels(
    spec: ServiceSpec,
    packs: Mapping[str, PackSpec],
    signals: Mapping[str, Signal],
    alerts: Iterable[LinkedAlert],
    *,
    diagnostics: Diagnostics,
) -> tuple[LinkedPanel, ...]:
    """Gather them in the order in which they stand on their dashboards; what is wrong goes to `diagnostics`."""
    require_unique_titles(spec, diagnostics)
    gathering = _Panels(spec, packs, signals, diagnostics)
    gathering.gather()
    led = tuple(sorted(alerts, key=lambda alert: alert.name))
    validate_panels(spec, gathering.found, led, diagnostics)
    _validate_names(gathering, led)
    return _ordered(spec, gathering.found.values())


@dataclass(slots=True)
class _Panels:
    spec: ServiceSpec
    packs: Mapping[str, PackSpec]
    signals: Mapping[str, Signal]
    diagnostics: Diagnostics
    found: dict[PanelKey, LinkedPanel] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)

    def gather(self) -> None:
        """Take the panels of the alerts' packs, of further packs, and the service's own."""
        taken: set[str] = set()
        for section in ("alerts", "dashboards"):
            for index, use in enumerate(getattr(self.spec, section).packs):
                span = self.spec.span(section, "packs", index)
                if use.pack in taken and section == "dashboards":
                    what = f'the panels of pack "{use.pack}" are there already, as its alerts are'
                    self.diagnostics.add(span, "pack/panels-twice", what, "remove it here")
                elif use.pack in self.packs:
                    self._take(use, self.packs[use.pack], span)
                elif section == "dashboards":  # that of an alert has been reported
                    self.diagnostics.add(
                        span, "pack/unknown", f'pack "{use.pack}" is unknown', choose(use.pack, self.packs)
                    )
                taken.add(use.pack)
        for panel in self.spec.dashboards.own:
            span = panel.span("title")
            if panel.signal not in self.spec.signals:
                known = choose(panel.signal, self.spec.signals)
                self.diagnostics.add(
                    panel.span("signal"), "signal/unknown", f'signal "{panel.signal}" is unknown', known
                )
            elif panel.signal in self.signals:
                self._keep(panel, self.signals[panel.signal], panel.dashboard or naming.SERVICE_DASHBOARD, span)

    def _take(self, use: PackUse, pack: PackSpec, span: Span) -> None:
        slots = link_slots(use, pack, self.spec, self.signals, span=span, diagnostics=self.diagnostics)
        for panel in pack.panels:
            if panel.title in self.spec.dashboards.drop:
                self.dropped.add(panel.title)
            elif panel.signal not in pack.needs:
                what = f'signal "{panel.signal}" is not among the pack\'s needs'
                self.diagnostics.add(panel.span("signal"), "signal/unknown", what, choose(panel.signal, pack.needs))
            elif panel.signal in slots:
                self._keep(panel, slots[panel.signal], panel.dashboard or pack.dashboard, span)

    def _keep(self, panel: PanelSpec, signal: Signal, dashboard: str, span: Span) -> None:
        title, before = panel.title, len(self.diagnostics.found)
        panel.view.check(signal, self.diagnostics)
        sound = len(self.diagnostics.found) == before
        if sound:
            panel.check_fields(panel.view.unit(signal), self.diagnostics)
        self._require_free(title, dashboard, span)
        self.found[dashboard, title] = LinkedPanel(title, dashboard, panel, signal, sound)

    def _require_free(self, title: str, dashboard: str, span: Span) -> None:
        where = f'dashboard "{dashboard}"'
        if (dashboard, title) in self.found:
            todo = "rename one of them, or drop the pack's"
            self.diagnostics.add(span, "panel/duplicate", f'{where} has a panel "{title}" already', todo)
        if title in naming.BUILT_IN_PANELS.get(dashboard, ()):
            self.diagnostics.add(
                span, "panel/duplicate", f'{where} gets a panel "{title}" by itself', "choose another title"
            )
        if dashboard == naming.SLO_DASHBOARD:
            self.diagnostics.add(
                span, "dashboard/reserved", f"{where} is made of the objectives", "choose another dashboard"
            )
        number = naming.panel_id(title)
        other = next((t for d, t in self.found if d == dashboard and t != title and naming.panel_id(t) == number), None)
        if other is not None:
            self.diagnostics.add(
                span, "panel/duplicate", f'panels "{other}" and "{title}" would share a number', "rename one of them"
            )


def _validate_names(panels: _Panels, alerts: tuple[LinkedAlert, ...]) -> None:
    """Refuse names of panels and dashboards that are none."""
    spec, diagnostics = panels.spec.dashboards, panels.diagnostics
    places = {*panels.found, *((alert.dashboard, alert.panel) for alert in alerts)}
    places |= {(dashboard, title) for dashboard, built_in in naming.BUILT_IN_PANELS.items() for title in built_in}
    for title in spec.drop:
        if title not in panels.dropped:
            what = f'no pack of this service has a panel "{title}"'
            todo = choose(title, {title for _, title in places}, none="take the pack that has it")
            diagnostics.add(spec.span("drop", title, key=True), "pack/unknown-panel", what, todo)
    for dashboard, first in spec.order.items():
        here = {title for other, title in places if other == dashboard}
        if not here:
            what = f'this service has no dashboard "{dashboard}"'
            diagnostics.add(
                spec.span("order", dashboard, key=True),
                "dashboard/unknown",
                what,
                choose(dashboard, {key for key, _ in places}),
            )
            continue
        for index, title in enumerate(first):
            if title not in here:
                what = f'dashboard "{dashboard}" has no panel "{title}"'
                diagnostics.add(spec.span("order", dashboard, index), "panel/unknown", what, choose(title, here))
    for (dashboard, _), panel in panels.found.items():
        other = panel.spec.lines_of
        here = {title for key, title in places if key == dashboard} | panels.dropped
        if other is not None and other not in here:
            diagnostics.add(
                panel.spec.span("lines_of"), "panel/unknown", f'there is no panel "{other}"', choose(other, here)
            )


def require_unique_titles(spec: ServiceSpec, diagnostics: Diagnostics) -> None:
    """Refuse objectives of one title, whose panels would be the same."""
    seen: dict[str, str] = {}
    for name, slo in sorted(spec.slos.items()):
        other = seen.setdefault(slo.title, name)
        if other != name:
            what = f'objectives "{other}" and "{name}" share a title, and so their panels'
            diagnostics.add(slo.span("title"), "panel/duplicate", what, "rename one of them")


def require_unique_uids(services: Iterable[LinkedService], diagnostics: Diagnostics) -> None:
    """Refuse services whose dashboards would have the same uid, as `shop` with `api-slo` and `shop-api` would."""
    seen = {naming.SLO_OVERVIEW: "all services", naming.ON_CALL: "all services"}
    for service in services:
        name = service.spec.service
        keys = {naming.SERVICE_DASHBOARD, naming.SLO_DASHBOARD, *(panel.dashboard for panel in service.panels)}
        for key in sorted(keys | {alert.dashboard for alert in service.alerts}):
            other = seen.setdefault(naming.dashboard_uid(name, key), name)
            if other != name:
                what = f'dashboard "{key}" would have the address of one of {other}'
                diagnostics.add(
                    service.spec.span("service"), "spec/name-taken", what, "rename the service, or the dashboard"
                )


def _ordered(spec: ServiceSpec, panels: Iterable[LinkedPanel]) -> tuple[LinkedPanel, ...]:
    """Put those first that the service names first, in its order; the others keep theirs."""

    def place(panel: LinkedPanel) -> int:
        first = spec.dashboards.order.get(panel.dashboard, ())
        return first.index(panel.title) if panel.title in first else len(first)

    return tuple(sorted(panels, key=place))
