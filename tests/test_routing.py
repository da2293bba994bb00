"""Where every shipped alert goes, also with labels that are missing or unknown; checked by amtool and by amlint.

What is expected is read from the platform's spec and the catalogue by the words of the contract, never from the
routes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import pytest
from amlint.routing import Router
from hypothesis import given
from hypothesis import strategies as st

import shipped
from watchbill.tools import GENERATIONS, generation
from watchbill.verify import amtool

CONFIG = shipped.OUT / "alertmanager/alertmanager.yml"
CONFIGURED = shipped.file("out/alertmanager/alertmanager.yml")
PLATFORM = shipped.file("specs/platform.yaml")
ALERTS: list[dict[str, Any]] = shipped.catalogue()["alerts"]
UNKNOWN = "somebody-new"
ROUTED_BY = ("team", "env", "severity")
# The source's table: what each severity is sent over; where nothing pages, all but PagerDuty.
TABLE = {"P0": ["pagerduty", "slack", "email"], "P1": ["slack", "email"], "Info": ["slack"]}

Labels = Mapping[str, str]


def labels_of(alert: Mapping[str, Any], env: str) -> dict[str, str]:
    return {**alert["labels"], "alertname": alert["name"], "env": env, "cluster": "main"}


def spoilt(labels: Labels) -> Iterator[dict[str, str]]:
    """Take each label that routes read away, and give it a value that nobody knows."""
    for label in ROUTED_BY:
        yield {name: value for name, value in labels.items() if name != label}
        yield {**labels, label: UNKNOWN}


def expected(alert: Mapping[str, Any], labels: Labels) -> tuple[str, ...]:
    if alert["stage"] != "live":
        return (alert["stage"],)
    environment = PLATFORM["environments"].get(labels.get("env", ""))
    alternatives = (
        ("second-path",) if alert["name"] in FALLBACK and environment is not None and environment["pages"] else ()
    )
    if environment is None or labels.get("team") not in PLATFORM["teams"] or labels.get("severity") not in TABLE:
        return (*alternatives, "unowned")
    channels = [name for name in TABLE[labels["severity"]] if environment["pages"] or name != "pagerduty"]
    return (*alternatives, f"{labels['team']}/{'+'.join(channels)}")


FALLBACK = {"NotificationsDropped", "NotificationsFailing"}
CASES = [
    (alert, labels)
    for alert in ALERTS
    for env in PLATFORM["environments"]
    for labels in (labels_of(alert, env), *spoilt(labels_of(alert, env)))
]


@cache
def router() -> Router:
    return Router(CONFIGURED["route"])


def by_amlint(labels: Labels) -> tuple[str, ...]:
    return tuple(str(match.receiver) for match in router().match(labels))


def distinguished(route: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the labels and values that routes can tell apart; any other value is to them like the next."""
    for matcher in route.get("matchers", []):
        label, value = re.fullmatch(r'(\w+)!?=~?"([\w|-]*)"', matcher).groups()  # type: ignore[union-attr]
        yield from ((label, one) for one in value.split("|"))
    for inner in route.get("routes", []):
        yield from distinguished(inner)


def alike() -> list[tuple[Labels, tuple[str, ...]]]:
    """Choose one of all cases that no route tells apart, as a start of amtool takes 30 ms; each is expected alike."""
    known = set(distinguished(CONFIGURED["route"]))
    looked_at = sorted({label for label, _ in known})
    chosen: dict[tuple[object, ...], tuple[Labels, tuple[str, ...]]] = {}
    for alert, labels in CASES:
        notified = expected(alert, labels)
        seen = (labels.get(label) if (label, labels.get(label)) in known else label in labels for label in looked_at)
        chosen.setdefault((notified, *seen), (labels, notified))
    return list(chosen.values())


@pytest.mark.parametrize("name", GENERATIONS)
def test_amtool_sends_every_alert_to_exactly_its_receivers_whatever_label_is_missing(name: str) -> None:
    tool, asked = generation(name).amtool, alike()
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda case: amtool.receivers(tool, CONFIG, case[0]), asked))
    assert len(CASES) == len(ALERTS) * 2 * 7
    assert len(asked) > 100
    assert [(case, notified) for case, notified in zip(asked, found, strict=True) if notified != case[1]] == []


def test_a_simulation_in_python_agrees_with_amtool() -> None:
    wrong = [(labels, by_amlint(labels), expected(alert, labels)) for alert, labels in CASES]
    assert [case for case in wrong if case[1] != case[2]] == []


def test_the_catalogue_names_the_receivers_of_every_environment() -> None:
    for alert in ALERTS:
        notified = {env: list(expected(alert, labels_of(alert, env))) for env in PLATFORM["environments"]}
        assert alert["receivers"] == notified, alert["id"]


def test_what_stands_in_the_spec_is_the_sources_table() -> None:
    assert {severity: policy["to"] for severity, policy in PLATFORM["severities"].items()} == TABLE


VALUES = {
    "team": [*PLATFORM["teams"], UNKNOWN, ""],
    "env": [*PLATFORM["environments"], UNKNOWN, "", "production "],
    "severity": [*TABLE, "p0", "critical", ""],
    "stage": ["", "live", "shadow", "heartbeat"],
    "alertname": [*FALLBACK, "Anything"],
    "service": ["monitoring", "conversations-platform", "core-api", ""],
    "cluster": ["main", "other", ""],
}


