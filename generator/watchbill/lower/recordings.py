"""Record an objective: what happened and what was bad once, and everything longer from that.

Measured on 30 days in a real Prometheus: a mean of five-minute ratios is wrong by factors from 0.3 to 15, and raw
long windows read hundreds of thousands of samples a minute. Sums of recorded events are right and cheap (ADR 0019).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from watchbill import naming
from watchbill.model.burnrate import BurnPlan, exact
from watchbill.model.signals import Signal
from watchbill.model.slo import COUNTED_OVER, OVERLAP, SAMPLED, STEPPED_FROM, Recording, RecordingGroup
from watchbill.promql import Matcher, aggregate, pretty, selector
from watchbill.quantity import Duration, TimeScale, decimal_text
from watchbill.sli import Sli

RAW_UP_TO = Duration.parse("1h")  # for the fidelity of alerts; what is longer comes from recorded events
MOMENT = Duration(1)  # a range of 5m less a millisecond holds five samples a minute apart, wherever it begins
# A series written less often than every 5m, which is the lookback, is invisible half of the time.
PERIOD_SAMPLED = Duration.parse("2m")
IDENTITY = ("service", "slo", "sli")


@dataclass(frozen=True, slots=True)
class Recorder:
    """What recording one objective needs; durations are the author's, `scale` shortens them in expressions."""

    sli: Sli
    signal: Signal
    plan: BurnPlan
    objective: Decimal
    period: Duration
    grouping: tuple[str, ...]
    most_groups: Decimal
    per: bool
    labels: tuple[tuple[str, str], ...]
    info: tuple[tuple[str, str], ...]
    scale: TimeScale

    def groups(self) -> tuple[RecordingGroup, ...]:
        """List the groups, in the order in which they depend on each other."""
        return (
            RecordingGroup("events", self.scale(SAMPLED), tuple(self._events())),
            RecordingGroup("windows", self.scale(SAMPLED), tuple(self._windows())),
            RecordingGroup("period", self.scale(PERIOD_SAMPLED), tuple(self._period())),
        )

    def named(self, labels: tuple[tuple[str, str], ...]) -> Recorder:
        """Give the recordings the labels that tell this definition of the objective from others."""
        return replace(self, labels=labels)

    def recorded(self, name: str) -> str:
        """Select one of the objective's own series."""
        return selector(name, (Matcher(label, "=", value) for label, value in self.labels))

    def definition(self) -> str:
        """Write down what is counted, for telling definitions apart."""
        counted = (self.sli.total, self.sli.errors)
        return " ".join(count(self.signal, COUNTED_OVER, self.grouping) for count in counted)

    def _events(self) -> Iterable[Recording]:
        window = self.scale(COUNTED_OVER)
        total = self.sli.total(self.signal, window, self.grouping)
        errors = self.sli.errors(self.signal, window, self.grouping)
        if self.sli.zero_filled:
            errors = f"{errors} or 0 * {total}"
        if self.per:
            place = ", ".join(naming.TARGET_LABELS)
            bound = decimal_text(self.most_groups)
            total = f"({total}) and on ({place}) (count by ({place}) ({total}) <= {bound})"
            errors = f"({errors}) and ({total})"
        yield Recording(naming.SLO_HEARTBEAT, "vector(1)")
        yield Recording(naming.SLO_EVENTS, pretty(total))
        yield Recording(naming.SLO_ERRORS, pretty(errors))

    def _windows(self) -> Iterable[Recording]:
        # A single sample of five overlapping ones would read a short fault as none, or as more than it was.
        share = "" if self.sli.timed else f" / {OVERLAP}"
        five = self.scale(COUNTED_OVER) - MOMENT
        for once, each in ((naming.SLO_EVENTS_ONCE, naming.SLO_EVENTS), (naming.SLO_ERRORS_ONCE, naming.SLO_ERRORS)):
            yield Recording(once, pretty(f"sum_over_time({self.recorded(each)}[{five}]){share}"))
        for window in self.plan.windows:
            yield Recording(naming.slo_error_ratio(window), pretty(self._ratio(window)))
        budget = decimal_text(1 - self.objective)
        for window in sorted({tier.long for tier in self.plan.tiers}):
            ratio = self.recorded(naming.slo_error_ratio(window))
            yield Recording(naming.slo_burn_rate(window), pretty(f"{ratio} / {budget}"))

    def _ratio(self, window: Duration) -> str:
        events, errors = self.recorded(naming.SLO_EVENTS), self.recorded(naming.SLO_ERRORS)
        if window == COUNTED_OVER and not self.sli.timed:
            return f"{errors} / ({events} > 0)"
        if window <= RAW_UP_TO and not self.sli.timed:
            # what is recorded says where there are events, for a sample each instead of a window's
            zero = f"0 * {aggregate('sum', self.grouping, events)}"
            ratio = self.sli.ratio(self.signal, self.scale(window), self.grouping, zero=zero)
            labels = ", ".join(self.grouping)
            return f"{ratio} and on ({labels}) {events}" if self.per else ratio
        if window < STEPPED_FROM:
            window_ = self.scale(window)
            return f"sum_over_time({errors}[{window_}]) / (sum_over_time({events}[{window_}]) > 0)"
        once = (naming.SLO_ERRORS_ONCE, naming.SLO_EVENTS_ONCE)
        bad, all_ = (self.stepped(name, window) for name in once)
        return f"{bad} / ({all_} > 0)"

    def stepped(self, name: str, window: Duration) -> str:
        """Sum what is counted once over a window, of which every fifth minute is read."""
        return f"sum_over_time({self.recorded(name)}[{self.scale(window)}:{self.scale(COUNTED_OVER)}])"

    def _period(self) -> Iterable[Recording]:
        steps = self.period.milliseconds // COUNTED_OVER.milliseconds
        once = f"on ({', '.join(IDENTITY)}) group_left ()"
        coverage = self.recorded(naming.SLO_COVERAGE)
        heartbeat = self.recorded(naming.SLO_HEARTBEAT)
        # Prometheus 2 has both ends of a range in it, 3 the later one only; a moment less has as many steps in both.
        beats = f"{heartbeat}[{self.scale(self.period) - MOMENT}:{self.scale(COUNTED_OVER)}]"
        yield Recording(naming.SLO_COVERAGE, pretty(f"count_over_time({beats}) / {steps}"))
        errors, events = (self.stepped(name, self.period) for name in (naming.SLO_ERRORS_ONCE, naming.SLO_EVENTS_ONCE))
        yield Recording(naming.SLO_PERIOD_ERRORS, pretty(errors))
        # What the whole period will have had, if it goes on like the part of it that was recorded.
        yield Recording(naming.SLO_PERIOD_EVENTS, pretty(f"{events} / {once} {coverage}"))
        expected, spent = self.recorded(naming.SLO_PERIOD_EVENTS), self.recorded(naming.SLO_PERIOD_ERRORS)
        yield Recording(naming.SLO_PERIOD_RATIO, pretty(f"{spent} / ({expected} > 0) / {once} {coverage}"))
        budget = decimal_text(1 - self.objective)
        left = self.recorded(naming.SLO_BUDGET_LEFT)
        yield Recording(naming.SLO_BUDGET_LEFT, pretty(f"1 - {spent} / ({expected} > 0) / {budget}"))
        yield Recording(naming.SLO_BUDGET_LEFT_EVENTS, pretty(f"{left} * {expected} * {budget}"))
        fastest = min(tier.long for tier in self.plan.tiers)
        burn = self.recorded(naming.slo_burn_rate(fastest))
        seconds = decimal_text(self.scale(self.period).seconds)
        yield Recording(naming.SLO_EXHAUSTED_IN, pretty(f"({left} > 0) * {seconds} / ({burn} > 0)"))
        yield Recording(naming.SLO_OBJECTIVE, f"vector({decimal_text(self.objective)})")
        yield Recording(naming.SLO_INFO, "vector(1)", self.info)


def patience(budget: Decimal, period: Duration) -> Duration:
    """Say how long an indicator may be missing: a tenth of the time in which a total outage would use up the budget.

    At least 10 minutes, so that a restart or a deploy is over, and at most an hour; in whole minutes.
    """
    minutes = int(exact(budget * period.milliseconds / 10 / 60_000))
    return Duration(max(10, min(60, minutes)) * 60_000)
