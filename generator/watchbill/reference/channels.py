"""A page for each channel over which a team is reached."""

from __future__ import annotations

import re
import sys

from watchbill.channels import definitions
from watchbill.reference import fields
from watchbill.reference.page import Block, Facts, Heading, Listing, Page, Text, paragraphs
from watchbill.reference.synthetic import read
from watchbill.spec.platform import TeamSpec

TITLE = "Channels"


def names() -> tuple[str, ...]:
    """List the channels, the loudest first."""
    return tuple(definitions())


def page(name: str) -> Page:
    """Tell of a channel: its first paragraph is that of its file."""
    definition = definitions()[name]
    channel = definition.channel
    facts = {
        "Usual for": ", ".join(definition.usual) or "no severity; `severities` of the platform names it",
        "Wakes somebody": "yes, so only environments with `pages: true` use it" if channel.wakes else "no",
        "Needs": f"`delivery.{definition.needs.key}` of the platform" if definition.needs else "",
        "Secret files": ", ".join(f"`{file}`" for file in definition.global_files.values()),
    }
    others = [field for field in TeamSpec.model_fields if field != name]
    blocks: tuple[Block, ...] = (
        *_file_says(definition.entry.__module__, channel.title),
        Facts(tuple((label, text) for label, text in facts.items() if text)),
        Heading("Field of `teams.<name>`"),
        fields.table(TeamSpec, without=others),
        *_example(name),
    )
    return Page(f"channels/{name}.md", name, blocks)


def _file_says(module: str, title: str) -> tuple[Text, ...]:
    return paragraphs(sys.modules[module].__doc__)[:1] or (Text(f"{title}."),)


def _example(name: str) -> tuple[Block, ...]:
    """Show the address of the example house's team, if it has one on this channel."""
    written = re.search(rf"^    {re.escape(name)}: .*$", read("specs/platform.yaml"), re.MULTILINE)
    lines = f"teams:\n  backend:\n    title: Backend\n{written[0]}\n" if written else ""
    return (Heading("Example"), Listing(lines, "yaml")) if lines else ()
