"""Check routing before it is built: everybody has an address, and every alert somebody who receives it."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable

from watchbill.channels import definitions
from watchbill.conditions.base import listed
from watchbill.errors import DiagnosticLevel, choose
from watchbill.language.base import Diagnostics
from watchbill.link.linked import LinkedAlert, LinkedService
from watchbill.model.alerts import MAX_GROUP_RULES
from watchbill.quantity import Duration, Unit
from watchbill.spec.platform import DAYS, PlatformSpec, Policy

SHORTEST, LATEST_PAGE = Duration.parse("1s"), Duration.parse("5m")
SHORTEST_WINDOW = Duration.parse("5m")  # over which events are counted
LONGEST_MEMORY = Duration.parse("5d")  # Alertmanager's --data.retention, 120h unless it is set
NO_ZONES = frozenset({"localtime", "posixrules", "Factory", "Local"})  # what they are depends on the machine


def validate_platform(platform: PlatformSpec, diagnostics: Diagnostics) -> None:
    """Check severities, teams and quiet times against what Alertmanager needs of them."""
    for severity, policy in platform.policies.items():
        _validate_channels(platform, severity, policy, diagnostics)
        _validate_timing(platform, severity, policy, diagnostics)
    _validate_addresses(platform, diagnostics)
    _validate_tiers(platform, diagnostics)
    _validate_quiet_times(platform, diagnostics)
    for name, environment in platform.environments.items():
        for index, cluster in enumerate(environment.clusters):
            if cluster in environment.clusters[:index]:
                span = platform.span("environments", name, "clusters", index)
                diagnostics.add(
                    span, "spec/duplicate-entry", f'cluster "{cluster}" stands here twice', "remove one of them"
                )


def validate_alerts(platform: PlatformSpec, services: Iterable[LinkedService], diagnostics: Diagnostics) -> None:
    """Find alerts that nobody would receive, and routes that nothing would reach."""
    everything = tuple(services)
    for service in everything:
        for alert in service.alerts:
            _validate_receiver(platform, alert, diagnostics)
        for slo in service.slos:
            if slo.spec.stage == "shadow" and platform.delivery.shadow is None:
                what = (
                    f'nobody receives the alerts of "{slo.name}": on trial they tell a log channel, and there is none'
                )
                diagnostics.add(
                    slo.spec.span("stage"),
                    "routing/nobody-notified",
                    what,
                    'add "delivery: {shadow: …}" to the platform',
                )
    if not diagnostics.fatal:  # else a name that is misspelt elsewhere may be the one that is missing
        _find_idle(platform, everything, diagnostics)


def _find_idle(platform: PlatformSpec, everything: tuple[LinkedService, ...], diagnostics: Diagnostics) -> None:
    teams = {platform.defaults.team, *(service.spec.team for service in everything)}
    for name in platform.teams:
        if name not in teams:
            todo = "give it a service, or remove it"
            _warn(
                platform,
                ("teams", name),
                f'team "{name}" owns no service, so no alert here is for it',
                todo,
                diagnostics,
            )
    _find_idle_delivery(platform, [alert for service in everything for alert in service.alerts], diagnostics)
    lived_in = {environment.name for service in everything for environment in service.environments}
    for name in platform.environments:
        if name not in lived_in:
            todo = "name it in a service, or remove it"
            _warn(platform, ("environments", name), f'no service runs in environment "{name}"', todo, diagnostics)


def _find_idle_delivery(platform: PlatformSpec, alerts: Iterable[LinkedAlert], diagnostics: Diagnostics) -> None:
    specs = [alert.spec for alert in alerts]
    if platform.delivery.heartbeat is not None and not any(spec.condition.heartbeat for spec in specs):
        what = "nothing calls the dead man's switch, so it would page for ever"
        todo = "add a heartbeat, such as the pack prometheus has, or remove it"
        _warn(platform, ("delivery", "heartbeat"), what, todo, diagnostics)
    if platform.delivery.fallback is not None and not any(spec.fallback for spec in specs):
        what, todo = "no alert takes the fallback receiver", 'add "fallback: true" to one, or remove it'
        _warn(platform, ("delivery", "fallback"), what, todo, diagnostics)


def _warn(platform: PlatformSpec, path: tuple[str, str], what: str, todo: str, diagnostics: Diagnostics) -> None:
    diagnostics.add(platform.span(*path, key=True), "routing/unused", what, todo, level=DiagnosticLevel.WARNING)


def _validate_channels(platform: PlatformSpec, severity: str, policy: Policy, diagnostics: Diagnostics) -> None:
    span = platform.span("severities", severity, "to")
    silent = [name for name, environment in platform.environments.items() if not environment.pages]
    waking = [name for name, definition in definitions().items() if definition.channel.wakes]
    quiet = [name for name in definitions() if name not in waking]
    if not policy.to:
        diagnostics.add(
            span,
            "routing/nobody-notified",
            f"nobody receives {severity}",
            f"name at least one of: {', '.join(definitions())}",
        )
    elif len(set(policy.to)) < len(policy.to):
        diagnostics.add(span, "spec/duplicate-entry", f"{severity} goes to the same channel twice", "name each once")
    elif set(policy.to) <= set(waking) and silent:
        what = f'nobody receives {severity} of "{silent[0]}", which never pages'
        diagnostics.add(span, "routing/nobody-notified", what, f"add {listed(quiet, 'or')}")
    elif severity == "P0" and not set(policy.to) & set(waking):
        todo = f"add {listed(waking, 'or')}, unless nobody stands watch at night"
        diagnostics.add(span, "routing/wakes-nobody", "a P0 wakes nobody", todo, level=DiagnosticLevel.WARNING)


def _validate_timing(platform: PlatformSpec, severity: str, policy: Policy, diagnostics: Diagnostics) -> None:
    def fault(field: str, what: str, todo: str) -> None:
        diagnostics.add(platform.span("severities", severity, field), "routing/wrong-interval", what, todo)

    for field in ("group_interval", "repeat_interval"):
        if getattr(policy, field) < SHORTEST:
            fault(field, f"a {field} of {getattr(policy, field)} is no time to wait", f"write {SHORTEST} or more")
    if severity == "P0" and policy.group_wait > LATEST_PAGE:
        fault("group_wait", f"every page would be {policy.group_wait.words()} late", f"write {LATEST_PAGE} or less")
    if policy.repeat_interval < policy.group_interval:
        what = f"what goes on is sent every {policy.group_interval} at most, which is the group_interval"
        fault("repeat_interval", what, f"write {policy.group_interval} or more")
    again = max(policy.group_interval, policy.repeat_interval)  # what is due is sent at the next flush
    slower = "repeat_interval" if again == policy.repeat_interval else "group_interval"
    if idle := _first_to_close(policy, again):
        fault(slower, idle, "repeat sooner, such as every 2h")
    elif again > LONGEST_MEMORY:
        what = f"Alertmanager forgets after {LONGEST_MEMORY.words()} what it sent, and repeats it then"
        fault(slower, what, f"use {LONGEST_MEMORY} or less")


def _first_to_close(policy: Policy, again: Duration) -> str:
    """Say which channel would close an incident before it is notified again; "" if none would."""
    for name in policy.to:
        definition = definitions()[name]
        if definition.closes_after is not None and again >= definition.closes_after:
            idle = definition.closes_after.words()
            return f"{definition.channel.title} closes an incident that it hears nothing of for {idle}"
    return ""


def _validate_tiers(platform: PlatformSpec, diagnostics: Diagnostics) -> None:
    for tier in platform.slo.tiers:
        if not 0 < tier.budget.to(Unit.RATIO) <= 1:
            diagnostics.add(
                tier.span("budget"),
                "slo/wrong-tiers",
                f"{tier.budget} is no share of a budget",
                "write more than 0%, 100% at most",
            )
        if not SHORTEST_WINDOW <= tier.short < tier.long:
            what = f"the short window of {tier.short} does not fit one of {tier.long}"
            diagnostics.add(
                tier.span("short"),
                "slo/wrong-tiers",
                what,
                f"write {SHORTEST_WINDOW} or more, and less than the long one",
            )
    windows = {window for tier in platform.slo.tiers for window in (tier.long, tier.short)}
    rules = len(windows) + len({tier.long for tier in platform.slo.tiers})
    if rules > MAX_GROUP_RULES - 2:
        what = f"these tiers make a group of {rules + 2} rules for each objective, and {MAX_GROUP_RULES} are the most"
        diagnostics.add(
            platform.span("slo", "tiers", key=True), "slo/wrong-tiers", what, "write fewer, or let them share windows"
        )


def _validate_addresses(platform: PlatformSpec, diagnostics: Diagnostics) -> None:
    users: dict[str, list[str]] = {}
    for severity, policy in platform.policies.items():
        for used in policy.to:
            users.setdefault(used, []).append(severity)
    for channel, severities in users.items():
        need = definitions()[channel].needs
        if need is not None and getattr(platform.delivery, need.key) is None:
            span = platform.span("severities", severities[0], "to")
            diagnostics.add(
                span, "routing/missing-delivery", f"{_go(severities)} to {channel}, and {need.what}", need.todo
            )
    for name, team in platform.teams.items():
        for channel, severities in users.items():
            if channel not in team.addresses:
                what = f'team "{name}" has no "{channel}", where {_go(severities)}'
                diagnostics.add(
                    platform.span("teams", name, key=True), "routing/no-address", what, f'add "{channel}: …"'
                )


def _go(severities: list[str]) -> str:
    return f"{listed(list(dict.fromkeys(severities)), 'and')} {'goes' if len(set(severities)) == 1 else 'go'}"


def _validate_quiet_times(platform: PlatformSpec, diagnostics: Diagnostics) -> None:
    for name, quiet in platform.quiet_times.items():
        if "P0" in quiet.severities:
            span = platform.span("quiet_times", name, "severities", quiet.severities.index("P0"))
            diagnostics.add(
                span,
                "routing/muted-p0",
                "a P0 must wake somebody at any hour, so it is never muted",
                "name P1 and Info only",
            )
        for index, severity in enumerate(quiet.severities):
            lasting = [c for c in platform.policies[severity].to if definitions()[c].channel.incidents]
            if severity != "P0" and lasting:
                span = platform.span("quiet_times", name, "severities", index)
                what = f"{severity} goes to {lasting[0]}, and what ends in a quiet time would stay open there for ever"
                diagnostics.add(span, "routing/unclosed-incident", what, f"take {severity} out of one of the two")
        if (quiet.from_, quiet.to) == ("00:00", "24:00") and set(quiet.days) in (set(), set(DAYS)):
            span = platform.span("quiet_times", name, key=True)
            what = f"{listed(quiet.severities, 'and')} would never be sent"
            diagnostics.add(span, "routing/never-sent", what, "name days, or hours after which it is sent")
        if quiet.from_ in {quiet.to, "24:00"}:
            span = platform.span("quiet_times", name, "from")
            todo = 'write from: "20:00", to: "08:00", say, and from: "00:00", to: "24:00" for whole days'
            diagnostics.add(span, "routing/empty-quiet-time", f"{quiet.from_} to {quiet.to} is no time at all", todo)
        if not _is_zone(quiet.zone) and (known := zoneinfo.available_timezones() - NO_ZONES):
            span = platform.span("quiet_times", name, "zone")
            diagnostics.add(
                span, "routing/unknown-time-zone", f'time zone "{quiet.zone}" is unknown', choose(quiet.zone, known)
            )


def _is_zone(name: str) -> bool:
    if name in NO_ZONES or name.startswith("right/"):
        return False
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return False
    return True


def _validate_receiver(platform: PlatformSpec, alert: LinkedAlert, diagnostics: Diagnostics) -> None:
    spec, delivery = alert.spec, platform.delivery
    for needed, has, field, what, key in (
        (spec.stage == "shadow", delivery.shadow, "stage", "a shadow alert tells a log channel", "shadow"),
        (spec.condition.heartbeat, delivery.heartbeat, "kind", "a heartbeat calls a dead man's switch", "heartbeat"),
        (spec.fallback, delivery.fallback, "fallback", "this asks for a fallback receiver", "fallback"),
    ):
        if key == "fallback" and needed and not any(place.pages for place in platform.environments.values()):
            idle = f'nothing of "{alert.name}" goes to the fallback receiver, since no environment pages'
            diagnostics.add(alert.span(field), "routing/unused-fallback", idle, f'remove "{field}"')
        elif needed and has is None:
            where = f'add "delivery: {{{key}: …}}" to the platform'
            diagnostics.add(
                alert.span(field),
                "routing/nobody-notified",
                f'nobody receives "{alert.name}": {what}, and there is none',
                where,
            )
