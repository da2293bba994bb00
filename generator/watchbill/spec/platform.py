"""`specs/platform.yaml`: what all services share."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field

from watchbill.authoring import Authored, StrictBool
from watchbill.fields import DurationText, KeyName, Reference, Sentence, TextRule, Url
from watchbill.quantity import Duration

SlackChannel = Annotated[
    str,
    TextRule(
        "a Slack channel",
        "write it as in #incidents, in quotes",
        80,
        re.compile(r"#[a-z0-9][a-z0-9._-]{0,78}"),
    ),
]
Email = Annotated[
    str,
    TextRule(
        "an e-mail address",
        "write it as in team@example.com",
        254,
        re.compile(r"[^\s@<>\"',;]+@[^\s@<>\"',;]+\.[A-Za-z0-9-]+"),
    ),
]


HostAndPort = Annotated[
    str,
    TextRule(
        "a host and port",
        "write it as in smtp.example.com:587",
        260,
        re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}"),
    ),
]
Folder = Annotated[
    str,
    TextRule(
        "an absolute path",
        "write it as in /etc/alertmanager/secrets",
        200,
        re.compile(r"/[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*"),
    ),
]
TimeOfDay = Annotated[
    str,
    TextRule(
        "a time of day",
        'write it in quotes, as in "08:00", from "00:00" to "24:00"',
        5,
        re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00"),
    ),
]
Zone = Annotated[
    str,
    TextRule(
        "a time zone",
        "write it as in Europe/Lisbon or UTC",
        60,
        re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*"),
    ),
]
ChannelName = Literal["pagerduty", "slack", "email"]
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DayName = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class TeamSpec(Authored):
    """Whose alerts they are, and where that team is reached; every channel that a severity uses needs an address."""

    title: Sentence
    slack: SlackChannel | None = None
    email: Email | None = None
    pagerduty: Sentence | None = None


class EnvironmentSpec(Authored):
    """An `env` label's value: the clusters that it spans, and whether its alerts may page."""

    clusters: Annotated[tuple[KeyName, ...], Field(min_length=1)]
    pages: StrictBool


class UrlsSpec(Authored):
    """Where the other parts are found."""

    site: Url
    grafana: Url
    prometheus: Url
    alertmanager: Url


class DefaultsSpec(Authored):
    """What holds where a service or an alert says nothing; `retention` is how long Prometheus keeps samples."""

    team: Reference
    scrape_interval: DurationText = Duration.parse("15s")
    evaluation_interval: DurationText = Duration.parse("30s")
    keep_firing_for: DurationText = Duration.parse("5m")
    retention: DurationText = Duration.parse("15d")


class PolicySpec(Authored):
    """Where a severity goes, and when Alertmanager tells: first, of what joins the group, and again."""

    to: tuple[ChannelName, ...]
    group_wait: DurationText
    group_interval: DurationText
    repeat_interval: DurationText


def _policy(to: tuple[ChannelName, ...], *timing: str) -> PolicySpec:
    wait, interval, repeat = map(Duration.parse, timing)
    return PolicySpec.model_construct(to=to, group_wait=wait, group_interval=interval, repeat_interval=repeat)


class SeveritiesSpec(Authored):
    """What holds for each severity (the source's table; the reasons for the times stand in ADR 0014)."""

    p0: Annotated[PolicySpec, Field(alias="P0")] = _policy(("pagerduty", "slack", "email"), "10s", "1m", "2h")
    p1: Annotated[PolicySpec, Field(alias="P1")] = _policy(("slack", "email"), "1m", "5m", "12h")
    info: Annotated[PolicySpec, Field(alias="Info")] = _policy(("slack",), "1m", "15m", "24h")


class QuietTimeSpec(Authored):
    """Hours in which what can wait is not told. They may cross midnight; every day where no day is named."""

    severities: Annotated[tuple[Literal["P0", "P1", "Info"], ...], Field(min_length=1)]
    days: tuple[DayName, ...] = ()
    from_: Annotated[TimeOfDay, Field(alias="from")]
    to: TimeOfDay
    zone: Zone


class SmtpSpec(Authored):
    """A mail server. The password of `user` is a secret file."""

    host: HostAndPort
    from_: Annotated[Email, Field(alias="from")]
    user: Sentence | None = None


class SecondPathSpec(Authored):
    """A way to a person that shares nothing with the first, such as another mail server and a gateway for texts."""

    email: Email
    smtp: SmtpSpec


class DeliverySpec(Authored):
    """What Alertmanager needs to reach the outside. Secrets are files below `secrets`, on the machine that runs it."""

    secrets: Folder = "/etc/alertmanager/secrets"
    smtp: SmtpSpec | None = None
    shadow: SlackChannel | None = None
    heartbeat: Url | None = None
    second_path: SecondPathSpec | None = None


class PlatformSpec(Authored):
    """The platform. `defaults.team` is paged for alerts whose owner is unknown; `keep_firing_for` is for P0."""

    severities: SeveritiesSpec = SeveritiesSpec.model_construct()
    delivery: DeliverySpec = DeliverySpec.model_construct()
    quiet_times: dict[KeyName, QuietTimeSpec] = {}
    teams: Annotated[dict[KeyName, TeamSpec], Field(min_length=1)]
    environments: Annotated[dict[KeyName, EnvironmentSpec], Field(min_length=1)]
    urls: UrlsSpec
    defaults: DefaultsSpec
