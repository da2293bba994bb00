"""What a proof found: of which alert, in which case, and what was expected."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is not as the specs say; `subject` is the id of an alert or objective, or `routing`."""

    subject: str
    case: str
    text: str


@dataclass(frozen=True, slots=True)
class Proven:
    """A case of a subject that held."""

    subject: str
    case: str
