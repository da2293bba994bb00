from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shipped import ROOT, bundle
from watchbill.model.alerts import Severity
from watchbill.testpage import wording
from watchbill.testpage.deployed import Deployed, Routed
from watchbill.testpage.plan import choose_plan
from watchbill.testpage.run import PageResult, Sent, problems

AT = datetime(2026, 11, 24, 18, 4, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def sent() -> Sent:
    plan = choose_plan(bundle(), team="backend", severity=Severity.P0, env=None)
    server = Deployed("https://alertmanager.example.com")
    return Sent(plan, server, "0.33.1", "k", AT, AT.replace(minute=9), watched=15.0, quiet=())


def verdict(sent: Sent, routed: Routed) -> PageResult:
    return PageResult(sent, routed, problems(sent, routed))


def test_the_readme_shows_what_the_command_says(sent: Sent) -> None:
    said = wording.after(verdict(sent, Routed((sent.plan.receiver.name,))))
    shown = f"{wording.before(sent)}\nsent; watching it for 15 s …\n{said}\n"
    assert shown in (ROOT / "docs/routing.md").read_text()


def test_all_that_is_wrong_is_reported_at_once(sent: Sent) -> None:
    routed = Routed(("unowned",), silenced_by=("a", "b"), inhibited_by=("c",), muted_by=("nights",))
    sent_elsewhere = problems(sent, Routed(("unowned",)))[0]
    notified = wording.after(verdict(replace(sent, quiet=("Info waits at night",)), routed)).splitlines()
    assert notified == [
        "The test page is not sent as the specs say:",
        f"  {sent_elsewhere}",
        '  it is silenced, by "a", "b"; look at https://alertmanager.example.com/#/silences',
        '  it is inhibited, by the alert with the fingerprint "c"; look at https://alertmanager.example.com/#/alerts',
        '  it is muted at this hour, by the time interval "nights"',
    ]


def test_a_quiet_time_is_named_before_anything_is_sent(sent: Sent) -> None:
    assert "Info waits at night: it will not be sent now" in wording.before(
        replace(sent, quiet=("Info waits at night",))
    )
