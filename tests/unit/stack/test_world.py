from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from watchbill.drill import burn
from watchbill.link import link
from watchbill.lower import lower
from watchbill.model.burnrate import BurnTier
from watchbill.model.examples import GONE, ExampleSeries, Phase, SamplePattern
from watchbill.source import read_tree
from watchbill.stack.world import UP, Moving, Series, Target, World, lines

ROOT = Path(__file__).parents[3]
SAMPLE = """\
# TYPE requests_total counter
requests_total{code="200"} 5000
requests_total{code="500"} 3
# TYPE wait histogram
wait_bucket{le="1.0"} 4000
wait_bucket{le="+Inf"} 5000
wait_count 5000
# TYPE depth gauge
depth 7
"""
HERE = Target("shop", ("production", "main"), "shop-1:80")
THERE = Target("shop", ("staging", "main"), "shop-9:80")


def example(metric: str, above: SamplePattern, healthy: SamplePattern | None = None) -> ExampleSeries:
    return ExampleSeries(metric, (), healthy or SamplePattern(level=Decimal(1)), SamplePattern(), above)


def page(world: World, target: Target = HERE) -> dict[str, float]:
    text = world.page(target)
    assert text is not None
    return {series: float(value) for series, _, value in (line.rpartition(" ") for line in text.splitlines())}


def test_a_sample_goes_on_counting_and_rare_events_do_not_come() -> None:
    world = World({"shop": lines(SAMPLE)}, began=0.0)  # long ago
    shown = page(world)
    assert shown['requests_total{code="200"}'] > 5000
    assert (shown['requests_total{code="500"}'], shown["depth"]) == (3, 7)


def test_beside_a_fault_counters_stand_still_and_gauges_and_buckets_are_gone() -> None:
    world = World({"shop": lines(SAMPLE)}, began=0.0)
    world.lay([Series(HERE, 'requests_total{code="503"}', example("requests_total", SamplePattern(slope=Decimal(2))))])
    world.lay([Series(HERE, 'wait_bucket{le="1"}', example("wait_bucket", SamplePattern()))])
    world.lay([Series(HERE, "depth", example("depth", SamplePattern(level=Decimal(90))))])
    shown = page(world)
    assert shown['requests_total{code="200"}'] == 5000
    assert {series for series in shown if "wait" in series} == {'wait_bucket{le="1"}', "wait_count"}
    assert shown["depth"] == 1
    assert page(world, THERE)["depth"] == 7  # elsewhere all is as usual


def test_a_counter_of_an_older_version_is_gone_beside_the_same_one_with_a_label_more() -> None:
    world = World({"shop": lines(SAMPLE + "# TYPE lost counter\nlost 0\n")}, began=0.0)
    world.lay([Series(HERE, 'lost{to="a"}', example("lost", SamplePattern(slope=Decimal(2))))])
    assert {series for series in page(world) if "lost" in series} == {'lost{to="a"}'}


def test_a_fault_that_takes_a_metric_away_leaves_nothing_of_it() -> None:
    world = World({"shop": lines(SAMPLE)})
    [moving] = world.lay([Series(HERE, "requests_total", example("requests_total", GONE))])
    assert page(world)["requests_total"] == 1
    moving.enter(Phase.FIRING, world.began)
    assert not any(series.startswith("requests_total") for series in page(world))


def test_a_scrape_fails_as_often_as_up_says() -> None:
    world = World({"shop": lines(SAMPLE)})
    [moving] = world.lay([Series(HERE, UP, example(UP, SamplePattern(level=Decimal("0.4"))))])
    assert all(world.page(HERE) is not None for _ in range(10))
    moving.enter(Phase.FIRING, world.began)
    assert sum(world.page(HERE) is not None for _ in range(100)) == 40
    assert UP not in page(world, THERE)


def test_a_series_goes_on_from_where_it_is() -> None:
    moving = Moving(example("x", SamplePattern(slope=Decimal(10)), SamplePattern(slope=Decimal(1))), since=100.0)
    assert moving.value(160.0) == 5060
    moving.enter(Phase.FIRING, 160.0)
    assert moving.value(170.0) == 5160


def test_an_objective_burns_just_past_its_threshold_and_only_there() -> None:
    bundle = lower(link(read_tree(ROOT / "specs")))
    every = [(slo, tier) for service in bundle.services for slo in service.slos for tier in slo.tiers]
    assert len(every) > 40
    for slo, tier in every:
        minute_counts = burn.minute_counts(slo, tier)
        long, short = (minute_counts.ratio(burn.minutes(window)) for window in (tier.long, tier.short))
        above = float(tier.above)
        assert above < long < 1.2 * above + 1 / burn.minutes(tier.long), (slo.id, tier.long)
        assert short > above, (slo.id, tier.short)
        clean = burn.minute_counts(slo, tier, ended=burn.minutes(tier.short) + 10)
        assert clean.ratio(burn.minutes(tier.short)) == 0
        others = [other for other in slo.tiers if other.severity != tier.severity]
        if tier is next(each for each in slo.tiers if each.severity == tier.severity):
            burning = [t.severity for t in others if _burns(minute_counts, t)]
            assert "P0" not in burning, (slo.id, tier.long)


def _burns(minute_counts: burn.MinuteCounts, tier: BurnTier) -> bool:
    windows = (burn.minutes(tier.long), burn.minutes(tier.short))
    return all(minute_counts.ratio(window) > float(tier.above) for window in windows)
