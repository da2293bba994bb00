"""The front matter of `runbooks/RB-nnn-slug.md` and of a service's decision, `adr/ADR-nnn-slug.md`."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from watchbill.language.base import Authored
from watchbill.language.fields import Reference, Sentence, TextRule, Title, ValueRule
from watchbill.quantity import QuantityError

SECTIONS = (
    "Meaning",
    "Impact",
    "Is it real?",
    "Mitigate first",
    "Diagnose",
    "Resolve",
    "Prevent",
    "Escalate",
    "After",
)

RUNBOOK_FILE = re.compile(r"(RB-[0-9]{3})-[a-z0-9]+(?:-[a-z0-9]+)*")
DECISION_FILE = re.compile(r"(ADR-[0-9]{3})-[a-z0-9]+(?:-[a-z0-9]+)*")
OWN_DECISION_FILE = re.compile(r"([0-9]{4})-[a-z0-9]+(?:-[a-z0-9]+)*")


def day(value: str | Decimal) -> date:
    """Read a day of the calendar; raises `QuantityError` on anything else."""
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise QuantityError(f'"{value}" is not a day of the calendar', "write year, month and day") from None


Day = Annotated[date, ValueRule(day, "a date such as 2026-11-24", {"type": "string", "format": "date"})]
RunbookId = Annotated[
    str, TextRule("a runbook's id", "write RB- and three digits, such as RB-004", 6, re.compile("RB-[0-9]{3}"))
]
DecisionId = Annotated[
    str, TextRule("a decision's id", "write ADR- and three digits, such as ADR-020", 7, re.compile("ADR-[0-9]{3}"))
]
AnyDecision = Annotated[
    str,
    TextRule(
        "a decision",
        'write the id of a page in adr/, such as ADR-020, or "0014" in quotes',
        7,
        re.compile("ADR-[0-9]{3}|[0-9]{4}"),
    ),
]
AlertOrPattern = Annotated[
    str,
    TextRule(
        "an alert",
        'write service/Alert, where "*" stands for any name or a part of one, such as "*/TargetDown"',
        121,
        re.compile(r"[a-z0-9*-]+/[A-Za-z0-9*]+"),
    ),
]
AsTyped = Annotated[
    str,
    TextRule(
        "what commands assume",
        "write it on one line as the commands do, such as FEATURE_<NAME>; in quotes, if it holds a colon",
        120,
        re.compile(r"[^\s{}](?:[^\n{}]*[^\s{}])?"),
    ),
]


class RunbookSpec(Authored):
    """What a runbook says of itself. `reason` is for one without alerts; `formerly` are ids that it once had.

    `assumes` says of what commands use and no spec states (settings, routes, units, paths, roles) what it must do.
    """

    id: RunbookId
    """The runbook's id, with which its file's name begins."""
    title: Title
    """What has happened, in a few words."""
    severity: Literal["P0", "P1", "Info", "mixed"]
    """The severity of its alerts; `mixed` where they have several."""
    owner: Reference
    """The team that keeps it true."""
    alerts: tuple[AlertOrPattern, ...]
    """The alerts that lead to it, as `service/Alert`; `*` stands for any name or a part of one."""
    recovery_time: Sentence
    """How long it usually takes."""
    last_reviewed: Day
    """When somebody last read it against reality."""
    reason: Sentence | None = None
    """Why it has no alert; needed where `alerts` is empty."""
    assumes: dict[AsTyped, Sentence] = {}
    """What its commands use and no spec states, each with what it must be or do."""
    formerly: tuple[RunbookId, ...] = ()
    """Ids that it once had; old links lead on."""


class DecisionSpec(Authored):
    """What a decision says of itself; `service` is whose it is, if it is one service's.

    Its file may stand in a folder below `adr/`.
    """

    id: DecisionId
    """The decision's id, with which its file's name begins."""
    title: Title
    """What was decided, in a few words."""
    status: Literal["accepted", "proposed", "superseded"]
    """Whether it is in force."""
    date: Day
    """The day on which it was taken."""
    service: Reference | None = None
    """Whose it is, if it is one service's."""
    related: tuple[AnyDecision, ...] = ()
    """Decisions that belong to it."""
    supersedes: tuple[AnyDecision, ...] = ()
    """Decisions that it replaces."""
    superseded_by: AnyDecision | None = None
    """The decision that replaces it."""
