"""How true the budget is: courses of events in a real Prometheus, against the events that made them."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from emitted import EmittedRule, compile_rules, once, rules_of, substituted
from scenarios import DAY, HOUR, LEAD, PLACE, START, Scenario, Truth, history, is_down
from servers import backfill, prometheus, query, query_range, series
from watchbill.tools import GENERATIONS

BAR = 0.02
COVERAGE_BAR = 0.0005  # 22 minutes of 30 days
BUDGET = 0.001
NIGHT_BEFORE = 8 * HOUR  # before the end, which is at noon
RECORDED_AT = 17  # seconds after the full minute: rules are not evaluated when targets are scraped
# One error in one window of five minutes counts as 0 or as 10/9, by where the scrapes fall: a third of deviation.
SHOWN_FROM = 300  # errors, at which that makes 2%
BURNS = {"1h": HOUR, "6h": 6 * HOUR, "1d": DAY, "3d": 3 * DAY}


@dataclass(frozen=True, slots=True)
class Measured:
    """One scenario on one generation: error ratios as shares of the truth, the budget as it is and as shown.

    `poisoned` are the rules that gave NaN or Inf, at the end or in the night before.
    """

    title: str
    generation: str
    ratio: float
    budget_left: float
    budget_true: float
    burns: Mapping[str, float]
    shown_burns: tuple[str, ...]
    coverage: float
    coverage_true: float
    raw: float
    mean_of_ratios: float
    poisoned: tuple[str, ...]
    hidden: str

    @property
    def meets(self) -> bool:
        """Whether all that the data can show is within the bar: of budgets, what is spent of them.

        Coverage has to be right even where nothing else can be.
        """
        suppresses = abs(self.coverage - self.coverage_true) <= COVERAGE_BAR
        if self.hidden or self.poisoned or not suppresses:
            return suppresses and not self.poisoned
        burns = all(abs(self.burns[window] - 1) <= BAR for window in self.shown_burns)
        spent = max(1.0, 1 - self.budget_true)
        return abs(self.ratio - 1) <= BAR and abs(self.budget_left - self.budget_true) <= BAR * spent and burns


def ours(folder: Path, played: Iterable[Scenario], period: str) -> dict[str, tuple[list[EmittedRule], ...]]:
    """Compile an objective for every scenario; gives the rules of its events, and those built on them, by job."""
    jobs = [scenario.job for scenario in played]
    files = compile_rules(folder, jobs, period=period)
    return {
        job: (
            rules_of(files[f"{job}.slo.availability.events.rules.yml"]),
            rules_of(files[f"{job}.slo.availability.windows.rules.yml"]),
        )
        for job in jobs
    }


def record(url: str, scenario: Scenario, rules: Iterable[EmittedRule], end: float) -> Iterator[list[tuple[float, str]]]:
    """Evaluate rules every minute of the period, as a server does that was up; gives lines with their times."""
    start = START - LEAD + 5 * 60 + RECORDED_AT
    for rule in rules:
        if not rule.records:
            continue
        here = {} if rule.expr.startswith("vector") else PLACE
        line = series(rule.name, {**here, **dict(rule.labels)})
        points = query_range(url, rule.expr, start, end, 60)
        yield [(at, f"{line}{value} {at:.3f}\n") for at, value in points if not is_down(scenario, at - START)]


def sloth_input(job: str) -> EmittedRule:
    """Write what Sloth's period reads: the error ratio of five minutes, every minute."""
    errors = f'sum by (cluster, env) (rate(http_requests_total{{job="{job}",status=~"5.."}}[5m]))'
    total = f'sum by (cluster, env) (rate(http_requests_total{{job="{job}"}}[5m]))'
    return EmittedRule(
        "slo:sli_error:ratio_rate5m", f"{errors} / {total}", (("sloth_slo", job),), records=True, interval_seconds=60
    )


