"""Measure what one objective costs: the samples that its rules read per minute, ours beside Sloth's and Pyrra's.

A service of 20 and one of 500 series, scraped every 30 s. Of the small one 30 days are backfilled. Of the large one
the last 3 days are, which is the longest raw window of ours and of Sloth's; longer ones of Pyrra are read over 3 days
and multiplied, and the small service proves that this gives the same number. Recorded inputs are there for 30 days.
"""

from __future__ import annotations

import math
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product
from pathlib import Path

from peers import Build, pyrra, sloth, sloth_being_built
from report import Column, save, say, table

from emitted import EmittedRule, compile_rules, rules_of, seconds
from scenarios import DAY, PLACE, START, STEP
from servers import backfill, prometheus, query, series
from watchbill.tools import GENERATIONS

END = START + 30 * DAY
RAW_DAYS = {20: 30, 500: 3}
SIZES = {20: (2, 2), 500: (10, 10)}  # instances and routes, each with five statuses
STATUSES = ("200", "201", "404", "500", "503")
BARS = {20: 10, 500: 50}  # how many times less than Sloth
MOST_SERIES = 25
WINDOW = re.compile(r"(http_requests_total\{[^}]*\}\[)(\w+)(?=\])")
# What rules read over long windows; all other recorded series only need a last sample.
LONG = (
    "slo:heartbeat:count",
    "slo:events:sum",
    "slo:errors:sum",
    "slo:events:once",
    "slo:errors:once",
    "slo:sli_error:ratio_rate5m",
)


@dataclass(frozen=True, slots=True)
class RuleCost:
    """One evaluation of one rule: samples that it reads, per minute by its group's interval, and series it stores."""

    series: int
    generation: str
    tool: str
    rule: str
    samples: float
    per_minute: float
    stored: int
    seconds_per_minute: float


@dataclass(frozen=True, slots=True)
class Cost:
    """All rules of one tool together; shares are of Sloth's."""

    series: int
    generation: str
    tool: str
    rules: int
    stored: int
    samples_per_minute: float
    times_less_than_sloth: float
    time_share_of_sloth: float
    source: str

    @property
    def meets(self) -> bool:
        """Whether our own rules are within the bars; nobody else's are checked against any."""
        if self.tool != "watchbill":
            return True
        return self.times_less_than_sloth >= BARS[self.series] and self.stored <= MOST_SERIES


def raw_lines(size: int) -> Iterator[str]:
    """Write what a service of many series counts."""
    instances, routes = SIZES[size]
    lines = [
        series("http_requests_total", {"job": "shop", "instance": f"{i}", "route": f"/{r}", "status": status, **PLACE})
        for i in range(instances)
        for r in range(routes)
        for status in STATUSES
    ]
    steps = RAW_DAYS[size] * DAY // STEP
    for step in range(-20, steps + 1):
        end = f"{step + 20} {END + (step - steps) * STEP + 3.5:.1f}\n"
        for line in lines:
            yield line + end


def recorded_lines(rules: Iterable[EmittedRule]) -> Iterator[str]:
    """Write what rules have recorded: every minute of 30 days where it is read over long windows, else just now."""
    wanted = [rule for rule in rules if rule.records]
    lines = {rule: _line(rule) for rule in wanted}
    for minute in range(-30 * 24 * 60, 1):
        for rule, line in lines.items():
            if rule.name in LONG or minute > -10:
                yield f"{line}0.05 {END + minute * 60 - 20}\n"


def _line(rule: EmittedRule) -> str:
    ours = dict(rule.labels).get("sli")
    here = {} if not ours or rule.expr.startswith("vector") or "heartbeat" in rule.expr[:80] else PLACE
    return series(rule.name, {**here, **dict(rule.labels)})


def cost_of(url: str, rule: EmittedRule, *, size: int, tool: str, generation: str) -> RuleCost:
    """Evaluate one rule at the end of the history; the middle of three times counts."""
    expr, factor = within_raw(rule.expr, RAW_DAYS[size])
    answers = sorted((query(url, expr, END) for _ in range(3)), key=lambda answer: answer.seconds)
    samples = answers[1].samples * factor
    a_minute = 60 / rule.interval_seconds
    return RuleCost(
        series=size,
        generation=generation,
        tool=tool,
        rule=rule.name,
        samples=samples,
        per_minute=samples * a_minute,
        stored=len(answers[1].result) if rule.records else 0,
        seconds_per_minute=answers[1].seconds * factor * a_minute,
    )


def within_raw(expr: str, days: int) -> tuple[str, float]:
    """Shorten raw windows that are longer than the history; returns by what the samples have to be multiplied."""
    longest = max((seconds(window) for _, window in WINDOW.findall(expr)), default=0)
    if longest <= days * DAY:
        return expr, 1
    return WINDOW.sub(rf"\g<1>{days}d", expr), longest / (days * DAY)


