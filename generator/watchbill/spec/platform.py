"""`specs/platform.yaml`: what all services share."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, create_model

from watchbill.channels import Definition, definitions
from watchbill.channels.destinations import MailAddress, ShadowAddress
from watchbill.language.base import Authored, Formerly, StrictBool
from watchbill.language.fields import DurationText, KeyName, Ratio, Reference, Sentence, TextRule, Title, Url
from watchbill.model.burnrate import STANDARD, Tier
from watchbill.quantity import Duration, Unit

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
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DayName = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class TeamBase(Authored):
    """Whose alerts they are, and where that team is reached; every channel that a severity uses needs an address."""

    title: Title
    """The team's name for people."""

    @property
    def addresses(self) -> dict[str, str]:
        """Map the names of channels, the loudest first, to the addresses that are written."""
        written = {name: getattr(self, name) for name in definitions()}
        return {name: address for name, address in written.items() if address is not None}


def _address(definition: Definition) -> Any:
    """Make the field of a team's address on a channel."""
    return (
        definition.address | None,
        Field(None, description=f"Where the team is reached by {definition.channel.called}."),
    )


if TYPE_CHECKING:
    ChannelName = str
    TeamSpec = TeamBase
else:
    ChannelName = Literal[tuple(definitions())]
    TeamSpec = create_model(
        "TeamSpec",
        __base__=TeamBase,
        __doc__=TeamBase.__doc__,
        **{name: _address(definition) for name, definition in definitions().items()},
    )


class EnvironmentSpec(Authored):
    """An `env` label's value: the clusters that it spans, and whether its alerts may page."""

    clusters: Annotated[tuple[KeyName, ...], Field(min_length=1)]
    """The values of the label `cluster` in it."""
    pages: StrictBool
    """Whether a P0 pages there. Elsewhere it goes to the other channels only."""


class UrlsSpec(Authored):
    """Where the other parts are found."""

    site: Url
    """The runbook site."""
    grafana: Url
    """Grafana."""
    prometheus: Url
    """Prometheus."""
    alertmanager: Url
    """Alertmanager."""


class DefaultsSpec(Authored):
    """What holds where a service or an alert says nothing; `retention` is how long Prometheus keeps samples."""

    team: Reference
    """The team that gets alerts whose owner is unknown."""
    scrape_interval: DurationText = Duration.parse("15s")
    """How often targets are scraped."""
    evaluation_interval: DurationText = Duration.parse("30s")
    """How often rules are evaluated."""
    keep_firing_for: DurationText = Duration.parse("5m")
    """How long a P0 fires on after its condition is false again."""
    retention: DurationText = Duration.parse("15d")
    """How long Prometheus keeps samples."""


class PolicySpec(Authored):
    """Where a severity goes, and when Alertmanager tells: first, of what joins the group, and again."""

    to: tuple[ChannelName, ...] | None = None
    """The channels of the owning team that are used."""
    group_wait: DurationText | None = None
    """How long Alertmanager waits for more before the first message."""
    group_interval: DurationText | None = None
    """How long it waits before it tells what joined the group."""
    repeat_interval: DurationText | None = None
    """After what time it tells again what still fires."""


class SeveritiesSpec(Authored):
    """What holds for each severity; what is not written is as in `USUAL`."""

    p0: Annotated[PolicySpec, Field(alias="P0")] = PolicySpec.model_construct()
    """What somebody must act on now."""
    p1: Annotated[PolicySpec, Field(alias="P1")] = PolicySpec.model_construct()
    """What somebody must look at today."""
    info: Annotated[PolicySpec, Field(alias="Info")] = PolicySpec.model_construct()
    """What is context."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for a severity."""

    to: tuple[ChannelName, ...]
    group_wait: Duration
    group_interval: Duration
    repeat_interval: Duration

    def changed(self, spec: PolicySpec) -> Policy:
        """Take over what a platform writes."""
        written = {name: value for name in PolicySpec.model_fields if (value := getattr(spec, name)) is not None}
        return replace(self, **written)


def _usual(severity: str, *timing: str) -> Policy:
    wait, interval, repeat = map(Duration.parse, timing)
    to = tuple(name for name, definition in definitions().items() if severity in definition.usual)
    return Policy(to, wait, interval, repeat)


