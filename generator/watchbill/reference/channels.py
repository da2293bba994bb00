"""A page for each channel over which a team is reached."""

from __future__ import annotations

from typing import get_args

from watchbill.reference import fields, markdown
from watchbill.reference.page import Facts, Heading, Listing, Page, Table, Text
from watchbill.spec.platform import USUAL, ChannelName, TeamSpec

TITLE = "Channels"
_ADDRESSES = {"pagerduty": "backend-primary", "slack": '"#backend"', "email": "backend@example.com"}


def render() -> dict[str, str]:
    """Write all of them."""
    return markdown.written(tuple(map(page, names())))


def names() -> tuple[str, ...]:
    """List the channels."""
    return get_args(ChannelName)


def page(name: str) -> Page:
    """Tell of a channel."""
    severities = ", ".join(severity for severity, policy in USUAL.items() if name in policy.to)
    others = [field for field in TeamSpec.model_fields if field != name]
    return Page(
        f"channels/{name}.md",
        name,
        (
            Text("A way to the team that owns an alert."),
            Facts((("Usual for", severities),)),
            Heading("Field of `teams.<name>`"),
            Table(fields.HEAD, fields.table(TeamSpec, without=others).rows),
            Heading("Example"),
            Listing(f"teams:\n  backend: {{title: Backend, {name}: {_ADDRESSES[name]}}}\n", "yaml"),
        ),
    )
