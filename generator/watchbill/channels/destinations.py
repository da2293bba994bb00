"""Whom a receiver reaches: a team's addresses, or what the platform delivers by itself.

Alerts on trial go to a Slack channel, and the fallback receiver is a mail. These two are facts of the platform's
`delivery`, so this module, and no other, names their channels.
"""

from __future__ import annotations

from watchbill.channels import email, slack
from watchbill.channels.base import Destination
from watchbill.model.bundle import Platform
from watchbill.model.routing import FALLBACK, HEARTBEAT, SHADOW, Receiver

ShadowAddress = slack.Address
MailAddress = email.Address


def destinations(receiver: Receiver, platform: Platform) -> tuple[Destination, ...]:
    """List the addresses that a receiver reaches, loudest first; a dead man's switch is none."""
    delivery = platform.delivery
    if receiver == HEARTBEAT:
        return ()
    if receiver == SHADOW:
        return (Destination(slack.CHANNEL.channel, delivery.shadow),)
    if receiver == FALLBACK and delivery.fallback is not None:
        return (Destination(email.CHANNEL.channel, delivery.fallback.email, fallback=True),)
    addresses = platform.teams[receiver.team].addresses
    return tuple(Destination(channel, addresses[channel], receiver.team) for channel in receiver.channels)
