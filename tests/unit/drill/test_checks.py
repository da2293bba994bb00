from __future__ import annotations

from dataclasses import replace

from watchbill.channels.received import Notification, Recipient
from watchbill.drill import checks

BACKEND, TEAM = ("PagerDuty", "Backend"), ("Slack", "#incidents")
SUMMARY = "Too many requests fail: core-api in production/main"


def subject(*notified: Recipient) -> checks.Subject:
    return checks.Subject(
        {"alertname": "Fails", "service": "core-api", "env": "production"}, SUMMARY, frozenset(notified)
    )


def notification(
    notified: Recipient, firing: str = SUMMARY, *, title: str = SUMMARY, ended: bool = False, key: str = ""
) -> Notification:
    return Notification(
        notified, 0.0, ended, key, title, "" if ended else firing, firing if ended else "", {"Runbook": "r"}
    )


def test_numbers_may_differ_a_little_and_words_not_at_all() -> None:
    measured = ["2.3%", "1d 20h 27m 16s"]
    assert checks.differs("Now 2.3% of requests", "Now 2.31% of requests", measured) == ""
    assert "got 3.3" in checks.differs("Now 2.3% of requests", "Now 3.3% of requests", measured)
    assert "got" in checks.differs("Now 2.3% of requests", "Now 2.3% of minutes", measured)
    assert checks.differs("used up in 1d 20h 27m 16s.", "used up in 1d 20h 3m 1s.", measured) == ""
    assert checks.differs("used up in 1d 20h 27m 16s.", "used up in 3d 2h 3m 1s.", measured)


def test_a_number_that_is_not_measured_is_exact() -> None:
    wanted = "Above 95% for 2 minutes. Now 96% in use."
    assert checks.differs(wanted, "Above 95% for 2 minutes. Now 96.1% in use.", ["96%"]) == ""
    assert "got 93" in checks.differs(wanted, "Above 93% for 2 minutes. Now 96% in use.", ["96%"])


def test_an_alert_waits_as_long_as_its_for_and_hardly_longer() -> None:
    assert checks.waited(2.0, 2.25) == ""
    assert checks.waited(0.0, 0.0) == ""
    assert "pending for 1.75 s, and for is 2.00 s" in checks.waited(2.0, 1.75)
    assert checks.waited(2.0, 4.0)


def test_who_is_missing_and_who_is_too_many_are_both_reported() -> None:
    assert checks.reached(subject(BACKEND, TEAM), [notification(BACKEND), notification(TEAM)]) == ""
    assert checks.reached(subject(BACKEND, TEAM), [notification(BACKEND)]) == "Slack #incidents was not notified"
    assert (
        checks.reached(subject(BACKEND), [notification(BACKEND), notification(TEAM)]) == "Slack #incidents was notified"
    )
    assert checks.reached(subject(TEAM), [notification(TEAM)], ended=True) == "Slack #incidents was not notified"
    assert checks.reached(subject(TEAM), [notification(TEAM, ended=True)], ended=True) == ""


def test_the_same_message_twice_is_one_too_many() -> None:
    mine = subject(TEAM)
    other = checks.Subject({"alertname": "Other"}, "Another thing is wrong", frozenset({TEAM}))
    both = f"{SUMMARY}\nAnother thing is wrong"
    assert checks.repeated(mine, [mine, other], [notification(TEAM), notification(TEAM, both)]) == ""
    assert (
        checks.repeated(mine, [mine, other], [notification(TEAM), notification(TEAM)])
        == "Slack #incidents was notified 2 times"
    )


def test_a_message_about_nothing_that_fired_is_a_stranger() -> None:
    mine = subject(TEAM)
    assert checks.strangers([mine], [notification(TEAM)]) == ""
    assert "nothing of that kind fired" in checks.strangers([mine], [notification(TEAM, "x", title="A stranger")])
    assert "was notified of core-api/Fails" in checks.strangers([mine], [notification(BACKEND)])


def test_incidents_are_counted_by_their_keys() -> None:
    got = [notification(BACKEND, key="a"), notification(BACKEND, key="a", ended=True), notification(BACKEND, key="b")]
    assert checks.incidents(got) == {BACKEND: 2}


def test_links_are_those_of_the_alert_that_they_stand_with() -> None:
    text = f"[P1] Another\nRunbook: https://x/other\n\n[P1] {SUMMARY}\nRunbook: https://x/mine\nSilence: https://x/s"
    mail = Notification(
        ("e-mail", "a@example.com"), 0.0, ended=False, incident="", title="[P1] x", firing=text, resolved="", links={}
    )
    assert checks.links_of(subject(), mail) == {"Runbook": "https://x/mine", "Silence": "https://x/s"}
    slack = f"*Another* · <https://x/other|Runbook>\n*{SUMMARY}* · <https://x/mine|Runbook>"
    assert checks.links_of(subject(), notification(TEAM, slack, title="[P1] Another")) == {"Runbook": "https://x/mine"}
    event = replace(notification(BACKEND, title="Another"), first_only=True)
    assert checks.links_of(subject(), event) is None
