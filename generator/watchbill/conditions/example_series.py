"""Building blocks of example series: how a group of series moves, and over which instances it is spread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Context, Decimal

from watchbill.conditions.base import INSTANCE, Condition
from watchbill.model.examples import ExampleSeries, Floor, SamplePattern
from watchbill.model.signals import LabelClass, Metric, Signal
from watchbill.quantity import Duration, Quantity

FLOW = Decimal(8000)
ONE, TWO, THREE = "app-1:8000", "app-2:8000", "app-3:8000"
NEAR = Decimal("0.1")  # how far an example stands from its threshold


@dataclass(frozen=True, slots=True)
class PhaseLevels:
    """A number in each phase: a counter's increase per second, or a gauge's level."""

    healthy: Decimal
    just_below: Decimal
    firing: Decimal

    def scaled(self, factor: Decimal) -> PhaseLevels:
        """Multiply all three."""
        return PhaseLevels(self.healthy * factor, self.just_below * factor, self.firing * factor)

    def plus(self, other: PhaseLevels) -> PhaseLevels:
        """Add another, phase by phase."""
        return PhaseLevels(self.healthy + other.healthy, self.just_below + other.just_below, self.firing + other.firing)


def ample_flow(events: Decimal, window: Duration) -> Decimal:
    """Choose a flow that has `events` within a window three times over, in whole thousands a second.

    Whole thousands keep the increments of shares such as 1.1 % whole: promtool adds them up as floats,
    and a counter that ends a hair too high would seem to be reset by the next stretch.
    """
    return FLOW * (int(3 * events / (window.seconds * FLOW)) + 1)


def steady(number: Decimal | int) -> PhaseLevels:
    """Stay the same in all phases."""
    return PhaseLevels(Decimal(number), Decimal(number), Decimal(number))


def still_false(phase_levels: PhaseLevels, limit: Decimal, window: Duration) -> Duration:
    """Say how much of a window must be past a limit before its mean is, for what is linear in the events."""
    if (
        phase_levels.firing == phase_levels.healthy
        or (limit - phase_levels.healthy) / (phase_levels.firing - phase_levels.healthy) <= 0
    ):
        return Duration(0)
    return Duration(
        int(window.milliseconds * (limit - phase_levels.healthy) / (phase_levels.firing - phase_levels.healthy))
    )


def floor_of(series: Iterable[ExampleSeries], counted: Decimal, floor: Quantity | None) -> Floor | None:
    """Let the same fault bring a tenth fewer events than a floor asks for, or a tenth more, instead of `counted`."""
    if floor is None or not floor.number:
        return None
    every = tuple(series)
    few, enough = (
        tuple(_slowed(each, floor.number * share / counted) for each in every) for share in (1 - NEAR, 1 + NEAR)
    )
    return Floor(few, enough)


def _slowed(each: ExampleSeries, factor: Decimal) -> ExampleSeries:
    healthy, below, above = (
        replace(pattern, slope=pattern.slope * factor) for pattern in (each.healthy, each.just_below, each.firing)
    )
    return ExampleSeries(each.metric, each.labels, healthy, below, above)


def shown(number: Decimal) -> Decimal:
    """Round to three digits: messages show four, and a value between two of them would round either way."""
    return number.normalize(Context(prec=3))


def below_and_above(threshold: Decimal, *, ceiling: Decimal | None = None) -> tuple[Decimal, Decimal]:
    """Step a tenth to either side of a threshold, but never past what can be (a ratio's ceiling of 1)."""
    over = shown(threshold * (1 + NEAR))
    if ceiling is not None and over > (threshold + ceiling) / 2:
        # a fifth of the way: a half or a quarter may lie just between two numbers of four digits
        over = threshold + (ceiling - threshold) / 5
    return threshold * (1 - NEAR), over


@dataclass(frozen=True, slots=True)
class Group:
    """The series that one alert would speak of: their shared labels, and whether they take part in the fault."""

    labels: Mapping[str, str]
    at_fault: bool

    def phase_levels(self, phase_levels: PhaseLevels) -> PhaseLevels:
        """Keep a group that is not at fault healthy."""
        return phase_levels if self.at_fault else steady(phase_levels.healthy)


def groups(condition: Condition, signal: Signal) -> tuple[Group, ...]:
    """Put a healthy group beside the one at fault wherever a condition watches groups one by one."""
    if not condition.per:
        return (Group({}, at_fault=True),)
    faulty = {signal.labels.get(role, role): _example(signal, role, "") for role in condition.per}
    healthy = {signal.labels.get(role, role): _example(signal, role, "-other") for role in condition.per}
    return (Group(faulty, at_fault=True), Group(healthy, at_fault=False))


def _example(signal: Signal, role: str, suffix: str) -> str:
    if role == INSTANCE:
        return TWO if suffix else ONE
    return signal.examples[role] + suffix


def firing_labels(condition: Condition, signal: Signal) -> tuple[tuple[str, str], ...]:
    """Return the labels that tell the group at fault from others."""
    return tuple(sorted(groups(condition, signal)[0].labels.items()))


def counters(
    signal: Signal,
    metric: Metric,
    group: Group,
    phase_levels: PhaseLevels,
    *,
    own: Mapping[str, str] | None = None,
    suffix: str = "",
) -> Iterable[ExampleSeries]:
    """Spread a flow over two instances, three to one, or keep it on the group's own instance."""
    rates = group.phase_levels(phase_levels)
    for instance, share in _shares(group):
        labels = labels_of(signal, metric, group, {**(own or {}), INSTANCE: instance})
        part = rates.scaled(share)
        healthy, below, above = (SamplePattern(slope=rate) for rate in (part.healthy, part.just_below, part.firing))
        yield ExampleSeries(metric.name + suffix, labels, healthy, below, above)


def gauges(
    signal: Signal, metric: Metric, group: Group, phase_levels: PhaseLevels, *, own: Mapping[str, str] | None = None
) -> Iterable[ExampleSeries]:
    """Spread an amount over two instances, three to one, or keep it on the group's own instance."""
    levels = group.phase_levels(phase_levels)
    for instance, share in _shares(group):
        labels = labels_of(signal, metric, group, {**(own or {}), INSTANCE: instance})
        part = levels.scaled(share)
        healthy, below, above = (SamplePattern(level=level) for level in (part.healthy, part.just_below, part.firing))
        yield ExampleSeries(metric.name, labels, healthy, below, above)


def lone_gauge(
    signal: Signal, metric: Metric, group: Group, phase_levels: PhaseLevels, *, own: Mapping[str, str] | None = None
) -> ExampleSeries:
    """Put a gauge that must not be summed on one instance."""
    levels = group.phase_levels(phase_levels)
    labels = labels_of(signal, metric, group, {INSTANCE: ONE, **(own or {})})
    healthy, below, above = (SamplePattern(level=level) for level in (levels.healthy, levels.just_below, levels.firing))
    return ExampleSeries(metric.name, labels, healthy, below, above)


def shares_of_time(
    signal: Signal, metric: Metric, group: Group, shares: PhaseLevels, *, where: str | None
) -> Iterable[ExampleSeries]:
    """Let two series count a share of all time, unevenly, and those outside the class `where` count the rest."""
    part = group.phase_levels(shares)
    for place, sign in _places(signal, metric, group, where):
        inside = PhaseLevels(*(_uneven(share, sign) for share in (part.healthy, part.just_below, part.firing)))
        yield _counter(signal, metric, group, {**place, **(member(signal.classes[where]) if where else {})}, inside)
        if where:
            rest = PhaseLevels(1 - inside.healthy, 1 - inside.just_below, 1 - inside.firing)
            yield _counter(signal, metric, group, {**place, **other(signal.classes[where])}, rest)


def _uneven(share: Decimal, sign: int) -> Decimal:
    """Step half of the way to the nearer end, so that two shares differ, and both lie within 0 and 1."""
    return share + sign * min(share, 1 - share) / 2


def _places(signal: Signal, metric: Metric, group: Group, where: str | None) -> Iterable[tuple[dict[str, str], int]]:
    """Tell two series apart by instance, else by a label of their own; where there is neither, there is one."""
    if INSTANCE not in group.labels:
        return (({INSTANCE: ONE}, 1), ({INSTANCE: TWO}, -1))
    taken = {*group.labels, *(matcher.label for matcher in signal.matchers)}
    taken |= {signal.classes[where].matcher.label} if where else set()
    spare = next((role for role in metric.labels if signal.labels[role] not in taken), None)
    if spare is None:
        return (({}, 0),)
    label, example = signal.labels[spare], signal.examples[spare]
    return (({label: example}, 1), ({label: f"{example}-other"}, -1))


def _counter(signal: Signal, metric: Metric, group: Group, own: Mapping[str, str], rates: PhaseLevels) -> ExampleSeries:
    healthy, below, above = (SamplePattern(slope=rate) for rate in (rates.healthy, rates.just_below, rates.firing))
    return ExampleSeries(metric.name, labels_of(signal, metric, group, own), healthy, below, above)


def member(label_class: LabelClass) -> dict[str, str]:
    """Label a series as inside a class."""
    return {label_class.matcher.label: label_class.member}


def other(label_class: LabelClass) -> dict[str, str]:
    """Label a series as outside a class."""
    return {label_class.matcher.label: label_class.other}


def by_class(
    signal: Signal, name: str | None, phase_levels: PhaseLevels
) -> Iterable[tuple[dict[str, str] | None, PhaseLevels]]:
    """Let the members of a class take a course, while what is not in the class is past the limit all along."""
    if name is None:
        yield None, phase_levels
        return
    yield member(signal.classes[name]), phase_levels
    yield other(signal.classes[name]), steady(phase_levels.firing)


def _shares(group: Group) -> tuple[tuple[str, Decimal], ...]:
    if INSTANCE in group.labels:
        return ((group.labels[INSTANCE], Decimal(1)),)
    return ((ONE, Decimal("0.75")), (TWO, Decimal("0.25")))


def labels_of(signal: Signal, metric: Metric, group: Group, own: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Label a series of a metric as usual, with its own labels and its group's on top."""
    selected = {matcher.label for matcher in signal.matchers}  # has its value from the target, not from the example
    names = {role: signal.labels[role] for role in metric.labels}
    usual = {name: signal.examples[role] for role, name in names.items() if name not in selected}
    return tuple(sorted({**usual, **own, **group.labels}.items()))
