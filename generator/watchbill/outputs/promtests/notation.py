"""promtool's notation of series (Prometheus docs, "Unit testing for rules")."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal
from functools import lru_cache

from watchbill.model.examples import ExampleSeries, Phase
from watchbill.model.signals import Signal
from watchbill.promql import quoted
from watchbill.quantity import Duration, decimal_text

_NINE_PLACES, _WIDE = Decimal("1e-9"), Context(prec=40)
BASE = Decimal(5000)  # counters do not start at zero, which would hide how `increase` extrapolates


def series(metric: str, labels: Mapping[str, str]) -> str:
    """Write a series with its labels in their order."""
    inside = ",".join(f"{label}={quoted(value)}" for label, value in sorted(labels.items()))
    return f"{metric}{{{inside}}}"


def target(signal: Signal) -> dict[str, str]:
    """Label a series as its target's."""
    return {matcher.label: matcher.value for matcher in signal.matchers}


@lru_cache(maxsize=4096)
def values(example: ExampleSeries, phases: tuple[tuple[Phase, Duration], ...], step: Duration) -> str:
    """Write an example series that goes through phases, each until a time: `5000+10x40 5412+12x20`."""
    written: list[str] = []
    at, now = BASE, Duration(0)
    for index, (phase, until) in enumerate(phases):
        count = (until.milliseconds - now.milliseconds) // step.milliseconds + (index == 0)
        now = until
        pattern = example.pattern(phase)
        rise = exact(pattern.slope * step.seconds)
        start = pattern.level if pattern.level is not None else at + (rise if index else 0)
        written.append(stretch(exact(start), rise, count) if pattern.present else f"_x{count}")
        at = start + rise * (count - 1)
    return " ".join(written)


def stretch(start: Decimal, rise: Decimal, count: int) -> str:
    """Write `count` samples, from `start` on, each a rise after the one before."""
    sign = "-" if rise < 0 else "+"
    return f"{decimal_text(start)}{sign}{decimal_text(abs(rise))}x{count - 1}"


def gone(count: int) -> str:
    """Write that a series has ended, as a scrape that no longer finds it does, and stays away."""
    return "stale" if count == 1 else f"stale _x{count - 1}"


def exact(number: Decimal) -> Decimal:
    """Cut digits that no double could hold; what is shown has four."""
    return number.quantize(_NINE_PLACES, context=_WIDE) if number != number.to_integral_value() else number
