"""Proofs of what an objective records: raw series in, numbers out that are computed from the events.

Hours are recorded minute by minute. What spans days is proven from recorded events, since promtool reads at most
10,000 samples in a range, and a month in minutes would take it a minute.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from watchbill import naming
from watchbill.model.bundle import Service
from watchbill.model.examples import SamplePattern, SliSource, SourceCounter, State
from watchbill.model.proof import Input, Proof, SampleCheck
from watchbill.model.slo import STEPPED_FROM, Slo
from watchbill.outputs.promtests import notation
from watchbill.outputs.promtests.checks import Labels, close, of_others, recordings_proof, select, sound
from watchbill.outputs.promtests.clock import MINUTES, Clock
from watchbill.outputs.promtests.decoys import MORE, decoys, elsewhere
from watchbill.outputs.promtests.period import period
from watchbill.outputs.promtests.rate_profile import (
    RateProfile,
    Stretch,
    Truth,
    course_of_events,
    course_of_minutes,
    share,
    truth,
)
from watchbill.quantity import Duration

MINUTE_MS = 60_000
RARE = Decimal("0.000001")
ALWAYS = {5, 30, 60}  # minutes: there are blocks between these at least, whatever windows the tiers have
START = Decimal(1_000_000)  # of counters: far from zero, where `increase` would guess less of what was before
FINE_SAMPLE = Duration.parse("15s")  # where a minute sees back, how far must not depend on which end is counted


def proofs(slo: Slo, service: Service) -> Iterable[Proof]:
    """Prove the recordings of hours, from raw series where there are any, and those of days."""
    if slo.sli_source is not None:
        yield _Hours(slo, slo.sli_source, service).proof()
    yield from period(slo, service)


class _Hours:
    """Raw series over a little more than the longest window below a day, recorded every minute."""

    def __init__(self, slo: Slo, sli_source: SliSource, service: Service) -> None:
        self.slo, self.sli_source, self.service = slo, sli_source, service
        self.signal = service.signal(slo.signal)
        environment = service.environments[0]
        self.place = {"cluster": environment.clusters[0], "env": environment.name}
        examples = {label: self.signal.examples[role] for role, label in self.signal.labels.items()}
        self.group = {label: examples[label] for label in slo.grouping}
        windows = {window for tier in slo.tiers for window in (tier.long, tier.short) if window < STEPPED_FROM}
        self.windows = sorted({_minutes(window) for window in windows} | ALWAYS)
        sees = _minutes(sli_source.sees)
        states = bool(sli_source.states)
        self.rate_profile = (
            course_of_minutes(self.windows, sees, states=states) if slo.timed else course_of_events(self.windows)
        )
        self.truth: Truth = truth(self.rate_profile, timed=slo.timed, sees=sees, states=states)
        self.rare = {**self.place, "cluster": "rare"}
        self.sample = FINE_SAMPLE if sees else MINUTES.sample

    def proof(self) -> Proof:
        """Put the series in, and hold what is recorded to the truth."""
        return recordings_proof(
            self.slo,
            "records hours",
            Clock(self.sample, MINUTES.evaluation),
            inputs=tuple(Input(series, values) for series, values in self._inputs().items()),
            samples=tuple(self._checks()),
        )

    # What goes in.

    def _inputs(self) -> dict[str, str]:
        """Write the indicator's series, those of a group that is all good, and decoys that are all bad."""
        found: dict[str, str] = {}
        loud = replace(self.rate_profile, stretches=tuple(_loud(stretch) for stretch in self.rate_profile.stretches))
        aside = elsewhere(self.service.environments, self.place)
        self._add(found, self.sli_source, self.rate_profile, self.place)
        if self.group:
            other = {label: f"{value}-other" for label, value in self.group.items()}
            self._add(found, _good(self.sli_source), self.rate_profile, self.place | other)
        self._add(found, _good(self.sli_source), self.rate_profile, aside)
        self._add(found, self.sli_source, _silent(self.rate_profile), {**self.place, "cluster": "silent"})
        if not self.slo.timed:
            self._add(found, _rare(self.sli_source), self.rate_profile, self.rare)
        names = sorted(set(self.slo.series.values()) - {naming.SLO_HEARTBEAT})
        samples = self.rate_profile.minutes * MINUTE_MS // self.sample.milliseconds + 1
        for foreign in of_others(self.slo, names, {**self.place, **self.group}, before=0, samples=samples):
            found[foreign.series] = foreign.values
        for decoy in decoys(self.signal):
            self._add(found, self.sli_source, loud, {**self.place, **decoy.labels}, needs=decoy.needs)
        return found

    def _add(
        self, found: dict[str, str], given: SliSource, rate_profile: RateProfile, place: Labels, needs: str = ""
    ) -> None:
        entries: tuple[SourceCounter | State, ...] = (*given.counters, *given.states)
        for entry in entries:
            own = dict(entry.labels)
            if needs and needs not in own:
                continue
            name = notation.series(entry.metric, {**notation.target(self.signal), **self.group, **own, **place})
            if isinstance(entry, SourceCounter):
                late = given.born_late and not entry.good
                values = _counter(
                    entry, rate_profile, self.sample, late=late, restarts=own.get("instance") != _first(given)
                )
            else:
                values = _gauge(entry, rate_profile, self.sample)
            found.setdefault(name, values)

    # What must come out.

    def _checks(self) -> Iterable[SampleCheck]:
        end = self.rate_profile.minutes
        for at in self.rate_profile.steady:
            yield from self._counts("counts events and errors", at)
            yield from self._ratio("counts events and errors", 5, at)
        early = "minutes that are evaluated for the first time" if self.slo.timed else "errors that are born late"
        if self.slo.timed or self.sli_source.born_late:
            yield from self._counts(early, self.rate_profile.early)
            for window in self.windows:
                yield from self._ratio(early, window, self.rate_profile.early)
        if not self.slo.timed:
            yield from self._counts("a counter that restarts", self.rate_profile.restarted)
            yield from self._rarely(end)
        for window in self.windows:
            yield from self._ratio("windows weigh by traffic" if window > 5 else "no traffic", window, end)
        yield from self._once(end)
        own = dict(self.slo.labels)
        yield close("beats", select(naming.SLO_HEARTBEAT, own), own, Decimal(1), end)
        for at in (*self.rate_profile.steady, end):
            yield sound("never NaN or infinite", self.slo, at)

    def _rarely(self, end: int) -> Iterable[SampleCheck]:
        """Ask for the same ratios where less than one event happens in all of this time, as its share has it."""
        labels = {**self._labels(), **self.rare}
        if self.sli_source.born_late:
            name = naming.SLO_ERRORS
            yield close("errors that are born late", select(name, labels), labels, Decimal(0), self.rate_profile.early)
        for window in self.windows:
            at = end if window > 5 else self.rate_profile.steady[0]
            name, ratio = naming.slo_error_ratio(Duration(window * MINUTE_MS)), share(self.truth.over(at, window))
            if ratio is not None and name in self.slo.series.values():
                yield close("very few events", select(name, labels), labels, ratio, at)

    def _counts(self, case: str, at: int) -> Iterable[SampleCheck]:
        for name, value in zip((naming.SLO_EVENTS, naming.SLO_ERRORS), self.truth.recorded(at), strict=True):
            yield self._close(case, name, Decimal(value), at)

    def _ratio(self, case: str, window: int, at: int) -> Iterable[SampleCheck]:
        duration = Duration(window * MINUTE_MS)
        name = naming.slo_error_ratio(duration)
        if name not in self.slo.series.values():
            return
        counts = self.truth.over(at, window)
        ratio = share(counts)
        yield self._close(case, name, ratio, at) if ratio is not None else self._nothing(case, name, at)
        if ratio is not None and (burn := naming.slo_burn_rate(duration)) in self.slo.series.values():
            yield self._close(case, burn, ratio / self.slo.budget, at)

    def _once(self, at: int) -> Iterable[SampleCheck]:
        counts = self.truth.over(at, at)
        for name, value in zip((naming.SLO_EVENTS_ONCE, naming.SLO_ERRORS_ONCE), counts, strict=True):
            summed = f"sum_over_time({self._selected(name)}[{at}m:5m])"
            yield close("each event once", summed, self._labels(), Decimal(value), at)

    def _labels(self) -> dict[str, str]:
        return {**dict(self.slo.labels), **self.place, **self.group}

    def _selected(self, name: str) -> str:
        return select(name, self._labels())

    def _close(self, case: str, name: str, value: Decimal, at: int) -> SampleCheck:
        return close(case, self._selected(name), self._labels(), value, at)

    def _nothing(self, case: str, name: str, at: int) -> SampleCheck:
        return SampleCheck(case, Duration(at * MINUTE_MS), self._selected(name))


