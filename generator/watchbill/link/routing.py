"""Judge routing before it is built: everybody has an address, and every alert somebody who receives it."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable

from watchbill.authoring import Faults
from watchbill.conditions.base import listed
from watchbill.errors import Level, choose
from watchbill.link.linked import LinkedAlert, LinkedService
from watchbill.quantity import Duration
from watchbill.spec.platform import PlatformSpec, PolicySpec

IDLE_INCIDENT = Duration.parse("6h")  # after which PagerDuty may close an incident by itself (its "Auto-Resolve")
LONGEST_MEMORY = Duration.parse("5d")  # Alertmanager's --data.retention, 120h unless it is set


def judge_platform(platform: PlatformSpec, faults: Faults) -> None:
    """Hold severities, teams and quiet times to what Alertmanager needs of them."""
    for severity, policy in policies(platform).items():
        _judge_channels(platform, severity, policy, faults)
        _judge_timing(platform, severity, policy, faults)
    _judge_addresses(platform, faults)
    _judge_quiet_times(platform, faults)


def judge_alerts(platform: PlatformSpec, services: Iterable[LinkedService], faults: Faults) -> None:
    """Find alerts that nobody would receive, and routes that nothing would reach."""
    everything = tuple(services)
    for service in everything:
        for alert in service.alerts:
            _judge_receiver(platform, alert, faults)
    if not faults.fatal:  # else a name that is misspelt elsewhere may be the one that is missing
        _find_idle(platform, everything, faults)


def _find_idle(platform: PlatformSpec, everything: tuple[LinkedService, ...], faults: Faults) -> None:
    teams = {platform.defaults.team, *(service.spec.team for service in everything)}
    for name in platform.teams:
        if name not in teams:
            todo = "give it a service, or remove it"
            _warn(platform, ("teams", name), f'team "{name}" owns no service, so nothing is routed to it', todo, faults)
    _find_idle_delivery(platform, [alert for service in everything for alert in service.alerts], faults)
    lived_in = {environment.name for service in everything for environment in service.environments}
    for name in platform.environments:
        if name not in lived_in:
            todo = "name it in a service, or remove it"
            _warn(platform, ("environments", name), f'no service runs in environment "{name}"', todo, faults)


def _find_idle_delivery(platform: PlatformSpec, alerts: Iterable[LinkedAlert], faults: Faults) -> None:
    specs = [alert.spec for alert in alerts]
    if platform.delivery.heartbeat is not None and not any(spec.condition.heartbeat for spec in specs):
        what = "nothing calls the dead man's switch, so it would page for ever"
        todo = "add a heartbeat, such as the pack prometheus has, or remove it"
        _warn(platform, ("delivery", "heartbeat"), what, todo, faults)
    if platform.delivery.second_path is not None and not any(spec.second_path for spec in specs):
        what, todo = "no alert takes the second path", 'add "second_path: true" to one, or remove it'
        _warn(platform, ("delivery", "second_path"), what, todo, faults)


def policies(platform: PlatformSpec) -> dict[str, PolicySpec]:
    """Return what holds for each severity, the most urgent first."""
    return {"P0": platform.severities.p0, "P1": platform.severities.p1, "Info": platform.severities.info}


def _warn(platform: PlatformSpec, path: tuple[str, str], what: str, todo: str, faults: Faults) -> None:
    faults.add(platform.span(*path, key=True), what, todo, level=Level.WARNING)


def _judge_channels(platform: PlatformSpec, severity: str, policy: PolicySpec, faults: Faults) -> None:
    span = platform.span("severities", severity, "to")
    silent = [name for name, environment in platform.environments.items() if not environment.pages]
    if not policy.to:
        faults.add(span, f"nobody receives {severity}", "name at least one of: pagerduty, slack, email")
    elif len(set(policy.to)) < len(policy.to):
        faults.add(span, f"{severity} goes to the same channel twice", "name each once")
    elif set(policy.to) == {"pagerduty"} and silent:
        what = f'nobody receives {severity} of "{silent[0]}", which never pages'
        faults.add(span, what, "add slack or email")


def _judge_timing(platform: PlatformSpec, severity: str, policy: PolicySpec, faults: Faults) -> None:
    for field in ("group_interval", "repeat_interval"):
        if not getattr(policy, field).milliseconds:
            faults.add(
                platform.span("severities", severity, field), f"{field} cannot be zero", "write how long to wait"
            )
    span = platform.span("severities", severity, "repeat_interval")
    if "pagerduty" in policy.to and policy.repeat_interval >= IDLE_INCIDENT:
        what = f"PagerDuty closes an incident that it hears nothing of for {IDLE_INCIDENT.words()}"
        faults.add(span, what, "repeat sooner, such as every 2h")
    elif policy.repeat_interval > LONGEST_MEMORY:
        what = f"Alertmanager forgets after {LONGEST_MEMORY.words()} what it told, and repeats it then"
        faults.add(span, what, f"use {LONGEST_MEMORY} or less")


def _judge_addresses(platform: PlatformSpec, faults: Faults) -> None:
    users: dict[str, list[str]] = {}
    for severity, policy in policies(platform).items():
        for used in policy.to:
            users.setdefault(used, []).append(severity)
    if "email" in users and platform.delivery.smtp is None:
        span = platform.span("severities", users["email"][0], "to")
        what = f"{_go(users['email'])} to email, and there is no mail server to send it"
        faults.add(span, what, 'add "delivery: {smtp: {host: …, from: …}}" to the platform')
    for name, team in platform.teams.items():
        for channel, severities in users.items():
            if getattr(team, channel) is None:
                what = f'team "{name}" has no "{channel}", where {_go(severities)}'
                faults.add(platform.span("teams", name, key=True), what, f'add "{channel}: …"')


def _go(severities: list[str]) -> str:
    return f"{listed(list(dict.fromkeys(severities)), 'and')} {'goes' if len(set(severities)) == 1 else 'go'}"


def _judge_quiet_times(platform: PlatformSpec, faults: Faults) -> None:
    for name, quiet in platform.quiet_times.items():
        if "P0" in quiet.severities:
            span = platform.span("quiet_times", name, "severities", quiet.severities.index("P0"))
            faults.add(span, "a P0 must wake somebody at any hour, so it is never muted", "name P1 and Info only")
        if quiet.from_ in {quiet.to, "24:00"}:
            span = platform.span("quiet_times", name, "from")
            todo = 'write from: "20:00", to: "08:00", say, and from: "00:00", to: "24:00" for whole days'
            faults.add(span, f"{quiet.from_} to {quiet.to} is no time at all", todo)
        if not _is_zone(quiet.zone) and (known := zoneinfo.available_timezones()):
            span = platform.span("quiet_times", name, "zone")
            faults.add(span, f'time zone "{quiet.zone}" is unknown', choose(quiet.zone, known))


def _is_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return False
    return True


def _judge_receiver(platform: PlatformSpec, alert: LinkedAlert, faults: Faults) -> None:
    spec, delivery = alert.spec, platform.delivery
    for needed, has, field, what, key in (
        (spec.stage == "shadow", delivery.shadow, "stage", "a shadow alert tells a log channel", "shadow"),
        (spec.condition.heartbeat, delivery.heartbeat, "kind", "a heartbeat calls a dead man's switch", "heartbeat"),
        (spec.second_path, delivery.second_path, "second_path", "this asks for a second path", "second_path"),
    ):
        if needed and has is None:
            where = f'add "delivery: {{{key}: …}}" to the platform'
            faults.add(spec.span(field), f'nobody receives "{alert.name}": {what}, and there is none', where)
