"""What an incident is about: computed from the shipped specs, told by the labels that are emitted."""

from __future__ import annotations

import shipped
from watchbill.model.alerts import Alert, Severity, Stage


def _of(name: str) -> Alert:
    return next(alert for alert in shipped.bundle().alerts if alert.id == name)


def _about(name: str) -> str:
    return dict(_of(name).labels)["incident"]


def test_every_live_page_and_nothing_else_names_its_incident() -> None:
    named = {alert.id for alert in shipped.bundle().alerts if "incident" in dict(alert.labels)}
    pages = {
        alert.id for alert in shipped.bundle().alerts if alert.severity is Severity.P0 and alert.stage is Stage.LIVE
    }
    assert len(pages) > 20
    assert named == pages


def test_an_objective_shares_the_incident_of_the_signal_that_it_judges() -> None:
    assert _about("core-api/AvailabilityBudgetBurn") == _about("core-api/HTTP5xxErrorRateCritical") == "http"
    assert _about("conversations-platform/UptimeBudgetBurn") == "health"


def test_two_probes_of_a_service_are_one_cause_and_two_systems_are_two() -> None:
    assert _about("core-api/HealthCheckFailing") == _about("core-api/ReadinessCheckFailing")
    causes = [_about(f"core-api/{name}") for name in ("MemoryUsageCritical", "DatabaseDown", "HealthCheckFailing")]
    causes += [_about(f"core-api/{name}") for name in ("DatabaseQueryErrorRateCritical", "CircuitBreakerOpen")]
    assert len(set(causes)) == 5
    assert _about("support-desk/PostgresDown") != _about("support-desk/RedisDown")


def test_a_burn_says_what_its_rate_costs_and_not_how_much_is_gone() -> None:
    """30 days by 3 and by 1; what is gone by now depends on the traffic before, and the board says it."""
    sentence = _of("core-api/AvailabilityBudgetBurnSlow").sentence
    assert "3x over 1 day and 2 hours (all of it in 10 days) or 1x over 3 days and 6 hours (all of it in 30 days)" in (
        sentence
    )
    assert "gone" not in sentence
