"""The tree of routes: from an alert's labels to its receivers, with a page for whatever it does not know."""

from __future__ import annotations

from collections.abc import Iterable

from watchbill import naming
from watchbill.model.alerts import Alert, Severity, Stage
from watchbill.model.bundle import Bundle, Environment, Platform, Team
from watchbill.model.routing import Match, Timing
from watchbill.promql import quoted
from watchbill.words.yamltext import Plain

INCIDENT = ("team", "cluster", "env", "service")  # what is sent in one message
CAUSE = (*INCIDENT, naming.INCIDENT)  # what opens an incident: one for each cause (ADR 0045)
BY_HAND = (*INCIDENT, "subject")  # the same, for rules that others wrote
STRAY = (*BY_HAND, "severity")  # what nobody owns pages, so a worse one must not join what is acknowledged
EACH = ("alertname", *INCIDENT)


def root(bundle: Bundle) -> Plain:
    """Fall back on paging the default team: a route that wants a label which an alert lacks must not lose it."""
    platform = bundle.platform
    urgent = platform.policies[Severity.P0].timing
    routes: list[Plain] = []
    live = [alert for alert in bundle.alerts if alert.stage is Stage.LIVE]
    if platform.delivery.heartbeat:
        routes.append(_aside(Stage.HEARTBEAT, naming.HEARTBEAT, platform.heartbeat))
    if platform.delivery.shadow:
        routes.append(_aside(Stage.SHADOW, naming.SHADOW, platform.shadow))
    paging = [environment.name for environment in platform.environments if environment.pages]
    routes += [_fallback(alert, paging, urgent) for alert in live if alert.fallback and paging]
    routes += [_team(team, bundle) for team in platform.teams.values()]
    # The root takes what no child matches, but a route that goes on counts as a match, so this stands here as well.
    routes.append({"receiver": naming.UNOWNED})
    return {"receiver": naming.UNOWNED, "group_by": list(STRAY), **_timing(urgent), "routes": routes}


def _aside(stage: Stage, receiver: str, timing: Timing) -> Plain:
    matchers = [matcher(Match("stage", (stage.value,)))]
    return {"receiver": receiver, "matchers": matchers, "group_by": list(EACH), **_timing(timing)}


def _fallback(alert: Alert, environments: Iterable[str], timing: Timing) -> Plain:
    matches = (
        Match("alertname", (alert.name,)),
        Match("service", (alert.service,)),
        Match("env", tuple(environments)),
    )
    return {
        "receiver": naming.FALLBACK,
        "matchers": [matcher(match) for match in matches],
        "continue": True,  # the first path may be what fails, or not
        "group_by": list(INCIDENT),
        **_timing(timing),
    }


def _team(team: Team, bundle: Bundle) -> Plain:
    """Route a team's alerts; one whose severity or environment is unknown stays here, with the root's receiver."""
    promised = [service.name for service in bundle.services if service.promises_time and service.team == team.name]
    branches = [
        _branch(team, bundle.platform, severity, environments, promised)
        for environments in _alike(bundle.platform)
        for severity in Severity
    ]
    return {"matchers": [matcher(Match("team", (team.name,)))], "routes": branches}


def _alike(platform: Platform) -> Iterable[tuple[Environment, ...]]:
    """Group environments by whether they page."""
    for pages in (True, False):
        if group := tuple(environment for environment in platform.environments if environment.pages is pages):
            yield group


def _branch(
    team: Team, platform: Platform, severity: Severity, environments: tuple[Environment, ...], promised: list[str]
) -> Plain:
    policy = platform.policies[severity]
    matches = (Match("env", tuple(env.name for env in environments)), Match("severity", (severity.value,)))
    branch: dict[str, Plain] = {
        "receiver": platform.receiver(team.name, severity, environments[0]).name,
        "matchers": [matcher(match) for match in matches],
        "group_by": list(CAUSE if platform.opens_incidents(severity) else INCIDENT),
        **_timing(policy.timing),
    }
    children = [_by_hand()] if platform.opens_incidents(severity) else []
    if policy.quiet_times:
        branch["mute_time_intervals"] = list(policy.quiet_times)
    if promised and severity is not Severity.INFO:
        # Alertmanager inherits no mute times, and a service that has promised a time is not to be muted.
        first = str(min(platform.short_wait, policy.timing.group_wait))
        matchers = [matcher(Match("service", tuple(promised)))]
        soon: dict[str, Plain] = {
            "matchers": matchers,
            "group_wait": first,
            "group_interval": str(platform.short_wait),
        }
        children = [soon | ({"routes": children} if children else {}), *children]
    return branch | ({"routes": children} if children else {})


def _by_hand() -> Plain:
    """Group by subject what has no label that names its incident, since others wrote its rule."""
    return {"matchers": [matcher(Match(naming.INCIDENT, ()))], "group_by": list(BY_HAND)}


def _timing(timing: Timing) -> dict[str, Plain]:
    return {
        "group_wait": str(timing.group_wait),
        "group_interval": str(timing.group_interval),
        "repeat_interval": str(timing.repeat_interval),
    }


def matcher(match: Match) -> str:
    """Write a matcher; the names that it holds are plain words, in which a regular expression reads nothing special."""
    value = quoted("|".join(match.values))
    if len(match.values) > 1:
        return f"{match.label}{'!~' if match.negated else '=~'}{value}"
    return f"{match.label}{'!=' if match.negated else '='}{value}"
