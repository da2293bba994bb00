"""Proofs: what a test puts in, and what must come out, whoever runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from watchbill.quantity import Duration


@dataclass(frozen=True, slots=True)
class Input:
    """A series, and its values in promtool's notation (docs, "Unit testing for rules")."""

    series: str
    values: str


@dataclass(frozen=True, slots=True)
class Fired:
    """An alert that fires, with everything that it carries; its name is the label `alertname`.

    `measured` are the parts of the annotations that show what was measured: a real server may show a value beside it.
    """

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    measured: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AlertCheck:
    """Exactly these fire at a time, of all alerts of a name."""

    case: str
    at: Duration
    alert: str
    fired: tuple[Fired, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleCheck:
    """An expression gives exactly these samples at a time: series and value."""

    case: str
    at: Duration
    expr: str
    samples: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """One test of an alert or an objective, its `subject` by id.

    It stands in `file`, and needs `rule_files`, all below `out/`. Of these it needs the rules of alert `alert`, or else
    the `groups`, which are evaluated in their order. Series have a sample every `interval`, rules are evaluated every
    `evaluation`.
    """

    subject: str
    name: str
    file: str
    rule_files: tuple[str, ...]
    alert: str
    groups: tuple[str, ...]
    interval: Duration
    evaluation: Duration
    inputs: tuple[Input, ...]
    alerts: tuple[AlertCheck, ...] = ()
    samples: tuple[SampleCheck, ...] = ()

    @property
    def cases(self) -> tuple[str, ...]:
        """Name what it shows, sorted."""
        return tuple(sorted({check.case for check in self.alerts} | {check.case for check in self.samples}))