@given(st.fixed_dictionaries({label: st.sampled_from(values) for label, values in VALUES.items()}))
def test_any_labels_reach_somebody_and_only_environments_that_page_page(labels: dict[str, str]) -> None:
    notified = by_amlint({name: value for name, value in labels.items() if value})
    assert notified
    pages = any("pagerduty" in receiver or receiver == "unowned" for receiver in notified)
    if labels["stage"] in {"shadow", "heartbeat"}:
        assert notified == (labels["stage"],)
    elif labels["env"] == "staging" and labels["team"] in PLATFORM["teams"] and labels["severity"] in TABLE:
        assert not pages
    elif labels["severity"] not in {"P1", "Info"} or labels["env"] != "production":
        assert pages


def test_every_receiver_is_reached_by_some_route() -> None:
    config = CONFIGURED
    routes = [config["route"]]
    named = set()
    for route in routes:
        routes += route.get("routes", [])
        named.add(route.get("receiver"))
    assert {receiver["name"] for receiver in config["receivers"]} == named - {None}


def test_the_default_team_is_paged_for_what_nobody_owns() -> None:
    receivers = {receiver["name"]: receiver for receiver in CONFIGURED["receivers"]}
    owner = PLATFORM["teams"][PLATFORM["defaults"]["team"]]
    unowned = receivers["unowned"]
    assert unowned["pagerduty_configs"][0]["routing_key_file"].endswith("/pagerduty-platform")
    assert unowned["slack_configs"][0]["channel"] == owner["slack"]
    assert unowned["email_configs"][0]["to"] == owner["email"]


def test_each_team_is_reached_at_its_own_addresses() -> None:
    receivers = {receiver["name"]: receiver for receiver in CONFIGURED["receivers"]}
    for name, team in PLATFORM["teams"].items():
        paged = receivers[f"{name}/pagerduty+slack+email"]
        assert paged["pagerduty_configs"][0]["routing_key_file"] == f"/etc/alertmanager/secrets/pagerduty-{name}"
        for receiver in (paged, receivers[f"{name}/slack+email"]):
            assert receiver["email_configs"][0]["to"] == team["email"]
        for receiver in (paged, receivers[f"{name}/slack+email"], receivers[f"{name}/slack"]):
            assert receiver["slack_configs"][0]["channel"] == team["slack"]


def settings(labels: Labels) -> Any:
    return router().match(labels)[-1].opts


@pytest.mark.parametrize("team", sorted(PLATFORM["teams"]))
def test_one_cause_is_one_incident_and_is_sent_again_before_pagerduty_forgets(team: str) -> None:
    page = {"team": team, "env": "production", "severity": "P0"}
    opts = settings({**page, "incident": "http"})
    assert set(opts.group_by) == {"team", "cluster", "env", "service", "incident"}
    assert set(settings(page).group_by) == {"team", "cluster", "env", "service", "subject"}
    assert (opts.group_wait, opts.group_interval, opts.repeat_interval) == ("10s", "1m", "2h")


@pytest.mark.parametrize("severity", ["P0", "P1"])
def test_a_service_that_has_promised_a_time_is_not_kept_waiting(severity: str) -> None:
    promised = {
        "team": "conversations",
        "env": "production",
        "severity": severity,
        "service": "conversations-platform",
    }
    opts = settings(promised)
    assert (opts.group_wait, opts.group_interval) == ("5s", "5s")
    assert opts.mute_time_intervals == ()
    assert opts.receiver == settings({**promised, "service": "other"}).receiver


def test_quiet_times_mute_what_can_wait_and_never_a_p0() -> None:
    for team in PLATFORM["teams"]:
        for env in PLATFORM["environments"]:
            muted = {s: settings({"team": team, "env": env, "severity": s}).mute_time_intervals for s in TABLE}
            assert muted == {"P0": (), "P1": (), "Info": ("nights",)}


def test_a_heartbeat_is_sent_every_minute() -> None:
    """Alertmanager repeats at a flush if that is due then: with equal times it would miss every second one."""
    opts = settings({"stage": "heartbeat"})
    assert (opts.receiver, opts.group_wait, opts.group_interval, opts.repeat_interval) == (
        "heartbeat",
        "0s",
        "1m",
        "30s",
    )


def test_no_secret_and_no_address_of_a_secret_stands_in_the_configuration() -> None:
    def texts(node: Any, key: str = "") -> Iterator[tuple[str, str]]:
        if isinstance(node, dict):
            for name, value in node.items():
                yield from texts(value, name)
        elif isinstance(node, list):
            for value in node:
                yield from texts(value, key)
        else:
            yield key, str(node)

    found = list(texts(CONFIGURED))
    forbidden = {
        "api_url",
        "slack_api_url",
        "routing_key",
        "service_key",
        "smtp_auth_password",
        "auth_password",
        "credentials",
    }
    assert [key for key, _ in found if key in forbidden] == []
    files = {value for key, value in found if key.endswith("_file")}
    assert files
    assert all(value.startswith("/etc/alertmanager/secrets/") for value in files)


@pytest.mark.parametrize("name", GENERATIONS)
def test_amtool_accepts_the_configuration_and_its_templates(name: str) -> None:
    assert amtool.check(generation(name).amtool, CONFIG) == ""
