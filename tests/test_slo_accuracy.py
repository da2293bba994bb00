"""The budget that is shown is true: ten courses of seven days in a real Prometheus of each generation, as in bench/."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from accuracy import BAR, Measured, generate, ours, record_all, run
from emitted import AVAILABILITY, compile_rules, once, rules_of, substituted
from milliseconds import check_milliseconds
from scenarios import HOUR, PLACE, START, Scenario, by_day, scenarios
from servers import prometheus, query, query_range, series
from watchbill.tools import GENERATIONS
from watchbill.tools import generation as tools_of

DAYS = 7
TITLES = {scenario.job: scenario.title for scenario in scenarios(DAYS)}
HIDDEN = ("outage", "firsts")
EXACT = [job for job in TITLES if job not in (*HIDDEN, "rare")]
SPOTLESS = {"slo:budget_left:ratio": 1, "slo:error_ratio:period": 0, "slo:error_ratio:1h": 0, "slo:burn_rate:3d": 0}
MINUTES = {"kind": "threshold", "metric": "duration", "quantile": "p50", "at_most": "500ms"}  # timed
HOLE = 0.02  # 20 minutes without scrapes hold up to 3% of a day's events, and nothing counts them
# 58 requests a day have about 20 errors in a week. One error counts as 0 or 10/9 where windows of 5 minutes meet a
# scrape every 30 s: four tenths of deviation, of which three are allowed here.
RARE_BAR = 3 * 0.42 / math.sqrt(20)
OFFSETS = range(5)  # minutes after a full five, at which windows of a day or more are read
BACKFILLED = START + 3 * HOUR


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
    recorded = record_all(generation, tmp_path / "raw", tmp_path, {spotless: (events, once(built))}, end)
    expressions = substituted(built)
    with prometheus(generation, tmp_path / "raw", recorded, folder=tmp_path / "server") as url:
        shown = {name: query(url, expressions[name], end).value for name in SPOTLESS}
    assert shown == SPOTLESS


@pytest.mark.parametrize("generation", GENERATIONS)
def test_documented_backfill_writes_what_the_server_would_have_recorded(
    generation: str, tmp_path: Path, ratio_of_a_twentieth: Path
) -> None:
    files = compile_rules(tmp_path / "specs", ["short"])
    events, windows = (
        files[f"short.{part}.rules.yml"] for part in ("slo.availability.events", "slo.availability.windows")
    )
    blocks = [ratio_of_a_twentieth]
    for number, text in enumerate((events, windows)):  # the second once the first's blocks are in their place
        rules, written = tmp_path / f"{number}.yml", tmp_path / f"blocks-{number}"
        rules.write_text(text)
        with prometheus(generation, *blocks, folder=tmp_path / f"server-{number}") as url:
            _backfill(generation, url, rules, written)
        blocks.append(written)
    with prometheus(generation, *blocks, folder=tmp_path / "after") as url:
        for rule in [*rules_of(events), *once(rules_of(windows))]:
            found = query(url, f"{rule.name}[4h]", BACKFILLED).result[0]["values"]
            assert len(found) >= 179, rule.name
            expected = query_range(url, rule.expr, found[0][0], found[-1][0], 60)
            assert [(at, float(value)) for at, value in found] == [(at, float(value)) for at, value in expected]


def _backfill(generation: str, url: str, rules: Path, written: Path) -> None:
    command = ["tsdb", "create-blocks-from", "rules", f"--url={url}", f"--start={START}", f"--end={BACKFILLED}"]
    subprocess.run(
        [tools_of(generation).promtool, *command, "--eval-interval=1m", f"--output-dir={written}", rules],
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def ratio_of_a_twentieth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("short")
    generate(folder / "raw", folder, [Scenario("short", "", by_day, lambda _: 0.05)], 3 * HOUR)
    return folder / "raw"


@pytest.mark.parametrize("generation", GENERATIONS)
def test_errors_of_a_single_scrape_interval_are_counted_once(generation: str, tmp_path: Path) -> None:
    bad = [f"0x{58 + minute} 600x4 0x{130 - minute}" for minute in OFFSETS]  # windows of 5m, a minute apart, hold them
    _recorded_from("6000x200", bad, "slo:errors:period", 600, sli=AVAILABILITY, at="3h", tmp=tmp_path, by=generation)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_one_bad_minute_in_ten_is_a_tenth_of_a_day(generation: str, tmp_path: Path) -> None:
    bad = [" ".join("1" if at % 10 == minute else "0" for at in range(25 * 60)) for minute in OFFSETS]
    _recorded_from("1x1500", bad, "slo:error_ratio:1d", 0.1, sli=MINUTES, at="24h30m", tmp=tmp_path, by=generation)


def _recorded_from(
    events: str, errors: list[str], asked: str, true: float, *, sli: Mapping[str, str], at: str, tmp: Path, by: str
) -> None:
    """Let promtool record windows from the counts of each minute, a cluster for each course of errors.

    What is asked for has to be within the bar in all of them, at `at` and in each of the four minutes after it.
    """
    rules, test = tmp / "windows.yml", tmp / "windows.test.yml"
    rules.write_text(
        compile_rules(tmp / "specs", ["short"], period="7d", sli=sli)["short.slo.availability.windows.rules.yml"]
    )
    labels = dict(rules_of(rules.read_text())[0].labels)
    given = [
        {"series": series(name, {**PLACE, "cluster": f"{number}", **labels}).strip(), "values": values}
        for number, bad in enumerate(errors)
        for name, values in (("slo:events:sum", events), ("slo:errors:sum", bad))
    ]
    right = {
        "expr": f"sum(abs({asked} / {true} - 1) <= bool {BAR})",
        "exp_samples": [{"labels": "{}", "value": len(errors)}],
    }
    asks = [{**right, "eval_time": f"{at}{seconds}s"} for seconds in (0, 60, 120, 180, 240)]
    case = {"interval": "1m", "input_series": given, "promql_expr_test": asks}
    test.write_text(yaml.safe_dump({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": [case]}))
    tool = tools_of(by).promtool
    result = subprocess.run([tool, "test", "rules", test], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
