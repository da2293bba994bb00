"""What goes another way than by team and severity: a heartbeat, a trial, the fallback receiver, and what mutes what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from spectree import PLATFORM, compile_tree, service, write_tree
from watchbill.model.bundle import Bundle
from watchbill.outputs import alertmanager

ALERT = "signal: kit, kind: level, metric: load, for: 5m, summary: Load, action: Look"
WATCHED = PLATFORM.replace(
    "delivery: {",
    "delivery: {heartbeat: https://heartbeat.example.com/shop,"
    ' fallback: {email: b@example.net, smtp: {host: "smtp.example.net:25", from: w@example.com}}, ',
)
EVERY_WAY = {
    "LoadHigh": f"{ALERT}, above: 5, severity: P0, fallback: true",
    "LoadOdd": f"{ALERT}, above: 6, severity: P0, stage: shadow, per: [instance]",
    "LoadRising": f"{ALERT}, above: 4, severity: P1",
    "Beat": "signal: kit, kind: watchdog, for: 0s, severity: Info, summary: Beat, action: Look",
}


def watched(folder: Path, platform: str = WATCHED) -> Bundle:
    return compile_tree(write_tree(folder, {"platform.yaml": platform, "services/shop.yaml": service(EVERY_WAY)}))


def config(made: Bundle) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(alertmanager.config(made))
    return loaded


def test_what_goes_another_way_is_grouped_and_timed_for_its_purpose(tmp_path: Path) -> None:
    """A heartbeat and a trial are each read alone: the fallback receiver hears at once of an outage."""
    made = config(watched(tmp_path))
    timed = {
        route["receiver"]: tuple(route[key] for key in ("group_wait", "group_interval", "repeat_interval"))
        for route in made["route"]["routes"]
        if "group_by" in route
    }
    assert timed == {
        "heartbeat": ("0s", "1m", "30s"),
        "shadow": ("1m", "15m", "1d"),
        "second-path": ("10s", "1m", "2h"),
    }
    by_name = {route["receiver"]: "alertname" in route["group_by"] for route in made["route"]["routes"][:3]}
    assert by_name == {"heartbeat": True, "shadow": True, "second-path": False}


def test_every_channel_tells_of_the_end_except_the_switch(tmp_path: Path) -> None:
    receivers = config(watched(tmp_path))["receivers"]
    ends = {
        (receiver["name"], kind): {entry["send_resolved"] for entry in entries}
        for receiver in receivers
        for kind, entries in receiver.items()
        if kind != "name"
    }
    assert {kind for _, kind in ends} == {"pagerduty_configs", "slack_configs", "email_configs", "webhook_configs"}
    assert {where for where, notified in ends.items() if notified != {True}} == {("heartbeat", "webhook_configs")}
    assert ends["heartbeat", "webhook_configs"] == {False}


@pytest.mark.parametrize("token", [True, False])
def test_the_switch_is_shown_a_token_unless_its_address_is_the_secret(tmp_path: Path, *, token: bool) -> None:
    platform = WATCHED if token else WATCHED.replace("delivery: {", "delivery: {heartbeat_token: false, ")
    receivers = config(watched(tmp_path, platform))["receivers"]
    (call,) = next(receiver for receiver in receivers if receiver["name"] == "heartbeat")["webhook_configs"]
    shown = {"authorization": {"credentials_file": "/etc/alertmanager/secrets/heartbeat-token"}}
    assert call.get("http_config") == (shown if token else None)


def test_an_alert_on_trial_mutes_nothing_and_nothing_mutes_it(tmp_path: Path) -> None:
    made = watched(tmp_path)
    assert made.inhibited_by["shop/LoadRising"] == ("shop/LoadHigh",)
    assert made.inhibited_by["shop/LoadOdd"] == made.inhibited_by["shop/Beat"] == ()
    assert [rule["equal"] for rule in config(made)["inhibit_rules"]] == [["cluster", "env", "service", "subject"]]


def test_an_outage_mutes_the_p1_of_what_depends_on_it_and_no_info(tmp_path: Path) -> None:
    down = service({"LoadHigh": f"{ALERT}, above: 5, severity: P0, declares_down: base"}, name="base")
    needs = {name: f"{ALERT}, above: 5, severity: {name}" for name in ("P1", "Info")}
    depends = service(needs).replace("target:", "depends_on: [base]\ntarget:").replace("job: shop", "job: front")
    files = {"services/base.yaml": down, "services/shop.yaml": depends}
    made = compile_tree(write_tree(tmp_path, files))
    (rule,) = [r for r in config(made)["inhibit_rules"] if 'alertname="LoadHigh"' in r["source_matchers"]]
    assert rule["source_matchers"][:2] == ['alertname="LoadHigh"', 'service="base"']
    assert rule["target_matchers"] == ['service="shop"', 'severity="P1"', 'stage=""']
    assert made.inhibited_by["shop/P1"] == ("base/LoadHigh",)
    assert made.inhibited_by["shop/Info"] == ()
