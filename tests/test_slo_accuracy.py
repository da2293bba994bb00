"""The budget that is shown is true: ten courses of seven days in a real Prometheus of each generation, as in bench/."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import pytest
from emitted import compile_rules, rules_of
from milliseconds import check_milliseconds
from scenarios import HOUR, START, Scenario, by_day, scenarios
from servers import prometheus, query, query_range
from slo_accuracy import BAR, Measured, generate, ours, record_all, run, substituted

from spectree import GENERATIONS
from watchbill.tools import generation as tools_of

DAYS = 7
TITLES = {scenario.job: scenario.title for scenario in scenarios(DAYS)}
HIDDEN = ("outage", "firsts")
EXACT = [job for job in TITLES if job not in (*HIDDEN, "rare")]
SPOTLESS = {"slo:budget_left:ratio": 1, "slo:error_ratio:period": 0, "slo:error_ratio:1h": 0, "slo:burn_rate:3d": 0}
HOLE = 0.02  # 20 minutes without scrapes hold up to 3% of a day's events, and nothing counts them
# 58 requests a day have about 20 errors in a week. One error counts as 0 or 10/9 where windows of 5 minutes meet a
# scrape every 30 s: four tenths of deviation, of which three are allowed here.
RARE_BAR = 3 * 0.42 / math.sqrt(20)


@pytest.fixture(scope="module")
def measured() -> dict[tuple[str, str], Measured]:
    return {(row.generation, row.title): row for row in run(scenarios(DAYS), DAYS)}


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("job", EXACT)
def test_error_ratio_of_the_period_is_within_two_percent(
    job: str, generation: str, measured: dict[tuple[str, str], Measured]
) -> None:
    assert measured[generation, TITLES[job]].ratio == pytest.approx(1, abs=BAR)


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("job", EXACT)
def test_budget_left_is_within_two_hundredths_of_the_budget(
    job: str, generation: str, measured: dict[tuple[str, str], Measured]
) -> None:
    row = measured[generation, TITLES[job]]
    assert row.budget_left == pytest.approx(row.budget_true, abs=BAR)


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("job", EXACT)
def test_burn_rates_are_within_two_percent(
    job: str, generation: str, measured: dict[tuple[str, str], Measured]
) -> None:
    row = measured[generation, TITLES[job]]
    assert row.shown_burns == ("1h", "6h", "1d", "3d")
    assert row.burns == pytest.approx(dict.fromkeys(row.burns, 1), abs=BAR + (HOLE if job == "gaps" else 0))


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("job", TITLES)
def test_no_recording_is_ever_nan_or_infinite(
    job: str, generation: str, measured: dict[tuple[str, str], Measured]
) -> None:
    assert measured[generation, TITLES[job]].poisoned == ()


@pytest.mark.parametrize("generation", GENERATIONS)
def test_few_errors_are_counted_as_well_as_so_few_can_be(
    generation: str, measured: dict[tuple[str, str], Measured]
) -> None:
    assert measured[generation, TITLES["rare"]].ratio == pytest.approx(1, abs=RARE_BAR)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_coverage_shows_two_hours_in_which_prometheus_was_down(
    generation: str, measured: dict[tuple[str, str], Measured]
) -> None:
    assert measured[generation, TITLES["outage"]].coverage == pytest.approx(1 - 2 / (24 * DAYS), abs=0.001)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_errors_that_are_first_samples_cannot_be_seen(
    generation: str, measured: dict[tuple[str, str], Measured]
) -> None:
    assert measured[generation, TITLES["firsts"]].ratio == 0  # should this change, what the docs say of it is wrong


@pytest.mark.parametrize("generation", GENERATIONS)
def test_limit_in_milliseconds_counts_events_and_errors_of_scraped_data(generation: str) -> None:
    live = check_milliseconds(generation)
    assert live.ratio == pytest.approx(live.true_ratio, rel=BAR)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_service_that_never_failed_has_all_of_its_budget_left(generation: str, tmp_path: Path) -> None:
    spotless = Scenario("spotless", "", by_day, lambda _: 0.0, late_errors=True)  # so that there is no error series
    generate(tmp_path / "raw", tmp_path, [spotless], 3 * HOUR)
    events, built = ours(tmp_path / "specs", [spotless], "7d")[spotless.job]
    end = START + 3 * HOUR
    recorded = record_all(generation, tmp_path / "raw", tmp_path, {spotless: events}, end)
    expressions = substituted(built)
    with prometheus(generation, tmp_path / "raw", recorded, folder=tmp_path / "server") as url:
        shown = {name: query(url, expressions[name], end).value for name in SPOTLESS}
    assert shown == SPOTLESS


@pytest.mark.parametrize("generation", GENERATIONS)
def test_documented_backfill_writes_what_the_server_would_have_recorded(
    generation: str, tmp_path: Path, ratio_of_a_twentieth: Path
) -> None:
    rules = tmp_path / "events.yml"
    rules.write_text(compile_rules(tmp_path / "specs", ["short"])["short.slo-events.rules.yml"])
    start, end = START, START + 3 * HOUR
    with prometheus(generation, ratio_of_a_twentieth, folder=tmp_path / "before") as url:
        command = ["tsdb", "create-blocks-from", "rules", f"--url={url}", f"--start={start}", f"--end={end}"]
        tool = tools_of(generation).promtool
        subprocess.run(
            [tool, *command, "--eval-interval=1m", f"--output-dir={tmp_path / 'blocks'}", rules],
            check=True,
            capture_output=True,
        )
    with prometheus(generation, ratio_of_a_twentieth, tmp_path / "blocks", folder=tmp_path / "after") as url:
        for rule in rules_of(rules.read_text()):
            written = query(url, f"{rule.name}[4h]", end).result[0]["values"]
            assert len(written) >= 179, rule.name
            expected = query_range(url, rule.expr, written[0][0], written[-1][0], 60)
            assert [(at, float(value)) for at, value in written] == [(at, float(value)) for at, value in expected]


@pytest.fixture(scope="module")
def ratio_of_a_twentieth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("short")
    generate(folder / "raw", folder, [Scenario("short", "", by_day, lambda _: 0.05)], 3 * HOUR)
    return folder / "raw"
