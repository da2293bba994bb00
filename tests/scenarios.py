"""Ten courses of events over 30 days, generated step by step: what a service counted, and what Prometheus saw of it.

Every random number comes from a seed that is the scenario's name, so that each run counts the same events.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from servers import series

PLACE = {"cluster": "main", "env": "production"}
HOUR, DAY = 3600, 86_400
STEP = 30  # seconds between two scrapes
START = 1_767_182_400  # 2025-12-31 at noon; the period begins here
LEAD = 20 * 60  # seconds of history before the period
OFFSETS = (3.217, 11.94, 19.006, 27.55)  # seconds after the half minute at which each instance is scraped
TAIL = 0.002  # the error ratio of the last day, so that every burn rate has something to burn

Course = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens; times are seconds after `START`.

    `rate` is in requests a second over all instances, `ratio` the share that fails. An instance serves from its
    birth on. With `late_errors` an error series exists only from its first error after a start on; with `one_off`
    each error is the first and last value of a series of its own. `loses` says which scrapes of an instance fail,
    `down` when Prometheus itself was. `hidden` says why the data cannot show the truth; empty where it can.
    """

    job: str
    title: str
    rate: Course
    ratio: Course
    births: tuple[float, ...] = (-LEAD, -LEAD)
    restart_every: int = 0
    late_errors: bool = False
    one_off: bool = False
    loses: Callable[[random.Random, float], bool] | None = None
    down: tuple[float, float] | None = None
    hidden: str = ""


