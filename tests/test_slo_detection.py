"""How soon an objective's alerts tell of a fault, and of what they do not: raw events through the real rules."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from accuracy import RECORDED_AT, generate, record_all
from emitted import EmittedRule, compile_rules, once, rules_of, substituted
from scenarios import DAY, HOUR, START, Scenario, by_day
from servers import prometheus, query_range
from watchbill.tools import GENERATIONS

MINUTE = 60
PAGE, TICKET = "AvailabilityBudgetBurn", "AvailabilityBudgetBurnSlow"
FAULT = 8 * HOUR  # past the 6h window, so that it is full of what was before
LATE_FAULT = 3 * DAY + HOUR  # past the longest window
BUDGET = 0.001
# The Site Reliability Workbook, ch. 5: a window detects after (error budget / error ratio) * window * burn rate.
OUTAGE, TIMES_15, TIMES_10 = 1.0, 0.015, 0.010
BY_THE_WORKBOOK = {
    (OUTAGE, PAGE): BUDGET * 14.4 * HOUR / OUTAGE,  # 52 s
    (TIMES_15, PAGE): BUDGET * 14.4 * HOUR / TIMES_15,  # 58 min
    (TIMES_10, PAGE): BUDGET * 6 * 6 * HOUR / TIMES_10,  # 3 h 36 min
    (TIMES_15, TICKET): BUDGET * 3 * DAY / TIMES_15,  # 4 h 48 min, over 1d and over 3d alike
    (TIMES_10, TICKET): BUDGET * 3 * DAY / TIMES_10,  # 7 h 12 min
}
EVALUATED, NEXT_SCRAPE = MINUTE, 30
RARE = tuple(round(number * DAY / 58 / 30) * 30 for number in range(-1, 60))  # 58 requests a day
SECONDS, LATE_SECONDS = 14 * HOUR, LATE_FAULT + 8 * HOUR


def _after(at: float, ratio: float) -> Scenario:
    """Fail at a ratio from a time on, with 20 requests a second."""
    return Scenario(f"from{at:.0f}ratio{ratio * 1000:.0f}", "", lambda _: 20.0, lambda now: ratio if now >= at else 0.0)


def _rare(job: str, errors: Iterable[float]) -> Scenario:
    failing = set(errors)
    return Scenario(
        job,
        "",
        lambda at: 1 / 30 if at in RARE else 0.0,
        lambda at: 1.0 if at in failing else 0.0,
        births=(-20.0 * MINUTE,),
    )


def _noisy() -> Scenario:
    """Fail at a third of the budget, all of it in bursts: ten minutes at 30 times the budget, by chance."""
    rng = random.Random("noise")  # noqa: S311 (no secret: the same noise in every run)
    bursts = [rng.random() < 1 / 90 for _ in range(30 * 24 * 6 + 10)]
    return Scenario(
        "noisy",
        "",
        lambda at: by_day(at) / 10,
        lambda at: 30 * BUDGET if bursts[max(0, int(at // (10 * MINUTE)))] else 0.0,
    )


# Faults begin at every minute between two full five minutes, on which the floor of bad events is counted.
OUTAGES = [_after(FAULT + minute * MINUTE, OUTAGE) for minute in range(5)]
SLOWER = {ratio: _after(LATE_FAULT, ratio) for ratio in (TIMES_15, TIMES_10)}
ONE_ERROR = _rare("oneerror", [at for at in RARE if at >= FAULT][:1])
RARE_OUTAGE = _rare("rareoutage", [at for at in RARE if at >= FAULT])
FAULTS = [*OUTAGES, ONE_ERROR, RARE_OUTAGE]
NOISY = _noisy()


@dataclass(frozen=True, slots=True)
class Watch:
    """The times, in seconds after `START`, at which each alert of each job fires."""

    fires: dict[tuple[str, str], list[float]]

    def detects(self, scenario: Scenario, alert: str, fault: float) -> float:
        """Return the seconds from a fault until the alert fires; infinite where it never does."""
        return min((at - fault for at in self.fires[scenario.job, alert]), default=math.inf)


def watch(generation: str, folder: Path, raw: Path, played: Sequence[Scenario], seconds: int, step: int) -> Watch:
    """Record what happened, and evaluate the alerts every `step` seconds."""
    folder.mkdir()
    files = compile_rules(folder / "specs", [each.job for each in played])

    def rules(job: str, part: str) -> list[EmittedRule]:
        return rules_of(files[f"{job}.{part}.rules.yml"])

    end = START + seconds
    steps = {
        each: (rules(each.job, "slo.availability.events"), once(rules(each.job, "slo.availability.windows")))
        for each in played
    }
    recorded = record_all(generation, raw, folder, steps, end)
    fires = {}
    with prometheus(generation, raw, recorded, folder=folder / "watch") as url:
        for each in played:
            expressions = substituted(
                [*rules(each.job, "slo.availability.windows"), *rules(each.job, "slo.availability")]
            )
            for alert in (PAGE, TICKET):
                found = query_range(url, expressions[alert], START + RECORDED_AT, end, step)
                fires[each.job, alert] = [at - START for at, _ in found]
    return Watch(fires)


@pytest.fixture(scope="module")
def raws(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    generate(folder / "faults", folder, FAULTS, SECONDS)
    generate(folder / "slower", folder, [*SLOWER.values()], LATE_SECONDS)
    generate(folder / "quiet", folder, [NOISY], 30 * DAY)
    return folder


@pytest.fixture(scope="module", params=GENERATIONS)
def diagnostics(request: pytest.FixtureRequest, raws: Path, tmp_path_factory: pytest.TempPathFactory) -> Watch:
    folder = tmp_path_factory.mktemp("faults") / request.param
    return watch(request.param, folder, raws / "faults", FAULTS, SECONDS, MINUTE)


@pytest.fixture(scope="module", params=GENERATIONS)
def slower(request: pytest.FixtureRequest, raws: Path, tmp_path_factory: pytest.TempPathFactory) -> Watch:
    folder = tmp_path_factory.mktemp("slower") / request.param
    return watch(request.param, folder, raws / "slower", [*SLOWER.values()], LATE_SECONDS, MINUTE)


@pytest.fixture(scope="module", params=GENERATIONS)
def quiet(request: pytest.FixtureRequest, raws: Path, tmp_path_factory: pytest.TempPathFactory) -> Watch:
    folder = tmp_path_factory.mktemp("quiet") / request.param
    return watch(request.param, folder, raws / "quiet", [NOISY], 30 * DAY, 5 * MINUTE)


def test_total_outage_pages_as_soon_as_the_workbook_says(diagnostics: Watch) -> None:
    found = [diagnostics.detects(each, PAGE, FAULT + minute * MINUTE) for minute, each in enumerate(OUTAGES)]
    assert max(found) <= BY_THE_WORKBOOK[OUTAGE, PAGE] + EVALUATED + NEXT_SCRAPE


@pytest.mark.parametrize(("ratio", "alert"), [key for key in BY_THE_WORKBOOK if key[0] != OUTAGE])
def test_slower_burn_is_notified_when_the_workbook_says(ratio: float, alert: str, slower: Watch) -> None:
    expected = BY_THE_WORKBOOK[ratio, alert]
    # What is longer than an hour is read from events that were counted over five minutes, at steps of five.
    assert expected - 2 * MINUTE <= slower.detects(SLOWER[ratio], alert, LATE_FAULT) <= expected + 10 * MINUTE


@pytest.mark.parametrize("scenario", OUTAGES, ids=lambda each: each.job)
def test_nothing_fires_before_an_outage(scenario: Scenario, diagnostics: Watch) -> None:
    assert all(at >= FAULT for alert in (PAGE, TICKET) for at in diagnostics.fires[scenario.job, alert])


@pytest.mark.parametrize("scenario", SLOWER.values(), ids=lambda each: each.job)
def test_nothing_fires_before_a_slower_burn(scenario: Scenario, slower: Watch) -> None:
    assert all(at >= LATE_FAULT for alert in (PAGE, TICKET) for at in slower.fires[scenario.job, alert])


def test_thirty_days_of_noise_at_a_third_of_the_budget_page_nobody(quiet: Watch) -> None:
    assert quiet.fires[NOISY.job, PAGE] == []


def test_one_error_among_58_requests_a_day_tells_nobody(diagnostics: Watch) -> None:
    assert [diagnostics.fires[ONE_ERROR.job, alert] for alert in (PAGE, TICKET)] == [[], []]


def test_total_outage_pages_at_58_requests_a_day(diagnostics: Watch) -> None:
    first = next(at for at in RARE if at >= FAULT)
    fifth = RARE[RARE.index(first) + 4]
    # Once five have failed, which is the floor; a failure that falls between two windows may not count.
    assert diagnostics.detects(RARE_OUTAGE, PAGE, fifth) <= 30 * MINUTE


def test_noise_holds_bursts_that_burn_faster_than_the_page_allows() -> None:
    assert max(NOISY.ratio(at) for at in range(0, 30 * DAY, 10 * MINUTE)) > 14.4 * BUDGET