def _minutes(duration: Duration) -> int:
    return duration.milliseconds // MINUTE_MS


def _good(given: SliSource) -> SliSource:
    """Let everything be good that happens."""
    counters = (replace(counter, bad=counter.good) for counter in given.counters)
    states = (replace(state, bad=state.good) for state in given.states)
    return replace(given, counters=tuple(counters), states=tuple(states), born_late=False)


def _rare(given: SliSource) -> SliSource:
    """Let a millionth of everything happen."""
    counters = (replace(counter, good=counter.good * RARE, bad=counter.bad * RARE) for counter in given.counters)
    return replace(given, counters=tuple(counters))


def _silent(rate_profile: RateProfile) -> RateProfile:
    return replace(rate_profile, stretches=(Stretch(rate_profile.minutes),))


def _loud(stretch: Stretch) -> Stretch:
    """Let many bad events happen, and some good ones, at night too."""
    each = stretch.good + stretch.bad + 1
    return replace(stretch, good=each, bad=MORE * each)


def _first(given: SliSource) -> str | None:
    return next((dict(counter.labels).get("instance") for counter in given.counters), None)


def _counter(counter: SourceCounter, rate_profile: RateProfile, sample: Duration, *, late: bool, restarts: bool) -> str:
    """Count the events of a course; a late series begins at its first bad event, a restarting one once more at zero."""
    value: Decimal | None = None if late else START
    parts = []
    for stretch in _closed(rate_profile):
        count = stretch.minutes * MINUTE_MS // sample.milliseconds
        each = notation.exact((stretch.good * counter.good + stretch.bad * counter.bad) * _part_of_minute(sample))
        if value is None and not stretch.bad:
            parts.append(f"_x{count}")
            continue
        if value is None:
            value = Decimal(0)
        if stretch.restart and restarts:
            value = each  # all since the sample before came after the restart
        parts.append(notation.stretch(value, each, count))
        value += each * count
    return " ".join(parts)