@dataclass(slots=True)
class Truth:
    """How many events and errors there were up to each step; the last one ends the period."""

    events: list[int] = field(default_factory=lambda: [0])
    errors: list[int] = field(default_factory=lambda: [0])

    def add(self, events: int, errors: int) -> None:
        """Count one step's."""
        self.events.append(self.events[-1] + events)
        self.errors.append(self.errors[-1] + errors)

    def counted(self, seconds: float) -> tuple[int, int]:
        """Return the events and errors of the last seconds."""
        steps = int(seconds // STEP)
        return self.events[-1] - self.events[-1 - steps], self.errors[-1] - self.errors[-1 - steps]

    def ratio(self, seconds: float) -> float:
        """Return the error ratio of the last seconds."""
        events, errors = self.counted(seconds)
        return errors / events if events else math.nan


class Instance:
    """One process and its counters."""

    def __init__(self, scenario: Scenario, number: int) -> None:
        self.scenario = scenario
        self.labels = {"job": scenario.job, "instance": f"{scenario.job}-{number}", "route": "/", **PLACE}
        self.number = number
        self.good_line = series("http_requests_total", {**self.labels, "status": "200"})
        self.bad_line = series("http_requests_total", {**self.labels, "status": "500"})
        self.good = self.bad = 0
        self.knows_errors = not scenario.late_errors and not scenario.one_off
        self.one_offs: list[tuple[str, float]] = []

    def restart(self) -> None:
        """Begin anew at zero."""
        self.good = self.bad = 0
        self.knows_errors = not self.scenario.late_errors

    def count(self, good: int, bad: int, at: float) -> None:
        """Count what happened since the last scrape."""
        self.good += good
        self.bad += bad
        if self.scenario.one_off:
            for number in range(bad):
                labels = {**self.labels, "route": f"/{at:.0f}-{number}", "status": "500"}
                self.one_offs.append((series("http_requests_total", labels), at + 20 * 60))
        self.knows_errors = self.knows_errors or bool(bad and not self.scenario.one_off)

    def page(self, at: float) -> Iterator[str]:
        """Write what a scrape sees."""
        stamp = f" {START + at + OFFSETS[self.number % len(OFFSETS)]:.3f}\n"
        yield f"{self.good_line}{self.good}{stamp}"
        if self.knows_errors:
            yield f"{self.bad_line}{self.bad}{stamp}"
        if self.one_offs:
            self.one_offs = [(line, end) for line, end in self.one_offs if at < end]
            for line, _ in self.one_offs:
                yield f"{line}1{stamp}"


def history(scenario: Scenario, truth: Truth, seconds: int) -> Iterator[list[str]]:
    """Play a scenario to the end of a period; gives the lines of each step, and adds what happened to `truth`."""
    rng = random.Random(scenario.job)  # noqa: S311 (no secret: the same events in every run)
    instances: list[Instance] = []
    for at in range(-LEAD, seconds + 1, STEP):
        lines: list[str] = []
        while len(instances) < len(scenario.births) and scenario.births[len(instances)] <= at:
            instances.append(Instance(scenario, len(instances)))
        mean, ratio = scenario.rate(at) * STEP / len(instances), scenario.ratio(at)
        events = errors = 0
        for instance in instances:
            count = int(mean + rng.random())
            bad = int(count * ratio + rng.random())
            events, errors = events + count, errors + bad
            if scenario.restart_every and (at - 60 * instance.number) % scenario.restart_every == 16 * HOUR:
                instance.restart()
                count, bad = count // 2, bad // 2  # the other half was counted by the old process, and never scraped
            instance.count(count - bad, bad, at)
            lost = scenario.loses is not None and scenario.loses(rng, at)
            if not lost and not is_down(scenario, at):
                lines += instance.page(at)
        truth.add(events, errors)
        yield lines


def is_down(scenario: Scenario, at: float) -> bool:
    """Say whether Prometheus itself was down."""
    return scenario.down is not None and scenario.down[0] <= at < scenario.down[1]


def hour_of_day(at: float) -> float:
    """Return the hour in UTC; the period begins at noon."""
    return (at / HOUR + 12) % 24


def by_day(at: float) -> float:
    """Follow the day: 100 requests a second at two in the afternoon, 2 at two in the night."""
    wave = 0.5 - 0.5 * math.cos(2 * math.pi * (hour_of_day(at) - 2) / 24)
    return 2 + 98 * wave * wave


def _no_nights(at: float) -> float:
    return 0.0 if hour_of_day(at) < 6 else by_day(at)


def clock(day: int, hour: float) -> float:
    """Return the time of an hour of a day; day 0 is the one at whose noon the period begins."""
    return day * DAY + (hour - 12) * HOUR


def _failing(start: float, hours: float, ratio: float, *, days: int, always: float = 0.0) -> Course:
    """Fail at a ratio for some hours, and a little over the last day."""

    def course(at: float) -> float:
        if start <= at < start + hours * HOUR:
            return ratio
        return TAIL if at >= (days - 1) * DAY else always

    return course


def _few_by_day(at: float) -> float:
    return 0.00004 if hour_of_day(at) > 8 else 0.0


def _gaps(rng: random.Random, at: float) -> bool:
    """Lose every tenth scrape, and 20 minutes of every 36 hours."""
    return rng.random() < 0.1 or at % (36 * HOUR) < 20 * 60


def scenarios(days: int = 30) -> tuple[Scenario, ...]:
    """List all ten, over periods of at least five days."""
    middle, last = days * 2 // 5, days - 1
    peak = _failing(clock(middle, 13.5), 1, 0.1, days=days)
    lead = -float(LEAD)
    return (
        Scenario("peak", "incident at peak hour", by_day, peak),
        Scenario("night", "incident at night", by_day, _failing(clock(middle, 1), 2, 0.5, days=days)),
        Scenario("idle", "no traffic every night", _no_nights, peak),
        Scenario(
            "born",
            f"error series born on day {last}",
            by_day,
            _failing(clock(last, 13.5), 1, 0.1, days=days),
            late_errors=True,
        ),
        Scenario(
            "restarts",
            "daily restart, error series reborn",
            by_day,
            _failing(clock(middle, 13.5), 1, 0.1, days=days, always=0.0003),
            restart_every=DAY,
            late_errors=True,
        ),
        Scenario("rare", "58 requests a day", lambda _: 58 / DAY, lambda _: 0.05, births=(lead,)),
        Scenario("gaps", "every tenth scrape lost, and 20-minute holes", by_day, peak, loses=_gaps),
        Scenario(
            "deploy",
            "a deploy doubles the instances",
            by_day,
            _failing(clock(days * 2 // 3, 13.5), 1, 0.1, days=days),
            births=(lead, lead, days // 2 * DAY, days // 2 * DAY + 90),
        ),
        Scenario(
            "outage",
            "Prometheus down for 2 hours, in an incident",
            by_day,
            peak,
            down=(clock(middle, 13), clock(middle, 15)),
            hidden="what happened meanwhile was never recorded, and coverage says so",
        ),
        Scenario(
            "firsts",
            "each error the first sample of a series",
            by_day,
            _few_by_day,
            one_off=True,
            hidden="no increase sees a first sample: series have to be exported at zero",
        ),
    )
