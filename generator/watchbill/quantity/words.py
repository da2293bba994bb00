"""How quantities read, wherever people see them: sentence, page, panel, message and `explain` alike.

What an author wrote is shown as it was written (`str` of a `Quantity` or of a `Duration`: `85%`, `500ms`, `5m`), and a
duration within a sentence in words (`Duration.words`: `5 minutes`). The rest is written here, and nowhere else.
"""

from __future__ import annotations

from decimal import Decimal

from watchbill.quantity import Duration, Quantity, Unit, decimal_text


def share(ratio: Decimal) -> str:
    """Write a ratio (0.999) as a percentage, exactly: 99.999% is not 100%."""
    return str(Quantity(ratio * 100, Unit.PERCENT))


def rounded_share(ratio: Decimal) -> str:
    """Write a ratio that was computed as a percentage in four significant digits: `1.44%`."""
    return f"{rounded(ratio * 100)}%"


def rounded(number: Decimal) -> str:
    """Write a number that was computed in four significant digits, without an exponent: `14.4`."""
    return decimal_text(Decimal(f"{number:.4g}"))


def factor(number: Decimal) -> str:
    """Write how many times something is something else: `14.4x`."""
    return f"{rounded(number)}{Unit.TIMES.symbol}"


def measured(number: Decimal, unit: Unit) -> str:
    """Write what a metric measures in the metric's own unit, exactly: `2500ms`. A ratio is written as a percentage."""
    return share(number) if unit is Unit.RATIO else str(Quantity(number, unit))


_SIZES = (Unit.GIBIBYTES, Unit.MEBIBYTES, Unit.GIGABYTES, Unit.MEGABYTES, Unit.BYTES)


def sized(number: Decimal) -> str:
    """Write a number of bytes in the largest usual unit in which it is whole: `2GiB`."""
    sizes = (Quantity(number / unit.size, unit) for unit in _SIZES)
    whole = (size for size in sizes if size.number == size.number.to_integral_value())
    return str(next(whole, Quantity(number, Unit.BYTES)))


def roughly(duration: Duration) -> str:
    """Write a computed duration in words, rounded up to whole minutes, or to seconds below two of them."""
    step = 1000 if duration.milliseconds < 120_000 else 60_000
    return Duration(-(-duration.milliseconds // step) * step).words()
