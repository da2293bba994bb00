"""Drills on real servers: some alerts of every kind, drills that must fail, and what is left when one ends."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from condition_cases import OF_A_PERIOD
from signals_heard import hear_signals
from watchbill.compilation import compile_rules
from watchbill.drill import campaign, report
from watchbill.drill.record import Event, Record
from watchbill.errors import RefusedError, ToolError, UsageError
from watchbill.model.bundle import Bundle
from watchbill.outputs import prometheus as prometheus_target
from watchbill.quantity import Duration, TimeScale
from watchbill.stack import configuration, running
from watchbill.tools import generation

ROOT = Path(__file__).parents[1]
WATCHBILL = Path(sys.executable).parent / "watchbill"
SMOKE = (
    "core-api/CircuitBreakerOpen",
    "core-api/AvailabilityBudgetBurnSlow",
    "core-api/TargetDown",
    "monitoring/Watchdog",
)
QUICK = "core-api/DatabaseConnectionsExhausted"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return compile_rules(ROOT / "specs").bundle


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, bundle: Bundle) -> Path:
    """Stand-ins for the pages that messages lead to; `make drill` follows the links into the built site."""
    folder = tmp_path_factory.mktemp("site")
    for alert in bundle.alerts:
        page = folder / alert.runbook_url.removeprefix(f"{bundle.platform.urls.site}/")
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(f"<h1>{alert.name}</h1>")
    (folder / "index.html").touch()
    return folder


def drilled(bundle: Bundle, site: Path, *ids: str) -> tuple[dict[str, Record], list[tuple[str, Event]]]:
    notified: list[tuple[str, Event]] = []
    given = campaign.Campaign(ROOT / "specs", ROOT / "out", site, bundle, generation("newest"), scale=60, keep=False)
    parts = [campaign.of_alert(alert, 60) for alert in bundle.alerts if alert.id in ids]
    records = campaign.run(given, parts, jobs=4, tell=lambda id_, event: notified.append((id_, event)))
    return {record.id: record for record in records}, notified


def test_alerts_of_every_kind_reach_the_right_people_and_nobody_else(bundle: Bundle, site: Path) -> None:
    records, notified = drilled(bundle, site, *SMOKE)
    assert {id_: record.failures for id_, record in records.items()} == {id_: [] for id_ in SMOKE}
    opened = records["core-api/CircuitBreakerOpen"]
    held = {check.name for check in opened.checks}
    assert len(held) >= 15
    assert "mutes the tickets about the same" in held
    assert opened.incidents == 1
    texts = [event.text for id_, event in notified if id_ == "core-api/CircuitBreakerOpen" and event.kind == "notified"]
    assert sorted(text.partition(":")[0] for text in texts) == [
        "PagerDuty Backend",
        "Slack #incidents",
        "e-mail backend@example.com",
    ]
    assert all("Runbook, Panel, Silence" in text for text in texts)
    kinds = [event.kind for id_, event in notified if id_ == "core-api/CircuitBreakerOpen"]
    order = ["healthy", "fault", "pending", "firing", "notified", "cleared", "ended", "resolved"]
    assert [kind for kind in dict.fromkeys(kinds) if kind in order] == order


def test_a_wrong_route_a_wrong_text_and_a_short_for_fail_the_drill(
    bundle: Bundle, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_alertmanager, real_rules = configuration.alertmanager, configuration.rules

    def misrouted(*given: Any) -> configuration.Config:
        config = real_alertmanager(*given)
        backend = next(each for each in config["receivers"] if each["name"] == "backend/pagerduty+slack+email")
        backend["slack_configs"][0]["channel"] = "#support-alerts"
        return config

    def reworded(*given: Any, **named: Any) -> configuration.Config:
        config = real_rules(*given, **named)
        for group in config["groups"]:
            for rule in group["rules"]:
                if rule.get("alert") == QUICK.partition("/")[2]:
                    rule["annotations"]["summary"] += "!"
                    rule["annotations"]["description"] = rule["annotations"]["description"].replace("95%", "94%")
                    rule["for"] = "1s"
        return config

    monkeypatch.setattr(configuration, "alertmanager", misrouted)
    monkeypatch.setattr(configuration, "rules", reworded)
    records, _ = drilled(bundle, site, QUICK)
    failed = {check.name: check.failure for check in records[QUICK].failures}
    assert (
        "Slack #incidents was not notified; Slack #support-alerts was notified"
        in failed["reaches exactly its receivers"]
    )
    assert (
        "Slack #support-alerts was notified of core-api/DatabaseConnectionsExhausted"
        in failed["nobody else is notified"]
    )
    assert "summary" in failed["its texts are right"]
    assert "got 94" in failed["its texts are right"]
    assert "and for is 2.00 s" in failed["waits just as long as its for"]


# What is drilled is what is shipped.

SCALED = re.compile(r"\[([^\]:]+)(?::([^\]]+))?\]|offset (\w+)")
BUDGET = "slo:time_to_exhaustion:seconds"  # its number is the period's


def test_the_scale_changes_durations_and_nothing_else_of_the_rules(bundle: Bundle) -> None:
    scaled = compile_rules(ROOT / "specs", scale=TimeScale(60)).bundle
    real_texts, scaled_texts = prometheus_target.render(bundle), prometheus_target.render(scaled)
    kinds = {(alert.service, alert.name): alert.kind for alert in bundle.alerts}
    compared = 0
    for path, text in real_texts.items():
        if path == prometheus_target.CONFIG:
            continue
        service = Path(path).name.partition(".")[0]
        pairs = zip(_rules(text), _rules(scaled_texts[path]), strict=True)
        for real, fast in pairs:
            for field in ("alert", "record", "labels", "annotations"):
                assert real.get(field) == fast.get(field)
            if kinds.get((service, str(real.get("alert"))), "") in OF_A_PERIOD or real.get("record") == BUDGET:
                continue
            assert _without_durations(real["expr"]) == _without_durations(fast["expr"])
            assert _shortened(_durations(real["expr"])) == _durations(fast["expr"])
            compared += 1
    assert compared > 500


def _rules(text: str) -> Iterator[Mapping[str, Any]]:
    loaded = yaml.load(text, Loader=yaml.CSafeLoader)
    return (rule for group in loaded["groups"] for rule in group["rules"])


def _without_durations(expr: str) -> str:
    return "".join(SCALED.sub("[]", expr).split())


def _durations(expr: str) -> list[int]:
    return [Duration.parse(each).milliseconds for found in SCALED.findall(expr) for each in found if each]


def _shortened(durations: Sequence[int]) -> list[int]:
    return [max(1, round(each / 60)) - (1 if each % 1000 == 999 and each > 60 else 0) for each in durations]


def test_rules_that_are_not_those_of_the_specs_are_not_drilled(bundle: Bundle, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(ROOT / "out", out)
    campaign.expect_emitted(bundle, out)
    edited = out / "prometheus/rules/core-api.process.rules.yml"
    edited.write_text(edited.read_text().replace("for: 5m", "for: 6m", 1))
    with pytest.raises(RefusedError, match=r"core-api\.process\.rules\.yml is not what the specs compile to"):
        campaign.expect_emitted(bundle, out)


def test_every_window_sees_four_scrapes_where_all_services_run_at_once() -> None:
    faster = compile_rules(ROOT / "specs", scale=TimeScale(60)).bundle
    often = configuration.scrapes(faster)
    windows = {
        (scrape.job, alert.name): alert.rules[0].example.settles.milliseconds
        for service in faster.services
        for scrape in service.scrapes
        for alert in service.alerts
    }
    assert min(windows[each] for each in windows if windows[each]) == 500  # 30 s of life
    assert all(often[job].milliseconds * 4 <= lasts for (job, _), lasts in windows.items() if lasts)


# Bad input, and what is left.


def test_an_unknown_alert_is_reported_with_the_nearest_name(bundle: Bundle) -> None:
    with pytest.raises(
        UsageError, match='there is no alert or drill "core-api/CircuitBreakerOpn"; use "core-api/CircuitBreakerOpen"'
    ):
        campaign.choose(bundle, 60, name="core-api/CircuitBreakerOpn")
    with pytest.raises(UsageError, match="alert of several services"):
        campaign.choose(bundle, 60, name="TargetDown")
    with pytest.raises(UsageError, match='there is no service "core-ap"; use "core-api"'):
        campaign.choose(bundle, 60, service="core-ap")


def test_a_drill_of_the_specs_is_chosen_with_what_it_breaks_and_tells(bundle: Bundle) -> None:
    def drills(**wanted: str) -> set[str]:
        names = {drill.name for drill in bundle.drills}
        return names & {part.id for part in campaign.choose(bundle, 60, **wanted)}

    assert drills(service="support-desk") == {"provider-429", "redis-down"}
    assert drills(service="whatsapp-gateway", severity="P1") == {"memory-leak"}
    assert "pool-exhausted" in drills(severity="P0")
    assert drills(severity="Info") == {"traffic-gone"}


def test_a_server_that_ends_is_reported_with_the_tail_of_its_log(tmp_path: Path) -> None:
    program = tmp_path / "server"
    program.write_text("#!/bin/sh\necho the disk is on fire\nexit 3\n")
    program.chmod(0o755)
    with (
        pytest.raises(ToolError, match=r"server ended with 3; its log ends with\nthe disk is on fire"),
        running.server(program, [], tmp_path / "log", tmp_path, "http://127.0.0.1:9"),
    ):
        pass


def test_a_full_disk_is_one_sentence(site: Path) -> None:
    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    result = subprocess.run(
        [WATCHBILL, "drill", QUICK, "--site", site],
        cwd=ROOT,
        preexec_fn=no_room,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, "Traceback" in result.stderr) == (3, False)
    assert "no temporary file can be written" in result.stderr


def test_a_temporary_folder_that_is_not_there_is_one_sentence(site: Path) -> None:
    command = [str(WATCHBILL), "drill", QUICK, "--site", str(site)]
    environment = os.environ | {"TMPDIR": "/proc/nowhere"}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 3
    assert "TMPDIR is /proc/nowhere, and no file can be written there" in result.stderr


@pytest.mark.parametrize("option", ["--junit", "--html"])
def test_a_report_that_cannot_be_written_is_reported_before_anything_is_drilled(option: str, tmp_path: Path) -> None:
    command = [str(WATCHBILL), "drill", QUICK, option, f"{tmp_path}/nowhere/report"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith(f"watchbill: {tmp_path}/nowhere/report cannot be written")
    assert "Running" not in result.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_drill_that_is_stopped_leaves_nothing(number: signal.Signals, code: int, site: Path, tmp_path: Path) -> None:
    command = [str(WATCHBILL), "drill", "core-api/MemoryUsageCritical", "--site", str(site)]
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    quiet["preexec_fn"] = hear_signals
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | {"TMPDIR": str(tmp_path)}, **quiet) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if b"healthy" in line:
                break
        assert any(tmp_path.iterdir())
        assert len(_descendants(process.pid)) == 2  # Prometheus and Alertmanager
        servers = _descendants(process.pid)
        for _ in range(3):  # people are impatient
            process.send_signal(number)
            time.sleep(0.02)
        process.communicate(timeout=30)
    assert process.returncode == code
    assert list(tmp_path.iterdir()) == []
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in servers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{pid}").exists() for pid in servers)


def _descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in children for child in path.read_text().split()]


def test_reports_say_what_failed() -> None:
    record = Record("shop/Fails", "It <fails>", "P0", 60, [Event(1.0, "notified", "Slack <b>#x</b>")])
    record.hold("fires")
    record.hold("reaches exactly its receivers", "Slack #x was not notified")
    assert report.verdict(record).startswith("FAILED  P0")
    assert '<failure message="Slack #x was not notified">' in report.junit([record])
    page = report.page([record], generation="Prometheus 3.5.3")
    assert "0 of 1 went as they should" in page
    assert "Slack &lt;b&gt;#x&lt;/b&gt;" in page
    assert json.loads(json.dumps(report.as_json([record])))["drills"][0]["failed"] is True
