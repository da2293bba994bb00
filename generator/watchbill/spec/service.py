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
    unit: UnitName | None = None
    buckets: tuple[AnyQuantity, ...] | None = None
    labels: tuple[KeyName, ...] | None = None
    native: StrictBool | None = None


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
    presence: Annotated[tuple[KeyName, ...], Field(min_length=1)] | None = None
    target: dict[LabelName, LabelValue] = {}
    metrics: dict[KeyName, Annotated[MetricChange, WrapValidator(_metric), OrText("the metric's name")]] = {}
    labels: dict[KeyName, LabelName] = {}
    classes: dict[ClassName, LabelValue] = {}
    limits: dict[KeyName, AnyQuantity] = {}
    exclude: dict[KeyName, Annotated[tuple[LabelValue, ...], Field(min_length=1)]] = {}


class PackUse(Authored):
    """A pack, with the signals that it shall speak of where that is not clear by itself."""

    pack: Reference
    signals: dict[KeyName, KeyName] = {}


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
    override: dict[AlertName, Change] = {}
    drop: dict[AlertName, Sentence] = {}
    own: dict[AlertName, AnyAlert] = {}


class DashboardsSpec(Authored):
    """Panels beside those that come with the packs of its alerts.

    `packs` gives those of more packs, without their alerts; `drop` says why a panel is not there; `order` names the
    panels that come first on a dashboard; `own` are the service's own.
    """

    packs: tuple[Annotated[PackUse, WrapValidator(_pack), OrText("the pack's name")], ...] = ()
    drop: dict[Sentence, Sentence] = {}
    order: dict[KeyName, Annotated[tuple[Sentence, ...], Field(min_length=1)]] = {}
    own: tuple[AnyPanel, ...] = ()


class ProbeSpec(Authored):
    """A blackbox exporter that probes the targets instead of Prometheus scraping them."""

    exporter: Address
    module: KeyName


class ScrapeSpec(Authored):
    """A scrape job; its key is the `job` label. `targets` maps environments to addresses."""

    interval: DurationText | None = None
    path: UrlPath | None = None
    scheme: Literal["http", "https"] = "http"
    probe: ProbeSpec | None = None
    targets: Annotated[dict[EnvironmentName, tuple[Address, ...]], Field(min_length=1)]


class WaiverSpec(Authored):
    """Why a P1 may be without a runbook for a while, and how long that is."""

    until: Day
    why: Sentence


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
    title: Sentence
    team: Reference
    environments: tuple[KeyName, ...] | None = None
    evaluation_interval: DurationText | None = None
    notify_within: DurationText | None = None
    depends_on: tuple[KeyName, ...] = ()
    needs: dict[Sentence, tuple[KeyName, ...]] = {}
    target: Annotated[dict[LabelName, LabelValue], Field(min_length=1)]
    scrape: dict[LabelValue, ScrapeSpec] = {}
    signals: Annotated[dict[KeyName, SignalSpec], Field(min_length=1)]
    slos: dict[KeyName, AnySlo] = {}
    alerts: AlertsSpec
    dashboards: DashboardsSpec = DashboardsSpec.model_construct()
    without_runbook: dict[AlertName, WaiverSpec] = {}
    renamed: dict[AnyName, AnyName] = {}
