"""The whole of a compiled spec tree: what every target is a pure function of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from watchbill.model.alerts import Alert, Severity
from watchbill.model.dashboards import Dashboard
from watchbill.model.drills import Drill
from watchbill.model.origin import Origin
from watchbill.model.pages import Pages, Rename, Waiver
from watchbill.model.routing import Channel, Delivery, InhibitRule, Policy, QuietTime, Receiver, Timing
from watchbill.model.signals import Signal
from watchbill.model.slo import Slo
from watchbill.quantity import Duration

NO_PAGES = Pages()


@dataclass(frozen=True, slots=True)
class Team:
    """Whose alert it is, and where that team is reached."""

    name: str
    title: str
    addresses: Mapping[Channel, str]


@dataclass(frozen=True, slots=True)
class Environment:
    """An `env` with the clusters that it spans; only some environments may page."""

    name: str
    clusters: tuple[str, ...]
    pages: bool


@dataclass(frozen=True, slots=True)
class Urls:
    """Where people and Prometheus find the other parts, without trailing slashes."""

    site: str
    grafana: str
    prometheus: str
    alertmanager: str


@dataclass(frozen=True, slots=True)
class Platform:
    """What all services share. `short_wait` is for services that have promised a time."""

    teams: Mapping[str, Team]
    default_team: str
    policies: Mapping[Severity, Policy]
    quiet_times: tuple[QuietTime, ...]
    delivery: Delivery
    environments: tuple[Environment, ...]
    urls: Urls
    scrape_interval: Duration
    evaluation_interval: Duration
    keep_firing_for: Duration
    heartbeat: Timing
    shadow: Timing
    short_wait: Duration
    origin: Origin

    def channels(self, severity: Severity, environment: Environment) -> tuple[Channel, ...]:
        """List where a severity goes; where nothing pages, what wakes people is left out."""
        every = self.policies[severity].channels
        return every if environment.pages else tuple(channel for channel in every if not channel.wakes)

    def opens_incidents(self, severity: Severity) -> bool:
        """Say whether a severity opens incidents, where environments page."""
        return any(channel.incidents for channel in self.policies[severity].channels)

    def receiver(self, team: str, severity: Severity, environment: Environment) -> Receiver:
        """Say who is notified of a severity of a team."""
        return Receiver(team, self.channels(severity, environment))


@dataclass(frozen=True, slots=True)
class ScrapeTargets:
    """The addresses of one environment and cluster."""

    env: str
    cluster: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scrape:
    """One scrape job; `prober` and `module` are set where a blackbox exporter probes the targets."""

    job: str
    interval: Duration
    path: str
    scheme: str
    targets: tuple[ScrapeTargets, ...]
    prober: str = ""
    module: str = ""


@dataclass(frozen=True)  # without slots, so that the maps by key are kept
class Service:
    """A service; signals are sorted by key, alerts by area and name, so that no order of keys shows.

    `job` is the scrape job of its own target; other jobs scrape exporters for it. A service that `promises_time` has
    promised a time, and is not kept waiting by its route. `depends_on` holds `<service>` and
    `<service>/<signal>`, `needs` the keys of the signals that tell of what stands behind it. `waivers`
    says by name which alerts may be without a runbook, `renamed` gives former names of alerts and objectives their
    new ones.
    """

    name: str
    title: str
    team: str
    job: str
    environments: tuple[Environment, ...]
    evaluation_interval: Duration
    promises_time: bool
    depends_on: tuple[str, ...]
    needs: Mapping[str, tuple[str, ...]]
    signals: tuple[Signal, ...]
    alerts: tuple[Alert, ...]
    slos: tuple[Slo, ...]
    scrapes: tuple[Scrape, ...]
    dashboards: tuple[Dashboard, ...]
    waivers: Mapping[str, Waiver]
    renamed: tuple[Rename, ...]
    origin: Origin

    @cached_property
    def _signals(self) -> Mapping[str, Signal]:
        return {signal.key: signal for signal in self.signals}

    @cached_property
    def _slos(self) -> Mapping[str, Slo]:
        return {slo.name: slo for slo in self.slos}

    def signal(self, key: str) -> Signal:
        """Return the signal of a key, which is there: an alert's `subject`, an objective's `signal` or its name."""
        return self._signals[key]

    def slo(self, name: str) -> Slo:
        """Return the objective of a name, which is there: an alert's `slo`, where that is not empty."""
        return self._slos[name]


@dataclass(frozen=True)  # without slots, so that what is sorted is kept
class Bundle:
    """Everything, sorted by name.

    `inhibited_by` says for each alert, by id, which others can mute it; `overviews` are dashboards of all services.
    `pages` is the prose, which is bound to all the rest at last; `drills` are faults that hit several alerts at once.
    """

    platform: Platform
    services: tuple[Service, ...]
    inhibit_rules: tuple[InhibitRule, ...]
    inhibited_by: Mapping[str, tuple[str, ...]]
    overviews: tuple[Dashboard, ...]
    pages: Pages = NO_PAGES
    drills: tuple[Drill, ...] = ()

    @cached_property
    def alerts(self) -> tuple[Alert, ...]:
        """All alerts, sorted by service and name."""
        return tuple(sorted((a for s in self.services for a in s.alerts), key=lambda a: a.id))

    @cached_property
    def dashboards(self) -> tuple[Dashboard, ...]:
        """All dashboards, sorted by uid."""
        found = (*self.overviews, *(dashboard for service in self.services for dashboard in service.dashboards))
        return tuple(sorted(found, key=lambda dashboard: dashboard.uid))

    @cached_property
    def mutes(self) -> Mapping[str, tuple[str, ...]]:
        """What each alert can mute, by id: the other side of `inhibited_by`."""
        found: dict[str, list[str]] = {}
        for muted, sources in self.inhibited_by.items():
            for source in sources:
                found.setdefault(source, []).append(muted)
        return {source: tuple(muted) for source, muted in found.items()}

    @cached_property
    def _by_name(self) -> Mapping[str, Service]:
        return {service.name: service for service in self.services}

    @cached_property
    def alerts_by_id(self) -> Mapping[str, Alert]:
        """All alerts by `<service>/<name>`, sorted."""
        return {alert.id: alert for alert in self.alerts}

    def service(self, name: str) -> Service:
        """Return the service of a name, which is there."""
        return self._by_name[name]

    def alert(self, id_: str) -> Alert:
        """Return the alert of an id, `<service>/<name>`, which is there."""
        return self.alerts_by_id[id_]
