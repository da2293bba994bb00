"""`specs/services/<name>.yaml`: a service, what it exports, and which alerts it has."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, TypeAdapter, ValidationInfo, WithJsonSchema, WrapValidator

from watchbill import naming
from watchbill.language.base import Authored, StrictBool, describe, problem
from watchbill.language.fields import (
    AlertName,
    AnyQuantity,
    ClassName,
    DurationText,
    KeyName,
    LabelName,
    LabelValue,
    MetricName,
    OrText,
    Reference,
    Sentence,
    ServiceName,
    TextRule,
    Title,
)
from watchbill.source import Map
from watchbill.spec.alert import AnyAlert
from watchbill.spec.panel import AnyPanel
from watchbill.spec.profile import UnitName
from watchbill.spec.runbook import Day
from watchbill.spec.slo import AnySlo

Address = Annotated[
    str,
    TextRule(
        "an address",
        "write it as in localhost:8000, or a URL for a probe",
        300,
        re.compile(r"(?:https?://)?[A-Za-z0-9._\[\]:-]+(?:/[A-Za-z0-9._~/?=&%-]*)?"),
    ),
]
EnvironmentName = Annotated[
    str,
    TextRule(
        "an environment",
        "write production, or production/<cluster> where it has several clusters",
        121,
        re.compile(r"[a-z0-9_-]+(?:/[a-z0-9_-]+)?"),
    ),
]
AnyName = Annotated[
    str,
    TextRule(
        "the name of an alert or objective",
        "write it as it is, or was, defined",
        naming.MAX_NAME,
        re.compile(f"{naming.ALERT_NAME.pattern}|{naming.KEY_NAME.pattern}"),
    ),
]
UrlPath = Annotated[str, TextRule("a path", "write it as in /metrics", 200, re.compile(r"/[A-Za-z0-9._~/-]*"))]


class MetricChange(Authored):
    """How a service's metric differs from the profile's."""

    name: MetricName | None = None
    """The name under which the service exports it."""
    unit: UnitName | None = None
    """The unit in which the service measures it."""
    buckets: tuple[AnyQuantity, ...] | None = None
    """The edges of its buckets."""
    labels: tuple[KeyName, ...] | None = None
    """The labels that it carries here, by their keys in the profile."""
    native: StrictBool | None = None
    """Whether it is a native histogram here."""


_metric_name: TypeAdapter[str] = TypeAdapter(MetricName)


def _metric(data: Any, handler: Any, info: ValidationInfo) -> Any:  # noqa: ARG001 (pydantic's signature)
    """Read a bare text as the metric's name."""
    if isinstance(data, str):
        return MetricChange.model_construct(name=_metric_name.validate_python(data))
    return MetricChange.model_validate(data, context=info.context)


class SignalSpec(Authored):
    """Metrics of one kind. Only what differs from the profile is written.

    `presence` names the metrics whose absence is watched, where the service lacks the profile's choice;
    `exclude` leaves values of a label out, such as the routes that only probes call.
    """

    profile: Reference
    """The profile whose metrics these are."""
    presence: Annotated[tuple[KeyName, ...], Field(min_length=1)] | None = None
    """The metrics whose absence is watched, instead of the profile's."""
    target: dict[LabelName, LabelValue] = {}
    """Labels that select its series, beside and instead of the service's."""
    metrics: dict[KeyName, Annotated[MetricChange, WrapValidator(_metric), OrText("the metric's name")]] = {}
    """Metrics that differ from the profile's."""
    labels: dict[KeyName, LabelName] = {}
    """Labels that have another name here: the profile's key, and the name."""
    classes: dict[ClassName, LabelValue] = {}
    """Classes that have another regular expression here."""
    limits: dict[KeyName, AnyQuantity] = {}
    """The limits that the profile asks for."""
    exclude: dict[KeyName, Annotated[tuple[LabelValue, ...], Field(min_length=1)]] = {}
    """Values of labels that are left out, such as the routes of health checks."""


class PackUse(Authored):
    """A pack, with the signals that it shall speak of where that is not clear by itself."""

    pack: Reference
    """The pack's name."""
    signals: dict[KeyName, KeyName] = {}
    """Which of the service's signals stands for which of the pack's."""


def _pack(data: Any, handler: Any, info: ValidationInfo) -> Any:  # noqa: ARG001 (pydantic's signature)
    """Read a bare text as the pack's name."""
    if isinstance(data, str):
        return PackUse.model_construct(pack=data)
    return PackUse.model_validate(data, context=info.context)


def _change(value: object) -> Map:
    if not isinstance(value, Map):
        raise problem(
            "spec/wrong-type", f"{describe(value)} stands where a mapping belongs", 'write what changes, and "why"'
        )
    if value.get("why") is None:
        raise problem("override/no-reason", "an override without a reason", 'add "why: …"')
    return value


