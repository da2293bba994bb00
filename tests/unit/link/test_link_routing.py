"""What a platform's routing may say, at its limits, and what is warned of because nothing uses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from spectree import PLATFORM, service, write_tree
from watchbill.errors import SpecError
from watchbill.link import link
from watchbill.source import read_tree

ALERT = "signal: kit, kind: level, metric: load, above: 5, for: 5m, severity: P1, summary: Load, action: Look"
IDLE = '  idle: {title: Idle, slack: "#idle", email: idle@example.com, pagerduty: Idle}\n'


def said(folder: Path, platform: str) -> str:
    """Link a platform with one service of the team backend; returns all complaints and warnings, one a line."""
    files = {"platform.yaml": platform, "services/shop.yaml": service({"LoadHigh": ALERT})}
    try:
        diagnostics = link(read_tree(write_tree(folder, files))).warnings
    except SpecError as error:
        diagnostics = error.diagnostics
    return "\n".join(diagnostic.what for diagnostic in diagnostics)


def with_policy(severity: str, policy: str) -> str:
    return f"{PLATFORM}severities: {{{severity}: {policy}}}\n"


def with_quiet_time(begins: str, ends: str) -> str:
    return f'{PLATFORM}quiet_times: {{q: {{severities: [Info], from: "{begins}", to: "{ends}", zone: UTC}}}}\n'


def test_the_platform_that_is_varied_is_well(tmp_path: Path) -> None:
    assert said(tmp_path, PLATFORM) == ""


@pytest.mark.parametrize(
    ("repeat_interval", "forgotten"),
    [("5d", False), ("120h", False), ("120h1m", True), ("5d1s", True)],
)
def test_what_is_repeated_after_five_days_is_remembered_and_no_longer(
    tmp_path: Path, repeat_interval: str, *, forgotten: bool
) -> None:
    notified = said(tmp_path, with_policy("P1", f"{{repeat_interval: {repeat_interval}}}"))
    assert ("Alertmanager forgets after 5 days" in notified) is forgotten
    assert bool(notified) is forgotten


@pytest.mark.parametrize(("repeat_interval", "closed"), [("359m", False), ("6h", True)])
def test_a_page_is_repeated_before_pagerduty_closes_its_incident(
    tmp_path: Path, repeat_interval: str, *, closed: bool
) -> None:
    notified = said(tmp_path, with_policy("P0", f"{{repeat_interval: {repeat_interval}}}"))
    assert ("PagerDuty closes an incident" in notified) is closed


@pytest.mark.parametrize("ends", ["08:00", "00:00", "24:00"])
def test_a_quiet_time_that_begins_when_the_day_is_over_is_none(tmp_path: Path, ends: str) -> None:
    assert said(tmp_path, with_quiet_time("24:00", ends)) == f"24:00 to {ends} is no time at all"


@pytest.mark.parametrize(("begins", "ends"), [("23:59", "24:00"), ("20:00", "00:00"), ("00:00", "00:01")])
def test_a_quiet_time_may_end_or_begin_at_midnight(tmp_path: Path, begins: str, ends: str) -> None:
    assert said(tmp_path, with_quiet_time(begins, ends)) == ""


@pytest.mark.parametrize("pages", [True, False])
def test_pagerduty_alone_tells_nobody_where_an_environment_never_pages(tmp_path: Path, *, pages: bool) -> None:
    platform = PLATFORM.replace("pages: false", f"pages: {str(pages).lower()}")
    notified = said(tmp_path, f"{platform}severities: {{P0: {{to: [pagerduty]}}}}\n")
    assert notified == ("" if pages else 'nobody receives P0 of "staging", which never pages')


@pytest.mark.parametrize("default", ["backend", "idle"])
def test_a_team_without_a_service_is_idle_unless_it_is_paged_for_what_nobody_owns(tmp_path: Path, default: str) -> None:
    platform = PLATFORM.replace("teams:\n", f"teams:\n{IDLE}").replace("team: backend}", f"team: {default}}}")
    notified = said(tmp_path, platform)
    assert notified == ("" if default == "idle" else 'team "idle" owns no service, so no alert here is for it')
