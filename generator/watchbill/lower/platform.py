"""Turn the platform's spec into what the Bundle holds of it."""

from __future__ import annotations

from watchbill.channels import definitions
from watchbill.model.alerts import Severity
from watchbill.model.bundle import Environment, Platform, Team, Urls
from watchbill.model.origin import Origin
from watchbill.model.routing import SHORT_WAIT, Channel, Delivery, Fallback, Policy, QuietTime, Smtp, TimeRange, Timing
from watchbill.quantity import Duration, TimeScale
from watchbill.spec.platform import DAYS, DeliverySpec, PlatformSpec, QuietTimeSpec, SmtpSpec, TeamSpec
from watchbill.spec.platform import Policy as Written

# The flush comes first and finds the repetition due; with equal times, every second one would be missed.
HEARTBEAT = Timing(Duration.parse("0s"), Duration.parse("1m"), Duration.parse("30s"))
SHADOW = Timing(Duration.parse("1m"), Duration.parse("15m"), Duration.parse("1d"))
MIDNIGHT, DAYS_END = "00:00", "24:00"


def lower_platform(spec: PlatformSpec, scale: TimeScale) -> Platform:
    """Lower the platform, with all durations under `scale`."""
    return Platform(
        teams={name: Team(name, team.title, _addresses(team)) for name, team in sorted(spec.teams.items())},
        default_team=spec.defaults.team,
        policies={Severity(name): _policy(policy, _quiet(spec, name), scale) for name, policy in spec.policies.items()},
        quiet_times=tuple(
            QuietTime(name, _ranges(quiet), quiet.zone) for name, quiet in sorted(spec.quiet_times.items())
        ),
        delivery=_delivery(spec.delivery),
        environments=tuple(Environment(n, e.clusters, e.pages) for n, e in sorted(spec.environments.items())),
        urls=Urls(spec.urls.site, spec.urls.grafana, spec.urls.prometheus, spec.urls.alertmanager),
        scrape_interval=scale(spec.defaults.scrape_interval),
        evaluation_interval=scale(spec.defaults.evaluation_interval),
        keep_firing_for=scale(spec.defaults.keep_firing_for),
        heartbeat=_timing(HEARTBEAT, scale),
        shadow=_timing(SHADOW, scale),
        short_wait=scale(SHORT_WAIT),
        origin=Origin(spec.span("teams", key=True), "specs/platform.yaml"),
    )


def _addresses(team: TeamSpec) -> dict[Channel, str]:
    return {definitions()[name].channel: address for name, address in team.addresses.items()}


def _policy(spec: Written, quiet_times: tuple[str, ...], scale: TimeScale) -> Policy:
    timing = Timing(spec.group_wait, spec.group_interval, spec.repeat_interval)
    notified = tuple(definition.channel for name, definition in definitions().items() if name in spec.to)
    return Policy(notified, _timing(timing, scale), quiet_times)


def _timing(timing: Timing, scale: TimeScale) -> Timing:
    return Timing(scale(timing.group_wait), scale(timing.group_interval), scale(timing.repeat_interval))


def _quiet(spec: PlatformSpec, severity: str) -> tuple[str, ...]:
    return tuple(name for name, quiet in sorted(spec.quiet_times.items()) if severity in quiet.severities)


def _ranges(spec: QuietTimeSpec) -> tuple[TimeRange, ...]:
    """Cut a range at midnight, as Alertmanager wants it; what comes after it belongs to the days after."""
    days = tuple(day for day in DAYS if day in spec.days)
    if spec.from_ < spec.to:
        return (TimeRange(days, spec.from_, spec.to),)
    after = tuple(day for index, day in enumerate(DAYS) if DAYS[index - 1] in days)
    evening, morning = TimeRange(days, spec.from_, DAYS_END), TimeRange(after, MIDNIGHT, spec.to)
    return (evening,) if spec.to == MIDNIGHT else (evening, morning)


def _delivery(spec: DeliverySpec) -> Delivery:
    path = spec.fallback
    return Delivery(
        secrets=spec.secrets,
        smtp=_smtp(spec.smtp) if spec.smtp is not None else None,
        shadow=spec.shadow or "",
        heartbeat=spec.heartbeat or "",
        heartbeat_token=spec.heartbeat_token,
        fallback=Fallback(path.email, _smtp(path.smtp)) if path is not None else None,
    )


def _smtp(spec: SmtpSpec) -> Smtp:
    return Smtp(spec.host, spec.from_, spec.user or "")