Change = Annotated[
    Map,
    PlainValidator(_change),
    WithJsonSchema({"type": "object", "required": ["why"], "properties": {"why": {"type": "string"}}}),
]


class AlertsSpec(Authored):
    """Alerts from packs, what this service changes in them, and its own."""

    packs: tuple[Annotated[PackUse, WrapValidator(_pack), OrText("the pack's name")], ...] = ()
    """Packs whose alerts and panels are taken."""
    override: dict[AlertName, Change] = {}
    """What changes in alerts of packs, by name; each with a `why`."""
    drop: dict[AlertName, Sentence] = {}
    """Alerts of packs that are not taken, each with the reason."""
    own: dict[AlertName, AnyAlert] = {}
    """The service's own alerts, by name."""


class DashboardsSpec(Authored):
    """Panels beside those that come with the packs of its alerts.

    `packs` gives those of more packs, without their alerts; `drop` says why a panel is not there; `order` names the
    panels that come first on a dashboard; `own` are the service's own.
    """

    packs: tuple[Annotated[PackUse, WrapValidator(_pack), OrText("the pack's name")], ...] = ()
    """Packs whose panels are taken, without their alerts."""
    drop: dict[Sentence, Sentence] = {}
    """Panels of packs that are not taken, by title, each with the reason."""
    order: dict[KeyName, Annotated[tuple[Sentence, ...], Field(min_length=1)]] = {}
    """The panels that come first on a dashboard, by title."""
    own: tuple[AnyPanel, ...] = ()
    """The service's own panels."""


class ProbeSpec(Authored):
    """A blackbox exporter that probes the targets instead of Prometheus scraping them."""

    exporter: Address
    """The exporter's address."""
    module: KeyName
    """The exporter's module."""


class ScrapeSpec(Authored):
    """A scrape job; its key is the `job` label. `targets` maps environments to addresses."""

    interval: DurationText | None = None
    """How often; without it the platform's interval."""
    path: UrlPath | None = None
    """The path of the metrics."""
    scheme: Literal["http", "https"] = "http"
    """The protocol."""
    probe: ProbeSpec | None = None
    """For targets that are probed from outside."""
    targets: Annotated[dict[EnvironmentName, tuple[Address, ...]], Field(min_length=1)]
    """The addresses, for each environment (or `environment/cluster`)."""


class WaiverSpec(Authored):
    """Why a P1 may be without a runbook for a while, and how long that is."""

    until: Day
    """The day until which it may be missing."""
    why: Sentence
    """Why it is missing."""


class ServiceSpec(Authored):
    """A service. `target` is put into every selector; `env` and `cluster` never appear here.

    `evaluation_interval` is for a service whose alerts must be out sooner than the platform's interval allows,
    and `notify_within` is how soon: a message leaves in that time from the fault, at worst. `depends_on` names
    other services, and signals of its own that stand for something of its own, such as its database. `needs` says
    for its pages what stands behind it, and which signals of its own tell of that; it mutes nothing.
    `without_runbook` excuses P1 alerts until a day, and `renamed` gives the former names of alerts and objectives
    their new ones, so that old links lead on.
    """

    service: ServiceName
    """The service's name, which is the file's too."""
    title: Title
    """Its name for people."""
    team: Reference
    """The team that owns it."""
    environments: tuple[KeyName, ...] | None = None
    """The environments in which it runs; without it all."""
    evaluation_interval: DurationText | None = None
    """How often its rules are evaluated."""
    notify_within: DurationText | None = None
    """How soon after a fault a message must leave, at worst."""
    depends_on: tuple[KeyName, ...] = ()
    """Services and own signals that it needs; while one is down, its P1 are muted."""
    needs: dict[Sentence, tuple[KeyName, ...]] = {}
    """What stands behind it, for its pages, with the signals that tell of each; it mutes nothing."""
    target: Annotated[dict[LabelName, LabelValue], Field(min_length=1)]
    """The labels that select its series; they are put into every selector."""
    scrape: dict[LabelValue, ScrapeSpec] = {}
    """Its scrape jobs, by the value of the label `job`."""
    signals: Annotated[dict[KeyName, SignalSpec], Field(min_length=1)]
    """What it exports, by names of its own."""
    slos: dict[KeyName, AnySlo] = {}
    """Its objectives, by name."""
    alerts: AlertsSpec
    """Its alerts: those of packs, and its own."""
    dashboards: DashboardsSpec = DashboardsSpec.model_construct()
    """Its panels beside those of the packs."""
    without_runbook: dict[AlertName, WaiverSpec] = {}
    """P1 alerts that may be without a runbook for a while, by name."""
    renamed: dict[AnyName, AnyName] = {}
    """Former names of alerts and objectives, each with the new one."""
