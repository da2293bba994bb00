"""Building blocks of indications: counters that move with events, spread over two instances, and gauges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from watchbill.conditions.base import INSTANCE
from watchbill.conditions.example_series import ONE, THREE, TWO, Group, labels_of
from watchbill.model.examples import SamplePattern, SourceCounter, State
from watchbill.model.signals import Metric, Signal

SHARES = ((ONE, Decimal("0.75")), (TWO, Decimal("0.25")))
ALL = Group({}, at_fault=True)


def counters(
    signal: Signal,
    metric: Metric,
    *,
    good: int,
    bad: int,
    own: Mapping[str, str] | None = None,
    suffix: str = "",
) -> Iterable[SourceCounter]:
    """Count good and bad events, or one of the two, three quarters of them on one instance."""
    for instance, share in SHARES:
        labels = labels_of(signal, metric, ALL, {**(own or {}), INSTANCE: instance})
        yield SourceCounter(metric.name + suffix, labels, good * share, bad * share)


def without_edge(signal: Signal, metric: Metric) -> Iterable[SourceCounter]:
    """Count events on an instance whose only bucket is the last, so that nothing tells good from bad."""
    for suffix, own in (("_count", {}), ("_bucket", {"le": "+Inf"})):
        labels = labels_of(signal, metric, ALL, {**own, INSTANCE: THREE})
        yield SourceCounter(metric.name + suffix, labels, Decimal(1), Decimal(1))


def state(signal: Signal, metric: Metric, place: Mapping[str, str], good: SamplePattern, bad: SamplePattern) -> State:
    """Let the gauge of one instance, or of a class on it, tell good from bad."""
    return State(metric.name, labels_of(signal, metric, ALL, place), good, bad)


def level(value: Decimal) -> SamplePattern:
    """Stand still at a value."""
    return SamplePattern(level=value)
