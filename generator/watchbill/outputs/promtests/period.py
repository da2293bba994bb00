"""Proofs of windows of days and of the period: recorded events in, budget and burn rates out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from watchbill import naming
from watchbill.model.bundle import Service
from watchbill.model.proof import Input, Proof, SampleCheck
from watchbill.model.slo import COUNTED_OVER, STEPPED_FROM, Slo
from watchbill.outputs.promtests import notation
from watchbill.outputs.promtests.checks import Labels, close, of_others, recordings_proof, select, sound
from watchbill.outputs.promtests.clock import DAYS, Clock
from watchbill.quantity import Duration, words

LONGEST = Duration.parse("15d")  # 4,320 samples, which a subquery counts twice; promtool reads at most 10,000
FEW_DAYS = Duration.parse("3d")  # so that four clusters still fit
EVENTS, VERY_FEW = Decimal(1200), Decimal("0.0001")  # in five minutes; less than one in all of some days
SPENT = (Decimal("0.9"), Decimal("2.5"), Decimal("0.4"), Decimal("0.7"))  # in relation to each other, oldest first
SPENT_IN_ALL = Decimal("0.6")  # of the budget: far from nothing and from all, so that what is left is as exact
OUTAGE = 24  # samples that were never recorded: two hours
FAST_BURN = Decimal(3)  # what the shortest tier is said to burn at
HOUR, AGO, MANY = 12, 36, 50  # samples; how far before the period the first is; times as many events as later
CASE_OLD = "what is older than the period"
DAY = STEPPED_FROM.milliseconds // COUNTED_OVER.milliseconds
SILENT, SPOTLESS, SPENT_ALL, RARE = "silent", "spotless", "spent", "rare"
# Other clusters, and how many times the budget their errors are, all the time; None where nothing happens.
PLACES = {SILENT: None, SPOTLESS: Decimal(0), SPENT_ALL: Decimal(50), RARE: Decimal("0.5")}


@dataclass(frozen=True, slots=True)
class _Part:
    """Samples that are alike: events and errors of five minutes each; None where nothing was recorded."""

    samples: int
    events: Decimal | None
    errors: Decimal | None


def period(slo: Slo, service: Service) -> tuple[Proof, ...]:
    """Prove the windows of a day and more, and everything that is said of the period, also where little can be."""
    days = _Days(slo, service)
    return days.proof(), days.elsewhere(), days.forgotten()


class _Days:
    """Recorded events over a period, or as much of it as promtool can read."""

    def __init__(self, slo: Slo, service: Service) -> None:
        self.slo, self.service = slo, service
        environment = service.environments[0]
        self.place = {"cluster": environment.clusters[0], "env": environment.name}
        self.length = _steps(min(slo.period, LONGEST))
        long = {window for tier in slo.tiers for window in (tier.long, tier.short) if window >= STEPPED_FROM}
        self.windows = sorted(long)
        self.line = self._scaled(tuple(self._lay()))
        self.minutes = self.length * 5

    def _lay(self) -> Iterable[_Part]:
        """Lay out a sample for each five minutes, the oldest first.

        Nothing happens at the sample on which a window begins, which Prometheus 2 counts and 3 does not. Each window
        begins with a part of its own, and the youngest day has two.
        """
        edges = [self.length, *(_steps(window) for window in reversed(self.windows)), _steps(STEPPED_FROM) * 2 // 5, 0]
        for number, (start, end) in enumerate(pairwise(dict.fromkeys(edges))):
            yield _Part(1, Decimal(0), Decimal(0))
            spent = SPENT[number % len(SPENT)]
            events = EVENTS * (1 + number)
            lasting = start - end - 1
            if number == 0:
                before = lasting // 2 - OUTAGE * 2  # not at a full day, at which the rules beat
                yield _Part(before, events, events * self.slo.budget * spent)
                yield _Part(OUTAGE, None, None)
                lasting -= before + OUTAGE
            yield _Part(lasting, events, events * self.slo.budget * spent)
        yield _Part(1, Decimal(0), Decimal(0))

    def _scaled(self, line: tuple[_Part, ...]) -> tuple[_Part, ...]:
        """Let the errors of all parts spend as much of the budget as they are meant to."""
        events = sum(part.samples * (part.events or 0) for part in line)
        errors = sum(part.samples * (part.errors or 0) for part in line)
        coverage = Decimal(self.length - OUTAGE) / _steps(self.slo.period)
        factor = SPENT_IN_ALL * events * self.slo.budget / (coverage * errors)
        return tuple(replace(part, errors=None if part.errors is None else part.errors * factor) for part in line)

    def proof(self) -> Proof:
        """Put recorded events in, and hold windows and budget to the truth."""
        inputs = [
            self._input(naming.SLO_EVENTS_ONCE, [(part.samples, part.events) for part in self.line]),
            self._input(naming.SLO_ERRORS_ONCE, [(part.samples, part.errors) for part in self.line]),
            self._heartbeat(),
        ]
        if self._fastest() < STEPPED_FROM:
            name = naming.slo_burn_rate(self._fastest())
            inputs.append(self._input(name, [(self.length + 1, FAST_BURN)]))
        recorded = (naming.SLO_EVENTS_ONCE, naming.SLO_ERRORS_ONCE, *sorted(self.slo.series.values()))
        inputs += of_others(self.slo, dict.fromkeys(recorded), self._place(), before=self.length - DAY, samples=DAY + 1)
        clock = Clock(DAYS.sample, Duration(self.minutes * 60_000))  # rules read what was put in, so once is enough
        return recordings_proof(self.slo, "records days", clock, inputs=tuple(inputs), samples=tuple(self._checks()))

    def elsewhere(self) -> Proof:
        """Record other clusters for a few days: the budget is spent at a steady pace, or nothing happens at all."""
        whole = _steps(FEW_DAYS) + 1
        inputs = [Input(notation.series(naming.SLO_HEARTBEAT, dict(self.slo.labels)), f"1+0x{whole - 1}")]
        for cluster, spent in PLACES.items():
            place = {**self.place, "cluster": cluster}
            events = {SILENT: Decimal(0), RARE: VERY_FEW}.get(cluster, EVENTS)
            inputs.append(self._input(naming.SLO_EVENTS_ONCE, [(whole, events)], place))
            errors = events * self.slo.budget * (spent or 0)
            inputs.append(self._input(naming.SLO_ERRORS_ONCE, [(whole, errors)], place))
            if spent is not None and self._fastest() < STEPPED_FROM:
                inputs.append(self._input(naming.slo_burn_rate(self._fastest()), [(whole, spent)], place))
        checks = (*self._other_clusters(), sound("never NaN or infinite", self.slo, _steps(FEW_DAYS) * 5))
        clock = Clock(DAYS.sample, FEW_DAYS)
        return recordings_proof(self.slo, "records extremes", clock, inputs=tuple(inputs), samples=checks)

    def forgotten(self) -> Proof:
        """Record an hour just before the period begins, and its last day: only that counts."""
        whole = _steps(self.slo.period)
        gap = whole + AGO - HOUR - DAY

        def line(old: Decimal, new: Decimal) -> list[tuple[int, Decimal | None]]:
            return [(HOUR, old), (gap, None), (DAY, new)]

        bad = EVENTS * self.slo.budget / 2
        inputs = (
            self._input(naming.SLO_EVENTS_ONCE, line(EVENTS * MANY, EVENTS)),
            self._input(naming.SLO_ERRORS_ONCE, line(EVENTS * MANY, bad)),
            Input(
                notation.series(naming.SLO_HEARTBEAT, dict(self.slo.labels)),
                f"1+0x{HOUR - 1} _x{gap} 1+0x{DAY - 1}",
            ),
        )
        minutes = (whole + AGO - 1) * 5
        own = dict(self.slo.labels)
        coverage = close(CASE_OLD, select(naming.SLO_COVERAGE, own), own, Decimal(DAY) / whole, minutes)
        labels = {**own, **self._place()}
        errors = close(CASE_OLD, select(naming.SLO_PERIOD_ERRORS, labels), labels, bad * DAY, minutes)
        events = close(CASE_OLD, select(naming.SLO_PERIOD_EVENTS, labels), labels, EVENTS * whole, minutes)
        clock = Clock(DAYS.sample, Duration(minutes * 60_000))
        return recordings_proof(self.slo, "forgets", clock, inputs=inputs, samples=(coverage, errors, events))

    def _place(self) -> dict[str, str]:
        return {**self.place, **self._group()}

    def _fastest(self) -> Duration:
        return min(tier.long for tier in self.slo.tiers)

    def _input(self, name: str, values: Sequence[tuple[int, Decimal | None]], place: Labels | None = None) -> Input:
        labels = {**dict(self.slo.labels), **(self.place if place is None else place), **self._group()}
        parts = [
            notation.gone(count) if value is None else notation.stretch(notation.exact(value), Decimal(0), count)
            for count, value in values
        ]
        return Input(notation.series(name, labels), " ".join(parts))

    def _heartbeat(self) -> Input:
        """Beat wherever something was recorded."""
        beats = [(part.samples, None if part.events is None else Decimal(1)) for part in self.line]
        labels = dict(self.slo.labels)
        parts = [
            notation.gone(count) if beat is None else notation.stretch(beat, Decimal(0), count) for count, beat in beats
        ]
        return Input(notation.series(naming.SLO_HEARTBEAT, labels), " ".join(parts))

    def _group(self) -> dict[str, str]:
        signal = self.service.signal(self.slo.name)
        return {signal.labels[role]: signal.examples[role] for role in signal.labels}

    # What must come out.

    def _checks(self) -> Iterable[SampleCheck]:
        for window in self.windows:
            events, errors = self._over(_steps(window))
            yield self._close("windows of days weigh by traffic", naming.slo_error_ratio(window), errors / events)
            if any(tier.long == window for tier in self.slo.tiers):
                burn = errors / events / self.slo.budget
                yield self._close("burn rates", naming.slo_burn_rate(window), burn)
        yield from self._budget()
        yield from self._facts()
        yield sound("never NaN or infinite", self.slo, self.minutes)

    def _budget(self) -> Iterable[SampleCheck]:
        slo = self.slo
        events, errors = self._over(self.length)
        coverage = Decimal(self.length - OUTAGE) / _steps(slo.period)
        expected = events / coverage
        left = 1 - errors / expected / slo.budget
        case = "period, coverage and budget"
        yield close(case, select(naming.SLO_COVERAGE, dict(slo.labels)), dict(slo.labels), coverage, self.minutes)
        yield self._close(case, naming.SLO_PERIOD_ERRORS, errors)
        yield self._close(case, naming.SLO_PERIOD_EVENTS, expected)
        yield self._close(case, naming.SLO_PERIOD_RATIO, errors / events)
        yield self._close(case, naming.SLO_BUDGET_LEFT, left)
        yield self._close(case, naming.SLO_BUDGET_LEFT_EVENTS, left * expected * slo.budget)
        burn = FAST_BURN
        if self._fastest() >= STEPPED_FROM:
            events, errors = self._over(_steps(self._fastest()))
            burn = errors / events / slo.budget
        yield self._close("time to exhaustion", naming.SLO_EXHAUSTED_IN, left * slo.period.seconds / burn)

    def _other_clusters(self) -> Iterable[SampleCheck]:
        """Ask where nothing happened, where nothing failed, and where all is spent, for what cannot be said there."""
        names = [naming.slo_error_ratio(window) for window in self.windows]
        unknown = {
            SILENT: ("no traffic", [*names, naming.SLO_PERIOD_RATIO, naming.SLO_BUDGET_LEFT, naming.SLO_EXHAUSTED_IN]),
            SPOTLESS: ("never used up", [naming.SLO_EXHAUSTED_IN]),
            SPENT_ALL: ("used up already", [naming.SLO_EXHAUSTED_IN]),
            RARE: ("very few events", []),
        }
        minutes = _steps(FEW_DAYS) * 5
        for cluster, (case, absent) in unknown.items():
            labels = {**dict(self.slo.labels), **self._place(), "cluster": cluster}
            for name in absent:
                yield SampleCheck(case, Duration(minutes * 60_000), select(name, labels))
            spent = PLACES[cluster]
            if spent is not None:  # errors of the part that was recorded, by events of the whole
                left = 1 - spent * (_steps(FEW_DAYS) + 1) / _steps(self.slo.period)
                yield close(case, select(naming.SLO_BUDGET_LEFT, labels), labels, left, minutes)
            if cluster == RARE and spent is not None:
                ratio = self.slo.budget * spent
                for name in (*names, naming.SLO_PERIOD_RATIO):
                    yield close(case, select(name, labels), labels, ratio, minutes)
                lasting = left * self.slo.period.seconds / spent
                yield close(case, select(naming.SLO_EXHAUSTED_IN, labels), labels, lasting, minutes)

    def _facts(self) -> Iterable[SampleCheck]:
        labels = dict(self.slo.labels)
        own = select(naming.SLO_OBJECTIVE, labels)
        yield close("objective and facts", own, labels, self.slo.objective, self.minutes)
        facts = {
            "title": self.slo.title,
            "team": self.service.team,
            "objective": words.share(self.slo.objective),
            "period": str(self.slo.period),
            "kind": self.slo.kind,
        }
        at = Duration(self.minutes * 60_000)
        sample = (notation.series(naming.SLO_INFO, labels | facts), Decimal(1))
        yield SampleCheck("objective and facts", at, select(naming.SLO_INFO, labels), (sample,))

    def _over(self, steps: int) -> tuple[Decimal, Decimal]:
        """Add up the events and errors of the last samples."""
        events = errors = Decimal(0)
        left = steps
        for part in reversed(self.line):
            count = min(left, part.samples)
            events += count * (part.events or 0)
            errors += count * (part.errors or 0)
            left -= count
        return events, errors

    def _close(self, case: str, name: str, value: Decimal) -> SampleCheck:
        labels = {**dict(self.slo.labels), **self.place, **self._group()}
        return close(case, select(name, labels), labels, value, self.minutes)


def _steps(duration: Duration) -> int:
    return duration.milliseconds // COUNTED_OVER.milliseconds
