"""Receivers: each team's addresses in every combination of channels that a route needs, and the special ones."""

from __future__ import annotations

from collections.abc import Iterable

from watchbill import naming
from watchbill.model.alerts import Severity
from watchbill.model.bundle import Bundle, Platform, Team
from watchbill.model.routing import Channel, Smtp
from watchbill.outputs import messages
from watchbill.outputs.yamltext import Plain


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
    if delivery.fallback is not None:
        path = delivery.fallback
        mail = _mail(path.email, path.smtp, secret(platform, "second-path-smtp-password"))
        yield {"name": naming.FALLBACK, "email_configs": [mail]}
    for team in platform.teams.values():
        used = {
            platform.channels(severity, environment): None
            for severity in Severity
            for environment in platform.environments
        }
        for reached in used:
            yield _receiver(naming.receiver(team.name, reached), team, reached, platform)


def _receiver(name: str, team: Team, reached: Iterable[Channel], platform: Platform) -> Plain:
    return {"name": name, **dict(_integration(channel, team, platform) for channel in reached)}


def _integration(channel: Channel, team: Team, platform: Platform) -> tuple[str, list[Plain]]:
    address, smtp = team.addresses[channel], platform.delivery.smtp
    if channel is Channel.PAGERDUTY:
        return "pagerduty_configs", [messages.pagerduty(secret(platform, f"pagerduty-{team.name}"))]
    if channel is Channel.SLACK:
        return "slack_configs", [messages.slack(address)]
    if smtp is None:
        raise ValueError("a platform that sends mail has been held to a mail server")
    return "email_configs", [_mail(address, smtp, secret(platform, "smtp-password"))]


def _mail(to: str, smtp: Smtp, password: str) -> Plain:
    settings: dict[str, Plain] = {**messages.email(to), "smarthost": smtp.host, "from": smtp.sender}
    if smtp.user:
        settings |= {"auth_username": smtp.user, "auth_password_file": password}
    return settings


def _heartbeat(platform: Platform) -> Plain:
    """Call the dead man's switch; Alertmanager 0.25 reads no URL from a file, so what is secret is a token."""
    call: dict[str, Plain] = {"url": platform.delivery.heartbeat, "send_resolved": False}
    if platform.delivery.heartbeat_token:
        token: Plain = {"credentials_file": secret(platform, "heartbeat-token")}
        call["http_config"] = {"authorization": token}
    return call


def secret(platform: Platform, name: str) -> str:
    """Place a secret file of the platform's."""
    return naming.secret_file(platform.delivery.secrets, name)
