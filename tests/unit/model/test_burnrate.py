"""Factors, shares and thresholds, worked out by hand from the SRE Workbook's chapter 5."""

from __future__ import annotations

from decimal import Decimal

import pytest

from watchbill.model.burnrate import STANDARD, BurnPlan, Tier, plan
from watchbill.quantity import Duration


def planned(period: str, objective: str, *tiers: Tier) -> BurnPlan:
    return plan(tiers or STANDARD, period=Duration.parse(period), objective=Decimal(objective))


def notified(made: BurnPlan) -> list[tuple[str, str, str, str]]:
    return [(tier.severity, str(tier.long), str(tier.factor), str(tier.above)) for tier in made.tiers]


def test_thirty_days_have_the_factors_of_the_workbook() -> None:
    made = planned("30d", "0.999")
    assert notified(made) == [
        ("P0", "1h", "14.4", "0.0144"),
        ("P0", "6h", "6", "0.006"),
        ("P1", "1d", "3", "0.003"),
        ("P1", "3d", "1", "0.001"),
    ]
    assert made.changes == ()
    assert [str(window) for window in made.windows] == ["5m", "30m", "1h", "2h", "6h", "1d", "3d"]


def test_factors_grow_with_the_period() -> None:
    assert [factor for _, _, factor, _ in notified(planned("90d", "0.9999"))] == ["43.2", "18", "9", "3"]
    assert [factor for _, _, factor, _ in notified(planned("28d", "0.999"))] == ["13.44", "5.6", "2.8", "1"]


def test_thresholds_are_exact_where_floats_are_not() -> None:
    assert [above for _, _, _, above in notified(planned("30d", "0.9995"))] == ["0.0072", "0.003", "0.0015", "0.0005"]
    assert [above for _, _, _, above in notified(planned("30d", "0.99999"))] == [
        "0.000144",
        "0.00006",
        "0.00003",
        "0.00001",
    ]


def test_a_tier_that_would_fire_below_the_budget_is_raised_to_it() -> None:
    made = planned("7d", "0.99")
    assert notified(made) == [
        ("P0", "1h", "3.36", "0.0336"),
        ("P0", "6h", "1.4", "0.014"),
        ("P1", "1d", "1", "0.01"),
        ("P1", "3d", "1", "0.01"),
    ]
    assert made.changes == (
        "10% of 7d within 1d is no overspending, so this tier fires at 14.29% of the budget",
        "10% of 7d within 3d is no overspending, so this tier fires at 42.86% of the budget",
    )


def test_a_tier_that_even_a_total_outage_could_not_set_off_is_lowered() -> None:
    made = planned("30d", "0.9")
    assert notified(made)[:2] == [("P0", "1h", "9", "0.9"), ("P0", "6h", "6", "0.6")]
    (change,) = made.changes
    assert change.startswith(
        "only above 90% of errors, if ever, 1h use up 2%, so this tier fires at 90%, which is 1.25%"
    )


def test_no_injected_ratio_above_one_is_ever_needed() -> None:
    for objective in ("0.2", "0.5", "0.8", "0.95", "0.999"):
        assert all(Decimal(0) < tier.above < 1 for tier in planned("30d", objective).tiers)


def test_an_objective_that_leaves_nearly_everything_has_no_tier() -> None:
    assert planned("30d", "0.05").tiers == ()


@pytest.mark.parametrize(
    ("ratio", "after"),
    [("1", "51s840ms"), ("0.1", "8m38s400ms"), ("0.0288", "30m"), ("0.0144", None)],
)
def test_detection_takes_as_long_as_the_workbook_says(ratio: str, after: str | None) -> None:
    """Chapter 5: alerting window times threshold by error ratio, for a tier of 14.4 over an hour at 99.9 %."""
    first = planned("30d", "0.999").tiers[0]
    found = first.detects_after(Decimal(ratio))
    assert (None if found is None else str(found)) == after
