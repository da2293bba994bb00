"""On any small platform: amlint, the bundle and the words for people say the same of whom each alert tells.

What is expected is computed from what was drawn, by the words of ADR 0014, and from nothing that the compiler made.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from amlint.routing import Router
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from spectree import compile_tree, service, write_tree
from watchbill.explain import explain_alert
from watchbill.model.alerts import Alert, Stage
from watchbill.model.bundle import Bundle
from watchbill.outputs import alertmanager
from watchbill.words.receivers import notified, rows

pytestmark = pytest.mark.no_cover  # as in test_properties.py
CHANNELS = ("pagerduty", "slack", "email")  # the loudest first, in which order they are named
SEVERITIES = ("P0", "P1", "Info")
SWITCH, TRIAL, SECOND = "https://heartbeat.example.com/shop", "#trial", "oncall@sms.example.net"
ALERT = "signal: kit, kind: level, metric: load, above: 5, for: 5m, summary: Load, action: Look"


@dataclass(frozen=True)
class Drawn:
    """A platform in small. Each team has one service, and each service an alert of every severity and stage."""

    teams: tuple[str, ...]
    pages: Mapping[str, bool]
    lives_in: Mapping[str, tuple[str, ...]]
    channels: Mapping[str, tuple[str, ...]]
    shadow: bool
    heartbeat: bool
    fallback: bool
    promises_time: bool

    @property
    def takes_fallback(self) -> bool:
        return self.fallback and any(self.pages.values())

    def files(self) -> dict[str, str]:
        teams = {
            name: {
                "title": name.title(),
                "slack": f"#{name}",
                "email": f"{name}@example.com",
                "pagerduty": f"{name}-primary",
            }
            for name in self.teams
        }
        smtp = {"host": "smtp.example.com:587", "from": "alerts@example.com"}
        delivery = {
            "smtp": smtp,
            "shadow": TRIAL if self.shadow else None,
            "heartbeat": SWITCH if self.heartbeat else None,
            "fallback": {"email": SECOND, "smtp": smtp} if self.fallback else None,
        }
        platform = {
            "teams": teams,
            "environments": {name: {"clusters": ["main"], "pages": pages} for name, pages in self.pages.items()},
            "severities": {
                name: {"to": list(channels), "repeat_interval": "2h"} for name, channels in self.channels.items()
            },
            "urls": dict.fromkeys(("site", "grafana", "prometheus", "alertmanager"), "https://example.com"),
            "delivery": {name: value for name, value in delivery.items() if value is not None},
            "defaults": {"team": self.teams[0]},
        }
        services = {f"services/{team}-shop.yaml": self._service(team) for team in self.teams}
        return {"platform.yaml": yaml.safe_dump(platform), **services}

    def _service(self, team: str) -> str:
        alerts = {f"Load{name}": f"{ALERT}, severity: {name}" for name in SEVERITIES}
        if self.shadow:
            alerts |= {f"Trial{name}": f"{ALERT}, severity: {name}, stage: shadow" for name in SEVERITIES}
        if self.takes_fallback:
            alerts["Second"] = f"{ALERT}, severity: P0, fallback: true"
        if self.heartbeat:
            alerts["Beat"] = "signal: kit, kind: watchdog, for: 0s, severity: Info, summary: Beat, action: Look"
        promise = "notify_within: 1h\n" if self.promises_time else ""
        places = f"environments: [{', '.join(self.lives_in[team])}]\n"
        written = service(alerts, name=f"{team}-shop").replace("team: backend", f"team: {team}")
        return written.replace("target:", f"{places}{promise}target:", 1)

    def reached(self, severity: str, environment: str) -> list[str]:
        pages = self.pages[environment]
        return [name for name in CHANNELS if name in self.channels[severity] and (pages or name != "pagerduty")]

    def receivers(self, alert: Alert, environment: str) -> tuple[str, ...]:
        """Name who is notified, from the alert's name, owner and severity."""
        if alert.name == "Beat":
            return ("heartbeat",)
        if alert.name.startswith("Trial"):
            return ("shadow",)
        team = alert.service.removesuffix("-shop")
        own = f"{team}/{'+'.join(self.reached(alert.severity, environment))}"
        return ("second-path", own) if alert.name == "Second" and self.pages[environment] else (own,)

    def words(self, alert: Alert, environment: str) -> str:
        if alert.name == "Beat":
            return SWITCH
        if alert.name.startswith("Trial"):
            return f"Slack {TRIAL}, as it is on trial"
        own = self.addresses(alert.service.removesuffix("-shop"), alert.severity, environment)
        alternatives = alert.name == "Second" and self.pages[environment]
        return f"{own}, and {SECOND} (fallback receiver)" if alternatives else own

    def addresses(self, team: str, severity: str, environment: str) -> str:
        words = {"pagerduty": f"PagerDuty {team}-primary", "slack": f"Slack #{team}", "email": f"{team}@example.com"}
        return ", ".join(words[name] for name in self.reached(severity, environment))


