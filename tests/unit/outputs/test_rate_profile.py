"""The truth that recordings are checked against is worked out right: from counted events, by hand."""

from __future__ import annotations

from watchbill.outputs.promtests.rate_profile import RateProfile, Stretch, course_of_events, course_of_minutes, truth

WINDOWS = [5, 30, 60, 120, 360]
SHORT = RateProfile((Stretch(3), Stretch(4, good=10, bad=2), Stretch(6)), steady=())


def test_events_of_the_last_five_minutes_and_of_a_window_are_added_up() -> None:
    found = truth(SHORT, timed=False, sees=0, states=False)
    assert [found.recorded(at) for at in (3, 4, 7, 8, 9, 12)] == [(0, 0), (12, 2), (48, 8), (48, 8), (36, 6), (0, 0)]
    assert found.over(13, 13) == (48, 8)
    assert found.over(13, 8) == (24, 4)


def test_minutes_are_judged_by_what_they_see() -> None:
    bad = RateProfile((Stretch(2), Stretch(2, bad=1), Stretch(3, good=1), Stretch(2)), steady=())
    now = truth(bad, timed=True, sees=0, states=True)
    assert [now.recorded(at) for at in range(8)] == [(0, 0)] * 2 + [(1, 1)] * 2 + [(1, 0)] * 3 + [(0, 0)]
    back = truth(bad, timed=True, sees=2, states=False)
    assert [back.recorded(at) for at in range(3, 9)] == [(1, 1), (1, 1), (1, 1), (1, 0), (1, 0), (1, 0)]
    assert now.over(7, 5) == (4, 1)


def test_nothing_happens_where_a_window_begins() -> None:
    for rate_profile in (course_of_events(WINDOWS), course_of_minutes(WINDOWS, 5, states=False)):
        found = truth(rate_profile, timed=False, sees=0, states=False)
        for window in WINDOWS[1:]:
            start = rate_profile.minutes - window
            assert found.over(start + 1, 6) == (0, 0), window  # a count of five minutes, and one sample more
        assert found.over(rate_profile.minutes, 5) == (0, 0)


def test_each_window_holds_something_else() -> None:
    rate_profile = course_of_events(WINDOWS)
    found = truth(rate_profile, timed=False, sees=0, states=False)
    windows = [*WINDOWS[1:], rate_profile.minutes]
    shares = [found.over(rate_profile.minutes, window) for window in windows]
    assert len({bad / events for events, bad in shares}) == len(windows)
    assert found.recorded(rate_profile.early)[1] == 0 < found.recorded(rate_profile.early)[0]
