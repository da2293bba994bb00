"""`specs/platform.yaml`: what all services share."""

from __future__ import annotations

import re
from typing import Annotated

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


class TeamSpec(Authored):
    """Whose alerts they are, and where that team is reached."""

    title: Sentence
    slack: SlackChannel
    email: Email
    pagerduty: Sentence


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
    """What holds where a service or an alert says nothing."""

    team: Reference
    scrape_interval: DurationText = Duration.parse("15s")
    evaluation_interval: DurationText = Duration.parse("30s")
    keep_firing_for: DurationText = Duration.parse("5m")


class PlatformSpec(Authored):
    """The platform. `defaults.team` is paged for alerts whose owner is unknown; `keep_firing_for` is for P0."""

    teams: Annotated[dict[KeyName, TeamSpec], Field(min_length=1)]
    environments: Annotated[dict[KeyName, EnvironmentSpec], Field(min_length=1)]
    urls: UrlsSpec
    defaults: DefaultsSpec