@st.composite
def platforms(draw: st.DrawFn) -> Drawn:
    names = st.lists(st.sampled_from(["alpha", "beta", "gamma"]), min_size=1, unique=True)
    places = st.dictionaries(st.sampled_from(["lab", "live", "preview"]), st.booleans(), min_size=1)
    teams, pages = tuple(draw(names)), draw(places)
    some_places = st.lists(st.sampled_from(sorted(pages)), min_size=1, unique=True).map(tuple)
    silent = not all(pages.values())
    # where nothing pages, one channel must be left
    some_channels = (
        st.lists(st.sampled_from(CHANNELS), min_size=1, unique=True)
        .map(tuple)
        .filter(lambda chosen: not silent or chosen != ("pagerduty",))
    )
    return Drawn(
        teams=teams,
        pages=pages,
        lives_in={team: draw(some_places) for team in teams},
        channels={severity: draw(some_channels) for severity in SEVERITIES},
        shadow=draw(st.booleans()),
        heartbeat=draw(st.booleans()),
        fallback=draw(st.booleans()),
        promises_time=draw(st.booleans()),
    )


def compiled(drawn: Drawn) -> Bundle:
    with tempfile.TemporaryDirectory() as folder:
        return compile_tree(write_tree(Path(folder), drawn.files()))


def cases(bundle: Bundle) -> Iterator[tuple[Alert, str]]:
    for alert in bundle.alerts:
        for environment in bundle.platform.environments:
            yield alert, environment.name


def in_explanation(bundle: Bundle, alert: Alert) -> dict[str, str]:
    """Read from an explanation who is notified in each environment."""
    text = explain_alert(bundle, alert).partition("  Notifies    ")[2]
    lines = re.findall(r"^(?: {14})?in (\w+): (.*(?:\n {14}(?!in \w+:).*)*)", text, re.MULTILINE)
    return {environment: re.sub(r"\n {14}", " ", notified) for environment, notified in lines}


SMALL = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])


@SMALL
@given(platforms())
def test_routes_receivers_and_words_agree_on_whom_each_alert_tells(drawn: Drawn) -> None:
    bundle = compiled(drawn)
    router = Router(yaml.safe_load(alertmanager.config(bundle))["route"])
    by_name = {environment.name: environment for environment in bundle.platform.environments}
    for alert, env in cases(bundle):
        expected = drawn.receivers(alert, env)
        labels = {**dict(alert.labels), "alertname": alert.name, "env": env, "cluster": "main"}
        assert tuple(str(match.receiver) for match in router.match(labels)) == expected, (alert.id, env)
        assert tuple(receiver.name for receiver in alert.receivers[env]) == expected, (alert.id, env)
        assert notified(bundle.platform, alert, by_name[env]) == drawn.words(alert, env), (alert.id, env)
        event(f"{len(expected)} receivers")


@SMALL
@given(platforms())
def test_an_explanation_names_the_environments_of_the_service_and_whom_it_tells_there(drawn: Drawn) -> None:
    bundle = compiled(drawn)
    for alert in bundle.alerts:
        places = sorted(drawn.lives_in[alert.service.removesuffix("-shop")])
        assert in_explanation(bundle, alert) == {env: drawn.words(alert, env) for env in places}, alert.id


@SMALL
@given(platforms())
def test_the_matrix_names_every_live_alert_once_and_only_where_its_service_runs(drawn: Drawn) -> None:
    bundle = compiled(drawn)
    found = rows(bundle)
    listed = [alert.id for row in found for alert in row.alerts]
    assert sorted(listed) == [alert.id for alert in bundle.alerts if alert.stage is Stage.LIVE]
    for row in found:
        assert {(alert.team, alert.severity) for alert in row.alerts} == {(row.team.name, row.severity)}
        places = sorted(drawn.lives_in[row.team.name])
        assert dict(row.notified) == {env: drawn.addresses(row.team.name, row.severity, env) for env in places}
