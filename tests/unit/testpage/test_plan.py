from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from prosetree import REST, compiled, runbook
from spectree import PLATFORM, compile_tree, service, write_tree
from watchbill.errors import ToolError, UsageError
from watchbill.model.alerts import Severity
from watchbill.model.bundle import Bundle
from watchbill.testpage.plan import PagePlan, alert, choose_plan, end, waiting

LOAD = "signal: kit, kind: level, metric: load, above: 5, for: 5m, severity: P0, summary: Load, action: Look"
QUIET = """\
quiet_times:
  nights: {severities: [Info], from: "20:00", to: "08:00", zone: America/Sao_Paulo}
  weekends: {severities: [P1, Info], days: [saturday, sunday], from: "00:00", to: "24:00", zone: UTC}
"""
FRIDAY_EVENING = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)  # 20:30 in São Paulo


def bundle(folder: Path, platform: str = PLATFORM) -> Bundle:
    return compile_tree(
        write_tree(folder, {"platform.yaml": platform, "services/shop.yaml": service({"LoadHigh": LOAD})})
    )


def plan(made: Bundle, severity: Severity = Severity.P0, team: str = "backend", env: str | None = None) -> PagePlan:
    return choose_plan(made, team=team, severity=severity, env=env)


def refusal(made: Bundle, *, team: str = "backend", env: str | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        plan(made, team=team, env=env)
    return str(caught.value)


def test_a_page_goes_where_the_only_environment_that_pages_is(tmp_path: Path) -> None:
    made = plan(bundle(tmp_path))
    assert (made.env, made.cluster, made.receiver.name) == ("production", "main", "backend/pagerduty+slack+email")
    assert made.notified == "PagerDuty backend-primary, Slack #backend, backend@example.com"


def test_an_unknown_team_is_refused_with_the_nearest(tmp_path: Path) -> None:
    assert refusal(bundle(tmp_path), team="backnd") == 'there is no team "backnd"; use "backend"'


def test_an_environment_that_is_unknown_or_does_not_page_is_refused(tmp_path: Path) -> None:
    made = bundle(tmp_path)
    assert refusal(made, env="prodution") == 'there is no environment "prodution"; use "production"'
    notified = 'environment "staging" does not page, so no pager would ring; choose one of: production'
    assert refusal(made, env="staging") == notified


def test_an_environment_must_be_named_where_several_page_and_none_can_be_where_none_does(tmp_path: Path) -> None:
    both = bundle(tmp_path / "both", PLATFORM.replace("pages: false", "pages: true"))
    assert refusal(both) == "several environments page; name one by --env: production, staging"
    assert plan(both, env="staging").cluster == "lab"
    none = bundle(tmp_path / "none", PLATFORM.replace("pages: true", "pages: false"))
    assert refusal(none) == "no environment of these specs pages, so there is no pager to try"


def test_the_runbook_is_the_first_that_is_about_everything(tmp_path: Path) -> None:
    more = "reason: It is about every incident.\n"
    books = {
        "runbooks/RB-001-load.md": runbook(),
        "runbooks/RB-002-rest.md": runbook(2, alerts=REST, severity="P1"),
        "runbooks/RB-003-undo.md": runbook(3, alerts="[]", severity="P1", more=more),
        "runbooks/RB-004-all.md": runbook(4, alerts="[]", severity="mixed", more=more),
    }
    general = plan(compiled(tmp_path / "with", books)).runbook_url
    assert general == "https://runbooks.example.com/runbooks/RB-004.html"
    assert plan(bundle(tmp_path / "without")).runbook_url == "https://runbooks.example.com/runbooks/index.html"


def test_a_page_has_every_label_that_routes_read_and_none_of_a_trial(tmp_path: Path) -> None:
    made, now = plan(bundle(tmp_path)), FRIDAY_EVENING
    sent = alert(made, "k", now, end(made, now, timedelta()))
    assert sent["labels"] == {
        "alertname": "TestPage",
        "cluster": "main",
        "env": "production",
        "service": "test-page/k",
        "severity": "P0",
        "subject": "test-page",
        "team": "backend",
    }
    assert sent["startsAt"] == "2026-11-27T23:30:00+00:00"  # without it, Alertmanager says that it begins at its end


def test_a_page_lasts_five_minutes_longer_than_it_waits_and_is_watched(tmp_path: Path) -> None:
    made = plan(bundle(tmp_path))
    waits = timedelta(milliseconds=made.group_wait.milliseconds)
    five = timedelta(minutes=5)
    assert waits > timedelta()
    assert end(made, FRIDAY_EVENING, timedelta()) - FRIDAY_EVENING == waits + five
    assert end(made, FRIDAY_EVENING, timedelta(hours=1)) - FRIDAY_EVENING == timedelta(hours=1) + five


@pytest.mark.parametrize(
    ("severity", "hours", "waits"),
    [
        (Severity.P0, 0, ()),
        (Severity.P1, 0, ()),
        (Severity.INFO, -1, ()),
        (Severity.INFO, 0, ("nights",)),
        (Severity.INFO, 11, ("nights", "weekends")),
        (Severity.P1, 1, ("weekends",)),
        (Severity.INFO, 12, ("weekends",)),
        (Severity.P1, 49, ()),
    ],
)
def test_a_page_waits_in_the_quiet_times_of_its_severity(
    tmp_path: Path, severity: Severity, hours: int, waits: tuple[str, ...]
) -> None:
    made = plan(bundle(tmp_path, PLATFORM + QUIET), severity)
    known = {quiet.name: words for quiet, words in zip(made.quiet, made.waits, strict=True)}
    assert waiting(made, FRIDAY_EVENING + timedelta(hours=hours)) == tuple(known[name] for name in waits)


def test_what_counts_is_the_moment_in_which_it_is_sent(tmp_path: Path) -> None:
    made = plan(bundle(tmp_path, PLATFORM + QUIET), Severity.INFO)
    just_before = FRIDAY_EVENING.replace(hour=22, minute=59, second=59)
    assert len(waiting(made, just_before)) == 1


def test_a_quiet_time_holds_from_its_first_minute_and_no_longer_in_its_last(tmp_path: Path) -> None:
    made = plan(bundle(tmp_path, PLATFORM + QUIET), Severity.INFO)
    waits = timedelta(milliseconds=made.group_wait.milliseconds)
    evening, morning = datetime(2026, 11, 24, 23, tzinfo=UTC) - waits, datetime(2026, 11, 25, 11, tzinfo=UTC) - waits
    second = timedelta(seconds=1)
    notified = [len(waiting(made, moment)) for moment in (evening - second, evening, morning - second, morning)]
    assert notified == [0, 1, 1, 0]


def test_a_time_zone_that_the_machine_lacks_is_reported(tmp_path: Path) -> None:
    made = plan(bundle(tmp_path, PLATFORM + QUIET), Severity.INFO)
    lost = replace(made, quiet=(replace(made.quiet[0], zone="Moon/Base"),), waits=made.waits[:1])
    with pytest.raises(ToolError, match='does not know the time zone "Moon/Base"; install tzdata'):
        waiting(lost, FRIDAY_EVENING)