def check_multiplying(url: str, rules: Iterable[EmittedRule]) -> None:
    """Check the multiplied windows of the large service against what the small one reads in full."""
    for rule in rules:
        shortened, factor = within_raw(rule.expr, RAW_DAYS[500])
        if factor == 1:
            continue
        full, guess = query(url, rule.expr, END).samples, query(url, shortened, END).samples * factor
        if abs(guess / full - 1) > 0.005:
            raise RuntimeError(f"{rule.name} reads {full} samples, and {guess} were expected")


def run(build: Build | None) -> tuple[list[Cost], list[RuleCost]]:
    """Measure all rules of all tools at both sizes on both generations."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        raws = {}
        for size in SIZES:
            say(f"cost: writing {RAW_DAYS[size]} days of {size} series")
            raws[size] = folder / f"raw-{size}"
            backfill(raw_lines(size), raws[size], scratch=folder)
        if build:
            say("cost: waiting for Sloth's generator to be built")
        text, source = sloth(build)
        tools = {"watchbill": ours(folder / "specs"), "Sloth": rules_of(text), "Pyrra": rules_of(pyrra())}
        recorded = folder / "recorded"
        backfill(recorded_lines(chain.from_iterable(tools.values())), recorded, scratch=folder)
        costs = []
        for generation, (size, raw) in product(GENERATIONS, raws.items()):
            say(f"cost: {size} series on {generation}")
            with prometheus(generation, raw, recorded, folder=folder / f"{generation}-{size}") as url:
                if size == min(SIZES):
                    check_multiplying(url, tools["Pyrra"])
                for tool, rules in tools.items():
                    costs += [cost_of(url, rule, size=size, tool=tool, generation=generation) for rule in rules]
    return summed(costs, {"watchbill": "its compiler", "Sloth": source, "Pyrra": "its documented form"}), costs


def ours(folder: Path) -> list[EmittedRule]:
    """List our own rules for the objective, recordings and alerts."""
    files = compile_rules(folder, ["shop"])
    parts = ("slo.availability.events", "slo.availability.windows", "slo.availability")
    return list(chain.from_iterable(rules_of(files[f"shop.{part}.rules.yml"]) for part in parts))


def summed(costs: Sequence[RuleCost], sources: Mapping[str, str]) -> list[Cost]:
    """Add up the rules of each tool."""
    found = []
    for generation, size in product(GENERATIONS, SIZES):
        here = [cost for cost in costs if (cost.series, cost.generation) == (size, generation)]
        sloths = [cost for cost in here if cost.tool == "Sloth"]
        read, took = sum(cost.per_minute for cost in sloths), sum(cost.seconds_per_minute for cost in sloths)
        for tool, source in sources.items():
            own = [cost for cost in here if cost.tool == tool]
            samples = sum(cost.per_minute for cost in own)
            found.append(
                Cost(
                    series=size,
                    generation=generation,
                    tool=tool,
                    rules=len(own),
                    stored=sum(cost.stored for cost in own),
                    samples_per_minute=samples,
                    times_less_than_sloth=read / samples,
                    time_share_of_sloth=round(sum(cost.seconds_per_minute for cost in own) / took, 1),
                    source=source,
                )
            )
    return found


def _verdict(row: Cost) -> str:
    if row.tool != "watchbill":
        return ""
    bars = f"{BARS[row.series]} times less, {MOST_SERIES} series"
    return f"{'meets' if row.meets else 'misses'} ({bars})"


COLUMNS: tuple[Column[Cost], ...] = (
    Column("series", lambda row: str(row.series)),
    Column("on", lambda row: row.generation, left=True),
    Column("rules of", lambda row: row.tool, left=True),
    Column("rules", lambda row: str(row.rules)),
    Column("stored series", lambda row: str(row.stored)),
    Column("samples a minute", lambda row: f"{row.samples_per_minute:,.0f}"),
    Column("times less than Sloth", lambda row: f"{row.times_less_than_sloth:.1f}"),
    Column("time (Sloth = 1)", lambda row: f"{row.time_share_of_sloth:.1f}"),
    Column("as written by", lambda row: row.source, left=True),
    Column("bars", _verdict, left=True),
)


def main(build: Build | None = None) -> int:
    """Print the table, and write it down; 1 where a bar is missed."""
    found, costs = run(build)
    print("Cost of one availability objective of 99.9% in 30 days. Sloth's groups have no interval: evaluated each")
    print("minute, as ours. Every alert burns, so that nothing is cut short.")
    print(table(COLUMNS, found))
    own = [cost for cost in costs if cost.tool == "watchbill" and cost.generation == "newest"]
    for size in SIZES:
        most = sorted((cost for cost in own if cost.series == size), key=lambda cost: -cost.per_minute)[:5]
        print(f"What reads most of ours at {size} series: " + ", ".join(f"{c.rule} {c.per_minute:,.0f}" for c in most))
    # Seconds differ with the machine, and are left out of what is written down.
    save("slo-cost", {"tools": found, "rules": [replace(cost, seconds_per_minute=math.nan) for cost in costs]})
    return 0 if all(cost.meets for cost in found) else 1


if __name__ == "__main__":
    with sloth_being_built() as building:
        sys.exit(main(building))
