"""Alerts that look back further than Prometheus keeps, and how long it takes until somebody is notified."""

from __future__ import annotations

from pathlib import Path

import pytest

from spectree import PLATFORM, compile_tree, service, write_tree
from watchbill.errors import SpecError

FOR_ALL = "signal: kit, severity: P1, summary: Traffic, action: Look"
DROP = f"{FOR_ALL}, kind: drop, metric: requests, below: 50%, floor: 1/s"


def refused(folder: Path, *, alert: str, retention: str = "15d", promise: str = "") -> str:
    """Compile a service with one alert; returns what is wrong, nothing where all is well."""
    platform = PLATFORM.replace("defaults: {", f"defaults: {{retention: {retention}, ")
    spec = service({"Traffic": alert})
    if promise:
        spec = spec.replace("target:", f"notify_within: {promise}\ntarget:", 1)
    try:
        compile_tree(write_tree(folder, {"platform.yaml": platform, "services/shop.yaml": spec}))
    except SpecError as error:
        return "\n".join(diagnostic.what for diagnostic in error.diagnostics)
    return ""


def test_an_alert_may_look_back_as_far_as_prometheus_keeps_and_no_further(tmp_path: Path) -> None:
    alert = f"{DROP}, baseline: 7d, smooth: 1h, for: 5m"  # so that it looks back 7d 1h
    assert refused(tmp_path, alert=alert, retention="7d1h") == ""
    assert '"Traffic" looks back 7 days 1 hour' in refused(tmp_path, alert=alert, retention="168h59m")


def test_prometheus_cannot_be_set_to_keep_less_than_one_block(tmp_path: Path) -> None:
    alert = f"{FOR_ALL}, kind: level, metric: load, above: 5, for: 5m"
    assert refused(tmp_path, alert=alert, retention="2h") == ""
    assert "Prometheus keeps 2 hours of samples at least" in refused(tmp_path, alert=alert, retention="119m")


def test_a_retention_that_cannot_be_is_the_only_complaint_about_history(tmp_path: Path) -> None:
    said = refused(tmp_path, alert=f"{DROP}, baseline: 7d, for: 5m", retention="1h")
    assert "at least" in said
    assert "looks back" not in said


@pytest.mark.parametrize(("promise", "said"), [("2m50s", ""), ("2m49s", "this is sent after 2m50s at worst (")])
def test_a_promise_counts_the_window_that_an_alert_judges_not_the_past_that_it_compares_with(
    tmp_path: Path, promise: str, said: str
) -> None:
    """A scrape of 15s, the window of 1m, an evaluation of 30s, a `for` of 45s, which ends after 1m, 5s of grouping."""
    alert = f"{DROP}, baseline: 1d, smooth: 1h, window: 1m, for: 45s"
    assert refused(tmp_path, alert=alert, promise=promise).startswith(said)
    assert bool(refused(tmp_path, alert=alert, promise=promise)) is bool(said)
