"""Faults that come and go: nothing jumps but what they mean to move."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from spectree import compile_tree
from watchbill.demo.faults import possible
from watchbill.demo.overlay import LivingWorld, area, clash
from watchbill.model.bundle import Bundle
from watchbill.model.examples import ExampleSeries, Phase, SamplePattern
from watchbill.quantity import TimeScale
from watchbill.stack.world import Series, Target, lines

ROOT = Path(__file__).parents[3]
HERE = Target("shop", ("production", "main"), "shop-1:80")
THERE = Target("shop", ("staging", "main"), "shop-2:80")
SAMPLE = """\
# TYPE requests_total counter
requests_total{status="200",route="/"} 7000
requests_total{status="500",route="/"} 3
# TYPE wait_seconds histogram
wait_seconds_bucket{le="1.0"} 40
wait_seconds_bucket{le="+Inf"} 41
wait_seconds_count 41
# TYPE jobs gauge
jobs{queue="mail"} 5
jobs{queue="bills"} 6
"""


def counter(name: str, inside: str, slope: int) -> Series:
    pattern = SamplePattern(slope=Decimal(slope))
    return Series(HERE, f"{name}{{{inside}}}", ExampleSeries(name, (), pattern, pattern, pattern))


def page(world: LivingWorld, target: Target = HERE) -> dict[str, float]:
    text = world.page(target)
    assert text is not None
    return {series: float(value) for series, value in (line.rsplit(" ", 1) for line in text.splitlines())}


@pytest.fixture
def world() -> LivingWorld:
    return LivingWorld({"shop": lines(SAMPLE)})


def test_counters_go_on_from_where_they_are_when_a_fault_comes_and_when_it_goes(world: LivingWorld) -> None:
    errors = counter("requests_total", 'route="/",status="500"', 1000)
    laid = world.disturb([errors])
    during = page(world)
    assert [name for name in during if 'status="500"' in name] == [errors.text]
    assert 3 <= during[errors.text] < 500
    laid[0].moving.since -= 60  # a minute passes
    world.lift(laid)
    after = page(world)
    assert 60_003 <= after['requests_total{status="500",route="/"}'] < 60_500
    assert after['requests_total{status="200",route="/"}'] == pytest.approx(7000, rel=1e-3)


def test_an_edge_of_1_is_one_of_1_point_0(world: LivingWorld) -> None:
    world.disturb([counter("wait_seconds_bucket", 'le="1"', 0)])
    assert page(world)['wait_seconds_bucket{le="1"}'] == pytest.approx(40, rel=1e-3)


def test_a_fault_hides_its_family_where_it_is_and_nowhere_else(world: LivingWorld) -> None:
    before = page(world, THERE)
    world.disturb([counter("wait_seconds_count", "", 0)])
    assert not [name for name in page(world) if name.startswith("wait_seconds_b")]
    assert page(world, THERE).keys() == before.keys()


def test_a_fault_of_one_signal_hides_nothing_of_another(world: LivingWorld) -> None:
    world.disturb([counter("jobs", 'queue="mail",state="stuck"', 1)], frozenset({("queue", "mail")}))
    assert [name for name in page(world) if "jobs" in name] == [
        'jobs{queue="bills"}',
        'jobs{queue="mail",state="stuck"}',
    ]


def test_a_target_is_down_while_a_fault_says_so(world: LivingWorld) -> None:
    down = SamplePattern(level=Decimal(0))
    laid = world.disturb([Series(HERE, "up", ExampleSeries("up", (), SamplePattern(level=Decimal(1)), down, down))])
    assert laid[0].moving.phase is Phase.FIRING
    assert world.page(HERE) is None
    world.lift(laid)
    assert page(world)['jobs{queue="mail"}'] == 5


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return compile_tree(ROOT / "specs", scale=TimeScale(60))


def test_every_alert_has_a_fault_or_a_reason_why_not(bundle: Bundle) -> None:
    what = possible(bundle)
    assert what.faults.keys() | what.without.keys() == {alert.id for alert in bundle.alerts}
    assert sorted(what.without) == [
        "core-api/HTTPTrafficDrop",
        "core-api/HTTPTrafficSpike",
        "monitoring/Watchdog",
        "whatsapp-gateway/MemoryLeak",
    ]
    assert {each.target for fault in what.faults.values() for each in fault.series} <= set(what.targets)
    assert len(set(what.targets)) == len(what.targets)


def test_a_slow_burn_stays_below_what_pages(bundle: Bundle) -> None:
    fault = possible(bundle).faults["core-api/AvailabilityBudgetBurnSlow"]
    rates: Mapping[str, Decimal] = {each.text: each.example.firing.slope for each in fault.series}
    bad = sum(rate for text, rate in rates.items() if 'status_code="5' in text)
    assert Decimal("0.003") < bad / sum(rates.values()) < Decimal("0.006")


def test_two_alerts_of_one_metric_move_the_same_series(bundle: Bundle) -> None:
    faults = possible(bundle).faults
    names = ("core-api/HTTP5xxErrorRateCritical", "core-api/HTTP4xxErrorRateWarning")
    first, second = ([area(each, frozenset()) for each in faults[name].series] for name in names)
    assert clash(first, second) == [("core-api", ("production", "main"), "http_requests_total", frozenset())]


def test_two_queues_of_one_metric_are_apart(bundle: Bundle) -> None:
    what = possible(bundle)
    names = ("support-desk/MessageQueueLagHigh", "support-desk/CampaignQueueLagHigh")
    first, second = ([area(each, what.within[name]) for each in what.faults[name].series] for name in names)
    assert clash(first, second) == []
    assert clash(first, first)
