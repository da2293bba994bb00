"""Prose that people wrote, with the facts that it takes from the bundle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from watchbill.errors import Span
from watchbill.model.origin import Origin


@dataclass(frozen=True, slots=True)
class Reference:
    """A fact: `alert("core-api/DatabaseDown").for` is of "alert", its key "core-api/DatabaseDown", its field "for".

    `this` has no key: it is the alert on whose page the prose stands. Within code a fact is written as it is,
    elsewhere as Markdown.
    """

    of: str
    key: str
    field: str
    in_code: bool
    span: Span


@dataclass(frozen=True, slots=True)
class PageLink:
    """The target of a link from one page of prose to another, by the file in the repository."""

    file: str
    anchor: str
    span: Span


@dataclass(frozen=True, slots=True)
class Only:
    """A passage for the alerts of some services; whole `lines`, or a part of one. In code it is made of lines."""

    services: tuple[str, ...]
    text: Prose
    in_code: bool
    lines: bool
    span: Span


Prose: TypeAlias = "tuple[str | Reference | PageLink | Only, ...]"


def parts(text: Prose) -> Iterator[str | Reference | PageLink]:
    """Yield all that a text holds, for whomever it is."""
    for part in text:
        yield from parts(part.text) if isinstance(part, Only) else (part,)


def of_service(text: Prose, service: str) -> Prose:
    """Return a text as it is for the alerts of a service."""
    shown = ((part.text if service in part.services else ()) if isinstance(part, Only) else (part,) for part in text)
    return tuple(part for own in shown for part in own)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a runbook below its heading."""

    title: str
    text: Prose
    span: Span


@dataclass(frozen=True, slots=True)
class Runbook:
    """A runbook; `alerts` are the ids of those that lead to it, `reason` why there are none.

    `assumes` says of what its commands use what that must do, `assumed_by` which of it those of each service use.
    """

    id: str
    title: str
    severity: str
    owner: str
    alerts: tuple[str, ...]
    recovery_time: str
    last_reviewed: date
    reason: str
    assumes: Mapping[str, str]
    assumed_by: Mapping[str, tuple[str, ...]]
    formerly: tuple[str, ...]
    sections: tuple[Section, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision. The project's own say neither a service nor a date."""

    id: str
    title: str
    status: str
    date: date | None
    service: str
    related: tuple[str, ...]
    supersedes: tuple[str, ...]
    superseded_by: str
    text: Prose
    origin: Origin


@dataclass(frozen=True, slots=True)
class Citation:
    """A decision that a spec names as its reason."""

    decision: str
    span: Span


@dataclass(frozen=True, slots=True)
class Waiver:
    """Why an alert may be without a runbook, and until when."""

    why: str
    until: date
    span: Span


@dataclass(frozen=True, slots=True)
class Rename:
    """A former name of an alert or objective, and the one that it has now."""

    old: str
    new: str
    span: Span


@dataclass(frozen=True, slots=True)
class Pages:
    """All prose, sorted by id. Where no runbook is written yet, none is asked for (`begun` is false)."""

    runbooks: tuple[Runbook, ...] = ()
    decisions: tuple[Decision, ...] = ()
    by_alert: Mapping[str, Runbook] = field(default_factory=dict)

    @property
    def begun(self) -> bool:
        """Whether there is any runbook."""
        return bool(self.runbooks)
