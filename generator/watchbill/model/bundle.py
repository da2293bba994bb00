"""The whole of a compiled spec tree: what every target is a pure function of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watchbill.model.alerts import Alert
from watchbill.model.origin import Origin
from watchbill.model.signals import Signal
from watchbill.quantity import Duration


@dataclass(frozen=True, slots=True)
class Team:
    """Whose alert it is, and where that team is reached."""

    name: str
    title: str
    slack: str
    email: str
    pagerduty: str


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
    """What all services share."""

    teams: Mapping[str, Team]
    default_team: str
    environments: tuple[Environment, ...]
    urls: Urls
    scrape_interval: Duration
    evaluation_interval: Duration
    keep_firing_for: Duration


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


@dataclass(frozen=True, slots=True)
class Service:
    """A service; signals are sorted by key, alerts by area and name, so that no order of keys shows.

    `job` is the scrape job of its own target; other jobs scrape exporters for it.
    """

    name: str
    title: str
    team: str
    job: str
    environments: tuple[Environment, ...]
    evaluation_interval: Duration
    signals: tuple[Signal, ...]
    alerts: tuple[Alert, ...]
    scrapes: tuple[Scrape, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything, sorted by name."""

    platform: Platform
    services: tuple[Service, ...]

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """All alerts, sorted by service and name."""
        return tuple(sorted((a for s in self.services for a in s.alerts), key=lambda a: a.id))
