"""`specs/platform.yaml`: what all services share."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, create_model

from watchbill.channels import definitions
from watchbill.channels.destinations import MailAddress, ShadowAddress
from watchbill.language.base import Authored, Formerly, StrictBool
from watchbill.language.fields import DurationText, KeyName, Ratio, Reference, Sentence, TextRule, Url
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

    title: Sentence

    @property
    def addresses(self) -> dict[str, str]:
        """Map the names of channels, the loudest first, to the addresses that are written."""
        written = {name: getattr(self, name) for name in definitions()}
        return {name: address for name, address in written.items() if address is not None}


if TYPE_CHECKING:
    ChannelName = str
    TeamSpec = TeamBase
else:
    ChannelName = Literal[tuple(definitions())]
    TeamSpec = create_model(
        "TeamSpec",
        __base__=TeamBase,
        __doc__=TeamBase.__doc__,
        **{name: (definition.address | None, None) for name, definition in definitions().items()},
    )


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

    to: tuple[ChannelName, ...] | None = None
    group_wait: DurationText | None = None
    group_interval: DurationText | None = None
    repeat_interval: DurationText | None = None


class SeveritiesSpec(Authored):
    """What holds for each severity; what is not written is as in `USUAL`."""

    p0: Annotated[PolicySpec, Field(alias="P0")] = PolicySpec.model_construct()
    p1: Annotated[PolicySpec, Field(alias="P1")] = PolicySpec.model_construct()
    info: Annotated[PolicySpec, Field(alias="Info")] = PolicySpec.model_construct()


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
    """Hours in which what can wait is not told. They may cross midnight; every day where no day is named."""

    severities: Annotated[tuple[Literal["P0", "P1", "Info"], ...], Field(min_length=1)]
    days: tuple[DayName, ...] = ()
    from_: Annotated[TimeOfDay, Field(alias="from")]
    to: TimeOfDay
    zone: Zone


class SmtpSpec(Authored):
    """A mail server. The password of `user` is a secret file."""

    host: HostAndPort
    from_: Annotated[MailAddress, Field(alias="from")]
    user: Sentence | None = None


class FallbackSpec(Authored):
    """A way to a person that shares nothing with the first, such as another mail server and a gateway for texts."""

    email: MailAddress
    smtp: SmtpSpec


class DeliverySpec(Authored):
    """What Alertmanager needs to reach the outside. Secrets are files below `secrets`, on the machine that runs it.

    `heartbeat` is a dead man's switch. One that knows its callers by a secret address only takes no token.
    """

    secrets: Folder = "/etc/alertmanager/secrets"
    smtp: SmtpSpec | None = None
    shadow: ShadowAddress | None = None
    heartbeat: Url | None = None
    heartbeat_token: StrictBool = True
    fallback: Annotated[FallbackSpec | None, Formerly("second_path")] = None


class TierSpec(Authored):
    """A share of an error budget that may be used up within `long`; `short` tells that it still goes on."""

    severity: Literal["P0", "P1"]
    budget: Ratio
    long: DurationText
    short: DurationText


class SloDefaultsSpec(Authored):
    """What holds for every objective. The tiers are those of the SRE Workbook, chapter 5, unless they are written."""

    tiers: tuple[TierSpec, ...] = ()

    def burn_tiers(self) -> tuple[Tier, ...]:
        """Return the tiers of every objective."""
        own = (Tier(tier.severity, tier.budget.to(Unit.RATIO), tier.long, tier.short) for tier in self.tiers)
        return tuple(own) or STANDARD


class PlatformSpec(Authored):
    """The platform. `defaults.team` is paged for alerts whose owner is unknown; `keep_firing_for` is for P0."""

    severities: SeveritiesSpec = SeveritiesSpec.model_construct()
    delivery: DeliverySpec = DeliverySpec.model_construct()
    quiet_times: dict[KeyName, QuietTimeSpec] = {}
    slo: SloDefaultsSpec = SloDefaultsSpec.model_construct()
    teams: Annotated[dict[KeyName, TeamSpec], Field(min_length=1)]
    environments: Annotated[dict[KeyName, EnvironmentSpec], Field(min_length=1)]
    urls: UrlsSpec
    defaults: DefaultsSpec

    @property
    def policies(self) -> dict[str, Policy]:
        """What holds for each severity, the most urgent first."""
        written = {"P0": self.severities.p0, "P1": self.severities.p1, "Info": self.severities.info}
        return {severity: usual.changed(written[severity]) for severity, usual in USUAL.items()}