def record_all(
    generation: str, raw: Path, folder: Path, rules: Mapping[Scenario, Sequence[Sequence[EmittedRule]]], end: float
) -> Path:
    """Record what happened in every scenario on a server of a generation; returns the folder of the blocks.

    Each scenario has two lists of rules, of which the second reads what the first recorded, and nothing else.
    """
    recorded = folder / "recorded"
    for number, blocks in enumerate((raw, recorded)):
        server = prometheus(generation, blocks, folder=folder / f"record-{number}")
        with server as url, ThreadPoolExecutor(2) as pool:
            found = pool.map(lambda each, at=url, step=number: list(record(at, each, rules[each][step], end)), rules)
            lines = sorted(chain.from_iterable(chain.from_iterable(found)), key=lambda point: point[0])
        backfill((line for _, line in lines), recorded, scratch=folder)
    return recorded


def measure(
    generation: str, raw: Path, truths: Mapping[str, Truth], folder: Path, *, played: Sequence[Scenario], days: int
) -> list[Measured]:
    """Record the events of every scenario on a server, and evaluate what is built on them at the period's end."""
    end = START + days * DAY + RECORDED_AT
    rules = ours(folder / "specs", played, f"{days}d")
    steps = {each: ([*rules[each.job][0], sloth_input(each.job)], once(rules[each.job][1])) for each in played}
    recorded = record_all(generation, raw, folder, steps, end)
    with prometheus(generation, raw, recorded, folder=folder / "evaluate") as url:
        return [
            _compare(url, generation, each, truths[each.job], substituted(rules[each.job][1]), end) for each in played
        ]


def _compare(
    url: str, generation: str, scenario: Scenario, truth: Truth, expressions: Mapping[str, str], end: float
) -> Measured:
    period = round((end - START) // DAY * DAY)

    def shown(expr: str) -> float:
        value = query(url, expr, end).value
        return math.nan if value is None else value

    true_ratio = truth.ratio(period)
    selector = f'http_requests_total{{job="{scenario.job}"%s}}'
    raw = f"sum(increase({selector}[{period}s])) / sum(increase({selector}[{period}s]))" % (',status=~"5.."', "")
    five = f'slo:sli_error:ratio_rate5m{{sloth_slo="{scenario.job}"}}[{period}s]'
    burns, shown_burns = {}, []
    for window, seconds in BURNS.items():
        true_burn = truth.ratio(seconds) / BUDGET
        burns[window] = shown(expressions[f"slo:burn_rate:{window}"]) / true_burn if true_burn else math.nan
        if truth.counted(seconds)[1] >= SHOWN_FROM:
            shown_burns.append(window)
    poisoned = {
        name
        for name, expr in expressions.items()
        for at in (end, end - NIGHT_BEFORE)
        if not all(math.isfinite(float(each["value"][1])) for each in query(url, expr, at).result)
    }
    return Measured(
        title=scenario.title,
        generation=generation,
        ratio=shown(expressions["slo:error_ratio:period"]) / true_ratio,
        budget_left=shown(expressions["slo:budget_left:ratio"]),
        budget_true=1 - true_ratio / BUDGET,
        burns=burns,
        shown_burns=tuple(shown_burns),
        coverage=shown(expressions["slo:coverage:ratio"]),
        coverage_true=1 - (scenario.down[1] - scenario.down[0] if scenario.down else 0) / period,
        raw=shown(raw) / true_ratio,
        mean_of_ratios=shown(f"sum_over_time({five}) / count_over_time({five})") / true_ratio,
        poisoned=tuple(sorted(poisoned)),
        hidden=scenario.hidden,
    )


def generate(blocks: Path, scratch: Path, played: Sequence[Scenario], seconds: int) -> dict[str, Truth]:
    """Play scenarios side by side, and write what Prometheus scraped of them; returns what really happened."""
    truths = {scenario.job: Truth() for scenario in played}
    steps = zip(*(history(each, truths[each.job], seconds) for each in played), strict=True)
    backfill(chain.from_iterable(chain.from_iterable(step) for step in steps), blocks, scratch=scratch)
    return truths


def run(played: Sequence[Scenario], days: int, *, say: Callable[[str], None] = lambda _: None) -> list[Measured]:
    """Measure scenarios on both generations; `say` tells the progress."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        say("accuracy: generating events")
        truths = generate(folder / "raw", folder, played, days * DAY)
        found = []
        for generation in GENERATIONS:
            say(f"accuracy, {generation}: recording and evaluating")
            (folder / generation).mkdir()
            found += measure(generation, folder / "raw", truths, folder / generation, played=played, days=days)
        return found
