"""Proofs of burn-rate alerts: a truth table over their windows, and the floor of bad events.

What an objective records is put in, so that the table needs no history; `recordings` proves that this is recorded.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from decimal import Context, Decimal

from watchbill import naming
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Service
from watchbill.model.burnrate import BurnTier
from watchbill.model.proof import AlertCheck, Input, Proof
from watchbill.model.slo import OVERLAP, Slo
from watchbill.outputs.promtests import notation
from watchbill.outputs.promtests.alerts import AlertProver, alert_proof
from watchbill.outputs.promtests.checks import of_others
from watchbill.outputs.promtests.clock import MINUTES, Clock
from watchbill.quantity import Duration

MINUTE = Duration.parse("1m")
MOST_ROWS = 256
MANY, UNDER, OVER = Decimal(10), Decimal("0.9"), Decimal("0.2")  # times the floor
FIVE = Duration.parse("5m")  # long windows read every fifth minute
EVALUATIONS = 24  # in a window, at most
SHOWN_DIGITS = Context(prec=3)  # a message shows four

Row = Mapping[Duration, Decimal]


def proofs(alert: Alert, slo: Slo, service: Service) -> Iterable[Proof]:
    """Prove that an alert fires where both windows of a tier burn, and only with enough bad events."""
    table = _Table(alert, slo, service)
    yield table.rows()
    if slo.min_bad_events and not slo.timed:
        yield from (table.floor(tier) for tier in table.tiers)


class _Table:
    """The tiers of one alert, over the recorded series of its objective."""

    def __init__(self, alert: Alert, slo: Slo, service: Service) -> None:
        self.alert, self.slo = alert, slo
        self.prover = AlertProver(alert, alert.rules[0], alert.rules[0].example, service)
        self.tiers = tuple(tier for tier in slo.tiers if tier.severity == alert.severity.value)
        self.own = dict(alert.rules[0].example.firing[0].labels)  # of a group, where there are groups

    def rows(self) -> Proof:
        """Try every window above and below; rows that fire come last, each once the one before is resolved."""
        table = sorted(self._combinations(), key=lambda row: self._burning(row) is not None)
        kept = self.alert.keep_firing_for.milliseconds // MINUTE.milliseconds
        at, starts, checks = 2, [], []
        for row in table:
            starts.append(at)
            checks.append(self._check("truth table", at + 1, self._burning(row)))
            at += 3 if self._burning(row) is None else 5 + kept
        inputs = []
        for window in sorted({window for row in table for window in row}):
            levels = [(start, row[window]) for start, row in zip(starts, table, strict=True)]
            inputs.append(self._input(naming.slo_error_ratio(window), _pulses(levels, at)))
        every = (*inputs, *self._asked(at), *self._enough(at), *self._of_others(at))
        return self._proof("truth table of windows", every, checks, MINUTES)

    def _of_others(self, steps: int) -> Iterable[Input]:
        """Let other objectives burn all the time, with bad events enough."""
        windows = {window for tier in self.tiers for window in (tier.long, tier.short)}
        names = [naming.slo_error_ratio(window) for window in sorted(windows)] + [name for name, _ in self._floors()]
        place = {**self.prover.place, **self.own}
        return of_others(self.slo, names, place, before=0, samples=steps)

    def floor(self, tier: BurnTier) -> Proof:
        """Burn in one tier's windows, with too few bad events in the long one at first, and then with just enough.

        Many more were bad just before the window begins.
        """
        step = max(1, _minutes(tier.long) // EVALUATIONS // 5) * 5
        end = -(-_minutes(tier.long) // step) * step + 3 * step
        steps = (end + step) // 5
        worst = {window: _past(tier) for window in (tier.long, tier.short)}
        inputs = [self._input(naming.slo_error_ratio(window), _level(value, steps)) for window, value in worst.items()]
        inputs += [self._input(name, _bad_events(floor, end, _minutes(tier.long))) for name, floor in self._floors()]
        case = "floor of bad events"
        checks = [self._check(case, end, None), self._check(case, end + step, _past(tier))]
        every = (*inputs, *self._asked(steps), *self._of_others(steps))
        clock = Clock(FIVE, Duration(step * MINUTE.milliseconds))
        return self._proof(f"floor of bad events in {tier.long}", every, checks, clock)

    def _combinations(self) -> Iterable[Row]:
        """Stand each window just short of its lowest threshold, or just past each of them."""
        levels: dict[Duration, list[Decimal]] = {}
        for tier in self.tiers:
            for window in (tier.long, tier.short):
                levels.setdefault(window, []).append(tier.above)
        choices = [
            (min(above) * Decimal("0.9"), *(_past_of(number) for number in sorted(set(above))))
            for above in levels.values()
        ]
        for choice in itertools.islice(itertools.product(*choices), MOST_ROWS):
            yield dict(zip(levels, choice, strict=True))

    def _burning(self, row: Row) -> Decimal | None:
        """Say by the tiers what the alert must show: the long window of the first tier that burns."""
        for tier in self.tiers:
            if row[tier.long] > tier.above and row[tier.short] > tier.above:
                return row[tier.long]
        return None

    def _check(self, case: str, minute: int, value: Decimal | None) -> AlertCheck:
        at = Duration(minute * MINUTE.milliseconds)
        fired = () if value is None else (self.prover.fired(self.own, value),)
        return AlertCheck(case, at, self.alert.name, fired)

    def _floors(self) -> tuple[tuple[str, Decimal], ...]:
        floor = self.slo.min_bad_events
        return (naming.SLO_ERRORS, floor * OVERLAP), (naming.SLO_ERRORS_ONCE, floor)

    def _enough(self, steps: int) -> Iterable[Input]:
        for name, floor in self._floors():
            yield self._input(name, _level(floor, steps))

    def _asked(self, steps: int) -> Iterable[Input]:
        for asked in self.alert.asked:
            yield self._input(asked.series, _level(asked.example_value, steps))

    def _input(self, name: str, values: str) -> Input:
        labels = {**dict(self.slo.labels), **self.prover.place, **self.own}
        return Input(notation.series(name, labels), values)

    def _proof(self, name: str, inputs: tuple[Input, ...], checks: list[AlertCheck], steps: Clock) -> Proof:
        return alert_proof(self.alert, name, steps, inputs=inputs, alerts=tuple(checks))


def _past(tier: BurnTier) -> Decimal:
    return _past_of(tier.above)


def _past_of(above: Decimal) -> Decimal:
    """Stand a tenth past a threshold; none is above nine tenths, so that this is still a share."""
    return (above * Decimal("1.1")).normalize(SHOWN_DIGITS)


def _level(value: Decimal, steps: int) -> str:
    return notation.stretch(value, Decimal(0), steps + 1)


def _pulses(levels: list[tuple[int, Decimal]], steps: int) -> str:
    """Stand at each level for three minutes from its start on, and at nothing between."""
    parts, now = [], 0
    for start, value in levels:
        if start > now:
            parts.append(notation.stretch(Decimal(0), Decimal(0), start - now))
        parts.append(notation.stretch(value, Decimal(0), 3))
        now = start + 3
    parts.append(notation.stretch(Decimal(0), Decimal(0), steps + 1 - now))
    return " ".join(parts)


def _bad_events(floor: Decimal, end: int, window: int) -> str:
    """Record bad events every five minutes: too many for the window, too early; nearly enough in it; and the rest."""
    old, nearly, rest = (notation.exact(floor * share) for share in (MANY, UNDER, OVER))
    middle = (end - window * 6 // 10) // 5  # six tenths of the window before it is looked at
    return " ".join(
        [
            notation.stretch(Decimal(0), Decimal(0), 1),
            notation.stretch(old, Decimal(0), 1),
            notation.gone(middle - 2),
            notation.stretch(nearly, Decimal(0), 1),
            notation.gone(end // 5 - middle),
            notation.stretch(rest, Decimal(0), 1),
            notation.gone(2),
        ]
    )


def _minutes(duration: Duration) -> int:
    return duration.milliseconds // MINUTE.milliseconds