def _gauge(state: State, rate_profile: RateProfile, sample: Duration) -> str:
    """Stand where each minute wants it; in silence the series is not there."""
    parts, now, there = [], 0, False
    for stretch in _closed(rate_profile):
        count = stretch.minutes * MINUTE_MS // sample.milliseconds
        pattern = state.bad if stretch.bad else state.good
        if stretch.silent:
            parts.append(notation.gone(count) if there else f"_x{count}")
        else:
            parts.append(notation.stretch(_entry(pattern, now), notation.exact(pattern.slope * sample.seconds), count))
        now, there = now + stretch.minutes, not stretch.silent
    return " ".join(parts)


def _entry(pattern: SamplePattern, minute: int) -> Decimal:
    moved = pattern.slope * minute * 60 if pattern.of_clock else Decimal(0)
    return notation.exact((pattern.level or Decimal(0)) + moved)


def _closed(rate_profile: RateProfile) -> Iterable[Stretch]:
    """Add a minute, so that there is a sample at the end."""
    *rest, last = rate_profile.stretches
    return (*rest, replace(last, minutes=last.minutes + 1))


def _part_of_minute(sample: Duration) -> Decimal:
    """Say which part of a minute a sample stands for."""
    return Decimal(sample.milliseconds) / MINUTE_MS
