"""A platform's routing in small: quiet times, delivery that it lacks, promised times, and the words for it all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from spectree import PLATFORM, compile_tree, run, service, write_tree
from watchbill.model.bundle import Bundle
from watchbill.outputs import render
from watchbill.publish import artifacts
from watchbill.tools import GENERATIONS, generation
from watchbill.verify import amtool

ALERT = "signal: kit, kind: level, metric: load, for: 5m, summary: Load, action: Look"
QUIET = """\
quiet_times:
  nights: {severities: [P1, Info], days: [friday, sunday], from: "22:30", to: "07:00", zone: Europe/Lisbon}
  evenings: {severities: [Info], from: "18:00", to: "00:00", zone: UTC}
  weekends: {severities: [Info], days: [sunday, saturday], from: "00:00", to: "24:00", zone: UTC}
"""


def bundle(folder: Path, *, platform: str = PLATFORM, spec: str = "") -> Bundle:
    text = spec or service({"LoadHigh": f"{ALERT}, above: 5, severity: P1"})
    return compile_tree(write_tree(folder, {"platform.yaml": platform, "services/shop.yaml": text}))


def config(made: Bundle) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(render(made)["alertmanager/alertmanager.yml"])
    return loaded


def branches(made: Bundle, severity: str) -> list[dict[str, Any]]:
    routes = config(made)["route"]["routes"]
    found = [branch for route in routes for branch in route.get("routes", [])]
    return [branch for branch in found if f'severity="{severity}"' in branch["matchers"]]


def test_a_quiet_time_across_midnight_ends_on_the_day_after(tmp_path: Path) -> None:
    intervals = {
        entry["name"]: entry["time_intervals"]
        for entry in config(bundle(tmp_path, platform=PLATFORM + QUIET))["time_intervals"]
    }
    assert intervals["nights"] == [
        {
            "weekdays": ["friday", "sunday"],
            "times": [{"start_time": "22:30", "end_time": "24:00"}],
            "location": "Europe/Lisbon",
        },
        {
            "weekdays": ["monday", "saturday"],
            "times": [{"start_time": "00:00", "end_time": "07:00"}],
            "location": "Europe/Lisbon",
        },
    ]
    assert intervals["evenings"] == [{"times": [{"start_time": "18:00", "end_time": "24:00"}], "location": "UTC"}]
    assert intervals["weekends"] == [
        {"weekdays": ["saturday", "sunday"], "times": [{"start_time": "00:00", "end_time": "24:00"}], "location": "UTC"}
    ]


def test_quiet_times_stand_at_the_severities_that_they_name(tmp_path: Path) -> None:
    made = bundle(tmp_path, platform=PLATFORM + QUIET)
    muted = {
        severity: {tuple(b.get("mute_time_intervals", ())) for b in branches(made, severity)}
        for severity in ("P0", "P1", "Info")
    }
    assert muted == {"P0": {()}, "P1": {("nights",)}, "Info": {("evenings", "nights", "weekends")}}


@pytest.mark.parametrize("name", GENERATIONS)
def test_amtool_accepts_quiet_times(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    artifacts.write(out, render(bundle(tmp_path, platform=PLATFORM + QUIET)))
    assert amtool.check(generation(name).amtool, out / "alertmanager/alertmanager.yml") == ""


@pytest.mark.parametrize("name", GENERATIONS)
def test_what_amtool_refuses_comes_in_its_words_and_without_our_path(tmp_path: Path, name: str) -> None:
    broken = tmp_path / "alertmanager.yml"
    broken.write_text("route: {receiver: nobody}\nreceivers: []\n")
    said = amtool.check(generation(name).amtool, broken)
    assert 'undefined receiver "nobody"' in said
    assert str(tmp_path) not in said


def test_a_platform_without_e_mail_needs_no_mail_server(tmp_path: Path) -> None:
    platform = PLATFORM.replace(
        'delivery: {smtp: {host: "smtp.example.com:587", from: alerts@example.com}, ', "delivery: {"
    )
    times = "group_wait: 10s, group_interval: 1m, repeat_interval: 2h"
    channels = {"P0": "[pagerduty, slack]", "P1": "[slack]", "Info": "[slack]"}
    severities = "".join(f"  {name}: {{to: {to}, {times}}}\n" for name, to in channels.items())
    platform = platform.replace(", email: backend@example.com", "") + f"severities:\n{severities}"
    made = config(bundle(tmp_path, platform=platform))
    assert not any(key.startswith("smtp") for key in made["global"])
    assert {receiver["name"] for receiver in made["receivers"]} == {
        "unowned",
        "shadow",
        "backend/pagerduty+slack",
        "backend/slack",
    }


def mails(made: Bundle) -> dict[str, dict[str, Any]]:
    return {
        receiver["name"]: receiver["email_configs"][0]
        for receiver in config(made)["receivers"]
        if "email_configs" in receiver
    }


def test_a_mail_server_without_a_user_is_asked_for_no_password(tmp_path: Path) -> None:
    (mail,) = [mail for name, mail in mails(bundle(tmp_path)).items() if name == "backend/slack+email"]
    assert (mail["smarthost"], mail["from"]) == ("smtp.example.com:587", "alerts@example.com")
    assert not any(key.startswith("auth") for key in mail)


def test_the_second_path_inherits_nothing_from_the_first(tmp_path: Path) -> None:
    """Alertmanager fills what a receiver's mail server lacks from the global one, its user and password too."""
    path = '{email: b@example.net, smtp: {host: "smtp.example.net:25", from: w@example.com}}'
    platform = PLATFORM.replace("from: alerts@example.com}", "from: alerts@example.com, user: primary}")
    platform = platform.replace("delivery: {", f"delivery: {{fallback: {path}, ")
    made = bundle(tmp_path, platform=platform)
    assert not any(key.startswith("smtp") for key in config(made)["global"])
    second = mails(made)["second-path"]
    assert (second["smarthost"], second["from"]) == ("smtp.example.net:25", "w@example.com")
    assert not any(key.startswith("auth") for key in second)
    assert mails(made)["backend/slack+email"]["auth_username"] == "primary"


