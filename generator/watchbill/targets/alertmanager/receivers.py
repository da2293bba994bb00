"""Receivers: each team's addresses in every combination of channels that a route needs, and the special ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from watchbill import naming
from watchbill.model.alerts import Severity
from watchbill.model.bundle import Bundle, Platform, Team
from watchbill.model.routing import Channel, Smtp
from watchbill.targets import messages
from watchbill.targets.yamltext import Plain


def receivers(bundle: Bundle) -> Iterable[Plain]:
    """Write every receiver that a route names."""
    platform = bundle.platform
    delivery = platform.delivery
    default = platform.teams[platform.default_team]
    yield _receiver(naming.UNOWNED, default, platform.policies[Severity.P0].channels, platform)
    if delivery.heartbeat:
        yield {"name": naming.HEARTBEAT, "webhook_configs": [_heartbeat(platform)]}
    if delivery.shadow:
        yield {"name": naming.SHADOW, "slack_configs": [messages.slack(delivery.shadow)]}
    if delivery.second_path is not None:
        path = delivery.second_path
        where = server(path.smtp, secret(platform, "second-path-smtp-password"), prefix="")
        yield {"name": naming.SECOND_PATH, "email_configs": [{**messages.email(path.email), **where}]}
    for team in platform.teams.values():
        used = {
            platform.channels(severity, environment): None
            for severity in Severity
            for environment in platform.environments
        }
        for reached in used:
            yield _receiver(naming.receiver(team.name, reached), team, reached, platform)


def _receiver(name: str, team: Team, reached: Iterable[Channel], platform: Platform) -> Plain:
    configured: dict[Channel, tuple[str, Mapping[str, Plain]]] = {
        Channel.PAGERDUTY: ("pagerduty_configs", messages.pagerduty(secret(platform, f"pagerduty-{team.name}"))),
        Channel.SLACK: ("slack_configs", messages.slack(team.addresses.get(Channel.SLACK, ""))),
        Channel.EMAIL: ("email_configs", messages.email(team.addresses.get(Channel.EMAIL, ""))),
    }
    return {"name": name, **{key: [config] for key, config in (configured[channel] for channel in reached)}}


def _heartbeat(platform: Platform) -> Plain:
    """Call the dead man's switch; its URL is no secret, since Alertmanager 0.25 reads none from a file."""
    credentials: Plain = {"credentials_file": secret(platform, "heartbeat-token")}
    return {"url": platform.delivery.heartbeat, "send_resolved": False, "http_config": {"authorization": credentials}}


def server(smtp: Smtp, password: str, *, prefix: str) -> dict[str, Plain]:
    """Write a mail server's settings; the keys have a prefix where they are global."""
    settings: dict[str, Plain] = {f"{prefix}smarthost": smtp.host, f"{prefix}from": smtp.sender}
    if smtp.user:
        settings |= {f"{prefix}auth_username": smtp.user, f"{prefix}auth_password_file": password}
    return settings


def secret(platform: Platform, name: str) -> str:
    """Place a secret file of the platform's."""
    return naming.secret_file(platform.delivery.secrets, name)