# The source's table; the reasons for the times stand in ADR 0014.
USUAL = {
    "P0": _usual("P0", "10s", "1m", "2h"),
    "P1": _usual("P1", "1m", "5m", "12h"),
    "Info": _usual("Info", "1m", "15m", "1d"),
}


class QuietTimeSpec(Authored):
    """Hours in which what can wait is not sent. They may cross midnight; every day where no day is named."""

    severities: Annotated[tuple[Literal["P0", "P1", "Info"], ...], Field(min_length=1)]
    """What is not sent meanwhile."""
    days: tuple[DayName, ...] = ()
    """The days; without it every day."""
    from_: Annotated[TimeOfDay, Field(alias="from")]
    """When it begins."""
    to: TimeOfDay
    """When it ends; it may be on the next day."""
    zone: Zone
    """The time zone of both times."""


class SmtpSpec(Authored):
    """A mail server. The password of `user` is a secret file."""

    host: HostAndPort
    """The server."""
    from_: Annotated[MailAddress, Field(alias="from")]
    """The sender."""
    user: Sentence | None = None
    """The user, whose password is a secret file."""


class FallbackSpec(Authored):
    """A way to a person that shares nothing with the first, such as another mail server and a gateway for texts."""

    email: MailAddress
    """The address that is written to."""
    smtp: SmtpSpec
    """The mail server of this path."""


class DeliverySpec(Authored):
    """What Alertmanager needs to reach the outside. Secrets are files below `secrets`, on the machine that runs it.

    `heartbeat` is a dead man's switch. One that knows its callers by a secret address only takes no token.
    """

    secrets: Folder = "/etc/alertmanager/secrets"
    """The folder of the secret files, on the machine that runs Alertmanager."""
    smtp: SmtpSpec | None = None
    """The mail server; needed where a severity goes to e-mail."""
    shadow: ShadowAddress | None = None
    """Where alerts that are on trial are logged."""
    heartbeat: Url | None = None
    """The URL of the dead man's switch that a `watchdog` calls."""
    heartbeat_token: StrictBool = True
    """Whether the switch asks for a token, which is a secret file."""
    fallback: Annotated[FallbackSpec | None, Formerly("second_path")] = None
    """A way to a person that shares nothing with the first."""


class TierSpec(Authored):
    """A share of an error budget that may be used up within `long`; `short` tells that it still goes on."""

    severity: Literal["P0", "P1"]
    """What an alert of this tier is."""
    budget: Ratio
    """The share of the error budget that is used up."""
    long: DurationText
    """The window in which it is used up."""
    short: DurationText
    """The window that tells that it still goes on."""


class SloDefaultsSpec(Authored):
    """What holds for every objective. The tiers are those of the SRE Workbook, chapter 5, unless they are written."""

    tiers: tuple[TierSpec, ...] = ()
    """The tiers of every objective, the fastest first."""

    def burn_tiers(self) -> tuple[Tier, ...]:
        """Return the tiers of every objective."""
        own = (Tier(tier.severity, tier.budget.to(Unit.RATIO), tier.long, tier.short) for tier in self.tiers)
        return tuple(own) or STANDARD


class PlatformSpec(Authored):
    """The platform. `defaults.team` is paged for alerts whose owner is unknown; `keep_firing_for` is for P0."""

    severities: SeveritiesSpec = SeveritiesSpec.model_construct()
    """Where each severity goes, and when."""
    delivery: DeliverySpec = DeliverySpec.model_construct()
    """What Alertmanager needs to reach the outside."""
    quiet_times: dict[KeyName, QuietTimeSpec] = {}
    """Hours in which what can wait is not sent, by name."""
    slo: SloDefaultsSpec = SloDefaultsSpec.model_construct()
    """What holds for every objective."""
    teams: Annotated[dict[KeyName, TeamSpec], Field(min_length=1)]
    """The teams, by the value of the label `team`."""
    environments: Annotated[dict[KeyName, EnvironmentSpec], Field(min_length=1)]
    """The environments, by the value of the label `env`."""
    urls: UrlsSpec
    """Where the other parts are found."""
    defaults: DefaultsSpec
    """What holds where a service or an alert says nothing."""

    @property
    def policies(self) -> dict[str, Policy]:
        """What holds for each severity, the most urgent first."""
        written = {"P0": self.severities.p0, "P1": self.severities.p1, "Info": self.severities.info}
        return {severity: usual.changed(written[severity]) for severity, usual in USUAL.items()}
