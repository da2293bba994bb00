"""A page for each channel over which a team is reached."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import yaml

from watchbill.channels import Definition, definitions
from watchbill.channels.base import Destination
from watchbill.errors import SpecError
from watchbill.model.bundle import Platform
from watchbill.reference import fields, shown
from watchbill.reference.page import Facts, Heading, Listing, Page, Text, paragraphs
from watchbill.reference.synthetic import platform
from watchbill.spec.platform import TeamSpec
from watchbill.words import yamltext

TITLE = "Channels"


def names() -> tuple[str, ...]:
    """List the channels, the loudest first."""
    return tuple(definitions())


def page(name: str) -> Page:
    """Tell of a channel: its first paragraph is that of its file. Raises ValueError where its usage is wrong."""
    definition = definitions()[name]
    channel = definition.channel
    facts = {
        "Usual for": ", ".join(definition.usual) or "no severity; `severities` of the platform names it",
        "Wakes somebody": "yes, so only environments with `pages: true` use it" if channel.wakes else "no",
        "Links": "" if definition.links else "its messages offer none",
        "Needs": f"`delivery.{definition.needs.key}` of the platform" if definition.needs else "",
        "Secret files": ", ".join(f"`{file}`" for file in definition.global_files.values()),
    }
    others = [field for field in TeamSpec.model_fields if field != name]
    blocks = (
        *_file_says(definition.entry.__module__, channel.title),
        Facts(tuple((label, text) for label, text in facts.items() if text)),
        Heading("Field of `teams.<name>`"),
        fields.table(TeamSpec, without=others),
        *shown.example(definition.usage),
        Heading("Receiver"),
        Text("What Alertmanager's configuration says of this address."),
        Listing("\n".join(_receiver(definition)), "yaml"),
    )
    return Page(f"channels/{name}.md", name, blocks)


def _file_says(module: str, title: str) -> tuple[Text, ...]:
    return paragraphs(sys.modules[module].__doc__)[:1] or (Text(f"{title}."),)


def _receiver(definition: Definition) -> Iterator[str]:
    """Write the entry of each address in the usage, by the real compiler."""
    lines: Any = yaml.safe_load(definition.usage)
    channel, compiled = definition.channel, _compiled(definition, lines)
    teams = [team for team, written in lines.get("teams", {}).items() if channel.name in written]
    if not teams:
        raise _wrong(definition, f"gives no team an address; write teams: {{backend: {{{channel.name}: …}}}}")
    if not any(channel in policy.channels for policy in compiled.policies.values()):
        raise _wrong(definition, f"lets no severity go there; write severities: {{P1: {{to: [{channel.name}]}}}}")
    for team in teams:
        destination = Destination(channel, compiled.teams[team].addresses[channel], team)
        yield yamltext.body({definition.key: [definition.entry(destination, compiled.delivery)]})


def _compiled(definition: Definition, lines: Any) -> Platform:
    try:
        return platform(lines)
    except SpecError as error:
        said = "; ".join(f"{each.what}; {each.todo}" for each in error.diagnostics)
        raise _wrong(definition, f"does not compile: {said}") from None


def _wrong(definition: Definition, what: str) -> ValueError:
    return ValueError(f"watchbill/channels/{definition.channel.name}.py: its usage {what}")
