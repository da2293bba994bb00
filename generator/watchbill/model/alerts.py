"""Alerts as they are emitted, with everything that targets say about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from watchbill.model.examples import Example
from watchbill.model.origin import Origin
from watchbill.model.pages import Citation
from watchbill.model.routing import Receivers
from watchbill.promql import Matcher
from watchbill.quantity import Duration, Quantity, Unit

NOT_AT_ALL = Duration(0)
MAX_GROUP_RULES = 20  # of one rule group, which is evaluated one rule after the other


class Severity(StrEnum):
    """How soon a person must act: P0 pages, P1 is looked at today, Info is context."""

    P0 = "P0"
    P1 = "P1"
    INFO = "Info"

    @property
    def rank(self) -> int:
        """Count from 0, which is the worst."""
        return list(Severity).index(self)


class Stage(StrEnum):
    """Whom an alert reaches: people; a log channel, while it is on trial; or, always firing, a dead man's switch."""

    LIVE = "live"
    SHADOW = "shadow"
    HEARTBEAT = "heartbeat"


class Symptom(StrEnum):
    """What a condition watches. An objective, or a built-in panel, knows by it which alerts tell of the same fault."""

    EVENTS = "events"
    """How many events there are, or how large a share of them is bad."""

    QUANTILE = "quantile"
    """How slow, or how large, the slowest part is."""

    MEAN = "mean"
    """How long, or how large, the average is."""

    LEVEL = "level"
    """Where a gauge stands."""

    USE = "use"
    """How much of a limit is in use."""

    PROBE = "probe"
    """Whether a check from outside succeeds."""

    ABSENCE = "absence"
    """Whether series are there at all."""


class Direction(StrEnum):
    """On which side of its threshold a condition is true."""

    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where a condition begins to be true: `value`, in the `unit` of the metric.

    `written` is what the author wrote, in the author's unit; it is what people read, everywhere (`str(written)`). It
    may be of another dimension: 85% of a limit of 2 GiB is drawn at its bytes.
    """

    value: Decimal
    unit: Unit
    direction: Direction
    written: Quantity

    @classmethod
    def at(cls, written: Quantity, unit: Unit, direction: Direction) -> Threshold:
        """Take over what an author wrote; raises `QuantityError` where `unit` measures something else."""
        return cls(written.to(unit), unit, direction, written)

    def __str__(self) -> str:
        return f"{self.direction} {self.written}"


class Display(StrEnum):
    """How a value reads in a message."""

    NUMBER = "number"
    PERCENT = "percent"
    BYTES = "bytes"
    DURATION = "duration"


@dataclass(frozen=True, slots=True)
class Reading:
    """How an alert's value reads in a sentence: "Now 2.3%" and then `after`, " of requests are 5xx"."""

    display: Display
    after: str = ""


@dataclass(frozen=True, slots=True)
class AnnotationQuery:
    """A sentence about a recorded series, asked when an alert fires: `lead`, its value, `after`.

    The series is selected by `matchers` and by the alert's own values of `labels`; where there is none, nothing is
    said. `example_value` is its value in the alert's example.
    """

    lead: str
    series: str
    matchers: tuple[Matcher, ...]
    labels: tuple[str, ...]
    display: Display
    example_value: Decimal
    after: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One alerting rule of an alert; an alert evaluated per environment has several, told apart by `place`."""

    expr: str
    place: tuple[tuple[str, str], ...]
    example: Example


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert with all that is known of it. What may be left out is written last, with what it is then.

    What it is: `subject` is the key of its signal, or the name of its objective. `kind` is its condition's, for people
    to read: nothing depends on it. What does is `symptom`, and `authored`: its expression is the author's own PromQL,
    whose series may carry labels that no signal knows. `source`
    says whose alert it is: `pack:…`, `service`, `slo` or `monitoring`. `area` is the middle of its rule file's name,
    `prometheus/rules/<service>.<area>.rules.yml`, and of its group's: the name of its pack, `own`, `slo.<objective>`
    or `monitoring.<signal>`.

    When it fires: `grouping` are the labels that its series keep beside the target labels, `metrics` the roles of the
    signal's metrics that it reads. `asked` are sentences whose values are asked when it fires.

    What people read: `sentence` says when it fires, `summary` what is wrong, `impact` who suffers, `action` the first
    step, `why` the reason that the service gives for changing its pack's alert.

    What else is silent while it fires: `declares_down` names what is down then, `<service>` or `<service>/<signal>`,
    which others depend on. `suppresses` names alerts of its own service that are not sent then.

    `slo` is the objective that it belongs to, if any; `cites` are the decisions that it rests on. With `fallback`, it
    goes to the fallback receiver too.

    Whose it is: lowering gives the last five fields, which follow from all the others. `labels` are those that
    every one of its rules sets. `receivers` are those of each of the platform's environments.
    """

    name: str
    service: str
    subject: str
    kind: str
    source: str
    area: str
    severity: Severity
    rules: tuple[Rule, ...]
    for_: Duration
    sentence: str
    summary: str
    impact: str
    action: str
    origin: Origin
    symptom: Symptom | None = None
    authored: bool = False
    stage: Stage = Stage.LIVE
    grouping: tuple[str, ...] = ()
    keep_firing_for: Duration = NOT_AT_ALL
    threshold: Threshold | None = None
    reading: Reading | None = None
    asked: tuple[AnnotationQuery, ...] = ()
    why: str = ""
    metrics: tuple[str, ...] = ()
    declares_down: str = ""
    suppresses: tuple[str, ...] = ()
    slo: str = ""
    cites: tuple[Citation, ...] = ()
    fallback: bool = False
    team: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    runbook_url: str = ""
    dashboard_url: str = ""
    receivers: Receivers = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The alert's name across all services."""
        return f"{self.service}/{self.name}"