def test_what_goes_to_no_slack_channel_needs_no_slack_url(tmp_path: Path) -> None:
    severities = "severities: {P0: {to: [pagerduty, email]}, P1: {to: [email]}, Info: {to: [email]}}\n"
    made = config(bundle(tmp_path, platform=PLATFORM.replace(', shadow: "#shadow"', "") + severities))
    assert "slack_api_url_file" not in made["global"]


def test_a_label_of_the_series_called_stage_decides_no_route(tmp_path: Path) -> None:
    spec = service(
        {
            "Odd": "kind: promql, expr: load > 5, sentence: Load is high, for: 0s, severity: P0, summary: Load,"
            " signal: kit, action: Look, example:"
            " {series: [{metric: load, healthy: 0, just_below: 4, firing: 6}], value: 6}"
        }
    )
    rules = render(bundle(tmp_path, spec=spec))["prometheus/rules/shop.own.rules.yml"]
    assert yaml.safe_load(rules)["groups"][0]["rules"][0]["labels"]["stage"] == ""


def test_where_nothing_pages_there_is_no_branch_that_does(tmp_path: Path) -> None:
    made = bundle(tmp_path, platform=PLATFORM.replace("pages: true", "pages: false"))
    assert [branch["receiver"] for branch in branches(made, "P0")] == ["backend/slack+email"]


def test_a_service_that_promises_a_time_gets_a_branch_of_its_own_at_p0_and_p1(tmp_path: Path) -> None:
    spec = service({"LoadHigh": f"{ALERT}, above: 5, severity: P1"}).replace("target:", "notify_within: 10m\ntarget:")
    made = bundle(tmp_path, spec=spec)
    own = {"matchers": ['service="shop"'], "group_wait": "5s", "group_interval": "5s"}
    by_hand = {"matchers": ['incident=""'], "group_by": ["team", "cluster", "env", "service", "subject"]}
    assert {
        severity: [branch.get("routes") for branch in branches(made, severity)] for severity in ("P0", "P1", "Info")
    } == {
        "P0": [[{**own, "routes": [by_hand]}, by_hand]] * 2,
        "P1": [[own], [own]],
        "Info": [None, None],
    }


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    spec = service(
        {"LoadHigh": f"{ALERT}, above: 5, severity: P0", "LoadOdd": f"{ALERT}, above: 6, severity: P1, stage: shadow"}
    )
    write_tree(tmp_path, {"platform.yaml": PLATFORM + QUIET, "services/shop.yaml": spec})
    return tmp_path


def test_explain_says_whom_an_alert_tells_in_each_environment(shop: Path) -> None:
    said = run(shop, "explain", "LoadHigh").stdout
    assert "  Notifies    in production: PagerDuty backend-primary, Slack #backend, backend@example.com\n" in said
    assert "           in staging: Slack #backend, backend@example.com\n" in said


def test_explain_says_that_an_alert_on_trial_tells_a_log_channel(shop: Path) -> None:
    assert "  Notifies    in production: Slack #shadow, as it is on trial\n" in run(shop, "explain", "LoadOdd").stdout


def test_the_matrix_says_who_is_woken_by_what(shop: Path) -> None:
    said = run(shop, "explain", "--matrix").stdout
    assert "  P0    1 alert    production  PagerDuty backend-primary, Slack #backend, backend@example.com\n" in said
    assert "                   staging     Slack #backend, backend@example.com\n" in said
    assert "on trial (stage: shadow)" in said
    assert "shop/LoadOdd\n" in said
    assert "P1 and Info wait from 22:30 to 07:00 Europe/Lisbon, Friday, Sunday" in said


def test_the_matrix_and_one_alert_exclude_each_other(shop: Path) -> None:
    for arguments in ((), ("LoadHigh", "--matrix")):
        result = run(shop, "explain", *arguments)
        todo = "name one alert, or ask for the whole --matrix, or for one page of the reference"
        assert (result.code, result.stderr) == (2, f"watchbill: {todo}\n")
