"""How teams are reached: one file for each channel, found by its `CHANNEL`, and beside it its template, if any."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path

from watchbill.channels.base import Definition

LEAD = "{{- /* the lead */ -}}"  # in a template: sets $lead, as `lead.inc` says
HELPERS = frozenset({"base", "destinations", "received"})
"""The files beside the channels that define none; any other file is a channel."""


@cache
def definitions() -> dict[str, Definition]:
    """Map every channel's name to what its file says of it, the loudest first; raises TypeError for any other file."""
    names = sorted(entry.name for entry in pkgutil.iter_modules(__path__) if entry.name not in HELPERS)
    found = sorted(map(_defined, names), key=lambda each: (each.channel.rank, each.channel.name))
    return {each.channel.name: each for each in found}


def _defined(name: str) -> Definition:
    definition = getattr(importlib.import_module(f"{__name__}.{name}"), "CHANNEL", None)
    if not isinstance(definition, Definition):
        raise TypeError(f'watchbill/channels/{name}.py has no "CHANNEL"; let it be the Definition of a channel')
    if definition.channel.name != name:
        raise ValueError(f'{name}.py defines the channel "{definition.channel.name}"; name both alike')
    return definition


def templates() -> dict[str, str]:
    """Read the templates of all messages by file name, sorted: each channel's own, and what they share.

    A template can hand on no alert to another, so the choice of the one that leads is written wherever it is needed.
    """
    files = sorted((file for folder in __path__ for file in Path(folder).glob("*.tmpl")), key=lambda file: file.name)
    lead = (Path(__file__).parent / "lead.inc").read_text(encoding="utf-8").rstrip("\n")
    return {file.name: file.read_text(encoding="utf-8").replace(LEAD, lead) for file in files}


__all__ = ["Definition", "definitions", "templates"]
