"""Who is woken by what: for each team and severity, who is notified in which environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watchbill.channels.base import Destination
from watchbill.channels.destinations import destinations
from watchbill.model.alerts import Alert, Severity, Stage
from watchbill.model.bundle import Bundle, Environment, Platform, Team
from watchbill.model.routing import FALLBACK, HEARTBEAT, SHADOW, QuietTime, Receiver


@dataclass(frozen=True, slots=True)
class Row:
    """What a team owns of one severity, and whom it reaches, by each environment that its services run in."""

    team: Team
    severity: Severity
    alerts: tuple[Alert, ...]
    notified: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Aside:
    """What goes another way than by team and severity; `alerts` is None where it is no matter of certain alerts."""

    what: str
    alerts: tuple[Alert, ...] | None
    notified: str


def rows(bundle: Bundle) -> tuple[Row, ...]:
    """List what every team has, by team, then by urgency; severities of which it has nothing are left out."""
    platform = bundle.platform
    live = [alert for alert in bundle.alerts if alert.stage is Stage.LIVE]
    found = []
    for team in platform.teams.values():
        for severity in Severity:
            own = tuple(alert for alert in live if alert.team == team.name and alert.severity is severity)
            if own:
                found.append(Row(team, severity, own, _notified(bundle, team, own)))
    return tuple(found)


def asides(bundle: Bundle) -> tuple[Aside, ...]:
    """List what goes another way."""
    platform = bundle.platform
    delivery = platform.delivery
    everybody = addresses(Receiver(platform.default_team, platform.policies[Severity.P0].channels), platform)
    found = [Aside("an alert whose team, env or severity is missing or unknown", None, everybody)]
    if delivery.shadow:
        trial = tuple(alert for alert in bundle.alerts if alert.stage is Stage.SHADOW)
        found.append(Aside("on trial (stage: shadow)", trial, addresses(SHADOW, platform)))
    if delivery.heartbeat:
        beats = tuple(alert for alert in bundle.alerts if alert.stage is Stage.HEARTBEAT)
        found.append(Aside("heartbeat, missed when it stops", beats, delivery.heartbeat))
    if delivery.fallback is not None:
        alternatives = tuple(a for a in bundle.alerts if any(FALLBACK in notified for notified in a.receivers.values()))
        paging = ", ".join(environment.name for environment in platform.environments if environment.pages)
        found.append(Aside(f"also, to the fallback receiver ({paging})", alternatives, addresses(FALLBACK, platform)))
    return tuple(found)


def quiet_words(bundle: Bundle, quiet: QuietTime) -> str:
    """Say which severities wait, and until when: `Info waits from 20:00 to 08:00 America/Sao_Paulo, every day`."""
    waiting = [name.value for name, policy in bundle.platform.policies.items() if quiet.name in policy.quiet_times]
    first, last = quiet.ranges[0], quiet.ranges[-1]
    days = ", ".join(day.capitalize() for day in first.days) or "every day"
    verb = "waits" if len(waiting) == 1 else "wait"
    promised = [service.name for service in bundle.services if service.promises_time]
    but = f", except of {', '.join(promised)}" if promised and "P1" in waiting else ""
    return f"{' and '.join(waiting)} {verb} from {first.start} to {last.end} {quiet.zone}, {days}{but}"


def addresses(receiver: Receiver, platform: Platform) -> str:
    """Write whom a receiver reaches, the loudest first: `PagerDuty Backend, Slack #incidents, …`."""
    return ", ".join(_listed(destination) for destination in destinations(receiver, platform))


def _listed(destination: Destination) -> str:
    return destination.channel.listed.format(destination.address)


def notified(platform: Platform, alert: Alert, environment: Environment) -> str:
    """Say in words whom an alert reaches in an environment, from its receivers."""
    return ", and ".join(_words(receiver, platform) for receiver in reversed(alert.receivers[environment.name]))


def _words(receiver: Receiver, platform: Platform) -> str:
    if receiver == HEARTBEAT:
        return platform.delivery.heartbeat
    if receiver == SHADOW:
        return f"{addresses(receiver, platform)}, as it is on trial"
    if receiver == FALLBACK:
        return f"{addresses(receiver, platform)} (fallback receiver)"
    return addresses(receiver, platform)


def _notified(bundle: Bundle, team: Team, alerts: tuple[Alert, ...]) -> dict[str, str]:
    owners = {alert.service for alert in alerts}
    lived_in = {place for service in bundle.services if service.name in owners for place in service.environments}
    platform, severity = bundle.platform, alerts[0].severity
    return {
        environment.name: addresses(platform.receiver(team.name, severity, environment), platform)
        for environment in platform.environments
        if environment in lived_in
    }
