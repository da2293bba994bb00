"""How teams are reached: one file for each channel, found by its `CHANNEL`, with its templates beside it."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path

from watchbill.channels.base import Definition

LEAD = "{{- /* the lead */ -}}"  # in a template: sets $lead, as `lead.inc` says


@cache
def definitions() -> dict[str, Definition]:
    """Map every channel's name to what its file says of it, the loudest first."""
    found = []
    for entry in pkgutil.iter_modules(__path__):
        definition = getattr(importlib.import_module(f"{__name__}.{entry.name}"), "CHANNEL", None)
        if isinstance(definition, Definition):
            if definition.channel.name != entry.name:
                raise ValueError(f'{entry.name}.py defines the channel "{definition.channel.name}"; name both alike')
            found.append(definition)
    return {each.channel.name: each for each in sorted(found, key=lambda each: (each.channel.rank, each.channel.name))}


def templates() -> dict[str, str]:
    """Read the templates of all messages by file name, sorted: each channel's own, and what they share.

    A template can hand on no alert to another, so the choice of the one that leads is written wherever it is needed.
    """
    files = sorted((file for folder in __path__ for file in Path(folder).glob("*.tmpl")), key=lambda file: file.name)
    lead = (Path(__file__).parent / "lead.inc").read_text(encoding="utf-8").rstrip("\n")
    return {file.name: file.read_text(encoding="utf-8").replace(LEAD, lead) for file in files}


__all__ = ["Definition", "definitions", "templates"]
