"""Receivers: each team's addresses in every combination of channels that a route needs, and the special ones."""

from __future__ import annotations

from collections.abc import Iterator

from watchbill import naming
from watchbill.channels import definitions
from watchbill.channels.base import secret
from watchbill.channels.destinations import destinations
from watchbill.model.alerts import Severity
from watchbill.model.bundle import Bundle, Platform
from watchbill.model.routing import FALLBACK, HEARTBEAT, SHADOW, Delivery, Receiver
from watchbill.words.yamltext import Plain


def receivers(bundle: Bundle) -> Iterator[Receiver]:
    """List every receiver that a route names."""
    platform, delivery = bundle.platform, bundle.platform.delivery
    yield Receiver(platform.default_team, platform.policies[Severity.P0].channels, naming.UNOWNED)
    if delivery.heartbeat:
        yield HEARTBEAT
    if delivery.shadow:
        yield SHADOW
    if delivery.fallback is not None:
        yield FALLBACK
    for team in platform.teams:
        used = {
            platform.receiver(team, severity, environment): None
            for severity in Severity
            for environment in platform.environments
        }
        yield from used


def written(receiver: Receiver, platform: Platform) -> Plain:
    """Write a receiver, with an entry for each address; channels may share a list, such as `slack_configs`."""
    if receiver == HEARTBEAT:
        return {"name": receiver.name, "webhook_configs": [_heartbeat(platform.delivery)]}
    entries: dict[str, list[Plain]] = {}
    for destination in destinations(receiver, platform):
        definition = definitions()[destination.channel.name]
        entries.setdefault(definition.key, []).append(definition.entry(destination, platform.delivery))
    return {"name": receiver.name, **entries}


def _heartbeat(delivery: Delivery) -> Plain:
    """Call the dead man's switch; Alertmanager 0.25 reads no URL from a file, so what is secret is a token."""
    call: dict[str, Plain] = {"url": delivery.heartbeat, "send_resolved": False}
    if delivery.heartbeat_token:
        token: Plain = {"credentials_file": secret(delivery, "heartbeat-token")}
        call["http_config"] = {"authorization": token}
    return call
