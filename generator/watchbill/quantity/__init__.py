"""Typed quantities: what people write (1%, 500ms, 3x, 10/min, 1GB), and what metrics measure.

Numbers are `Decimal` throughout, so that a threshold reaches a rule exactly as it was written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, StrEnum

MAX_DIGITS = 15  # a float64, which is what Prometheus computes with, keeps 15 decimal digits


class QuantityError(ValueError):
    """A text is not the quantity that was asked for: what is wrong, and what to write."""

    def __init__(self, what: str, todo: str) -> None:
        self.what = what
        self.todo = todo
        super().__init__(f"{what}; {todo}")


class Dimension(StrEnum):
    """What a unit measures; the value names it in messages, with an example."""

    RATIO = "a percentage such as 1%"
    TIME = "a time such as 500ms or 2s"
    SIZE = "a size such as 512MiB or 1GB"
    RATE = "a rate such as 10/min or 0.5/s"
    FACTOR = "a factor such as 3x"
    COUNT = "a plain number such as 5"


class Unit(Enum):
    """A unit with its symbol, its dimension and its size in the dimension's base unit."""

    RATIO = ("ratio", Dimension.RATIO, Decimal(1))
    PERCENT = ("%", Dimension.RATIO, Decimal("0.01"))
    MICROSECONDS = ("us", Dimension.TIME, Decimal("0.000001"))
    MILLISECONDS = ("ms", Dimension.TIME, Decimal("0.001"))
    SECONDS = ("s", Dimension.TIME, Decimal(1))
    MINUTES = ("m", Dimension.TIME, Decimal(60))
    HOURS = ("h", Dimension.TIME, Decimal(3600))
    DAYS = ("d", Dimension.TIME, Decimal(86400))
    BYTES = ("B", Dimension.SIZE, Decimal(1))
    KILOBYTES = ("kB", Dimension.SIZE, Decimal(10**3))
    MEGABYTES = ("MB", Dimension.SIZE, Decimal(10**6))
    GIGABYTES = ("GB", Dimension.SIZE, Decimal(10**9))
    TERABYTES = ("TB", Dimension.SIZE, Decimal(10**12))
    KIBIBYTES = ("KiB", Dimension.SIZE, Decimal(2**10))
    MEBIBYTES = ("MiB", Dimension.SIZE, Decimal(2**20))
    GIBIBYTES = ("GiB", Dimension.SIZE, Decimal(2**30))
    TEBIBYTES = ("TiB", Dimension.SIZE, Decimal(2**40))
    PER_SECOND = ("/s", Dimension.RATE, Decimal(1))
    PER_MINUTE = ("/min", Dimension.RATE, Decimal(60))
    PER_HOUR = ("/h", Dimension.RATE, Decimal(3600))
    PER_DAY = ("/d", Dimension.RATE, Decimal(86400))
    TIMES = ("x", Dimension.FACTOR, Decimal(1))
    COUNT = ("", Dimension.COUNT, Decimal(1))

    def __init__(self, symbol: str, dimension: Dimension, size: Decimal) -> None:
        self.symbol = symbol
        self.dimension = dimension
        self.size = size  # of a rate: its period in seconds


_BY_SYMBOL = {unit.symbol: unit for unit in Unit if unit is not Unit.RATIO}
_NUMBER = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)\s?([A-Za-z%/]*)")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with the unit that its author chose."""

    number: Decimal
    unit: Unit

    def __str__(self) -> str:
        return f"{decimal_text(self.number)}{self.unit.symbol}"

    def to(self, unit: Unit) -> Decimal:
        """Convert to another unit of the same dimension; raises `QuantityError` where they differ."""
        if unit.dimension is not self.unit.dimension:
            raise QuantityError(f'"{self}" is not {unit.dimension}', _with_unit(self, unit.dimension))
        if unit is self.unit:
            return self.number
        if unit.dimension is Dimension.RATE:
            return self.number * unit.size / self.unit.size
        return self.number * self.unit.size / unit.size


def parse_quantity(text: str | Decimal, dimension: Dimension) -> Quantity:
    """Read a quantity of one dimension; a bare number is only ever a count.

    Raises `QuantityError` naming what to write instead.
    """
    match = _NUMBER.fullmatch(decimal_text(text) if isinstance(text, Decimal) else text)
    unit = _BY_SYMBOL.get(match[2]) if match else None
    if match is None or unit is None or unit.dimension is not dimension:
        raise QuantityError(f'"{text}" is not {dimension}', _hint(match, dimension))
    number = Decimal(match[1])
    if len(number.as_tuple().digits) > MAX_DIGITS:
        raise QuantityError(f'"{text}" has more than {MAX_DIGITS} digits', "round it")
    if number < 0:
        raise QuantityError(f'"{text}" is negative', "write a number that is not below zero")
    return Quantity(number, unit)


def _hint(match: re.Match[str] | None, dimension: Dimension) -> str:
    if match is not None:
        folded = {u.symbol.casefold(): u.symbol for u in Unit if u.dimension is dimension}
        symbol = folded.get(match[2].casefold())
        if symbol and match[2]:
            return f'write "{match[1]}{symbol}"'
        if dimension is Dimension.FACTOR and not match[2]:
            return f'write "{match[1]}x"'
        if dimension is Dimension.RATIO and not match[2]:
            number = Decimal(match[1])
            return f'write "{decimal_text(number if number >= 1 else number * 100)}%"'
    return f"write {dimension}"


def _with_unit(quantity: Quantity, dimension: Dimension) -> str:
    """Ask for a unit where a bare number stands for something that has several."""
    symbols = {Dimension.TIME: ("s", "ms"), Dimension.SIZE: ("MiB", "MB"), Dimension.RATIO: ("%",)}.get(dimension)
    if quantity.unit is not Unit.COUNT or symbols is None:
        return f"write {dimension}"
    return "write " + " or ".join(f'"{quantity}{symbol}"' for symbol in symbols)


def decimal_text(number: Decimal) -> str:
    """Write a number exactly, without an exponent and without trailing zeros."""
    if number == 0:
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


_DURATION = re.compile(r"(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?")
_STEPS_MS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))
_WORDS = {"d": "day", "h": "hour", "m": "minute", "s": "second", "ms": "millisecond"}


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A span of time as Prometheus writes it, in whole milliseconds."""

    milliseconds: int

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read `5m`, `1h30m`, `250ms`, `7d`; raises `QuantityError` on anything else."""
        match = _DURATION.fullmatch(text)
        if match is None or not text:
            hint = "write whole units from large to small, such as 5m, 1h30m or 250ms"
            raise QuantityError(f'"{text}" is not a duration', hint)
        parts = zip(match.groups(default="0"), _STEPS_MS, strict=True)
        total = sum(int(number) * size for number, (_, size) in parts)
        if total > 3650 * 86_400_000:
            raise QuantityError(f'"{text}" is longer than ten years', "write a shorter duration")
        return cls(total)

    @property
    def seconds(self) -> Decimal:
        """The same in seconds, exactly."""
        return Decimal(self.milliseconds) / 1000

    def _parts(self) -> list[tuple[int, str]]:
        rest, parts = self.milliseconds, []
        for symbol, size in _STEPS_MS:
            count, rest = divmod(rest, size)
            if count:
                parts.append((count, symbol))
        return parts

    def __str__(self) -> str:
        return "".join(f"{count}{symbol}" for count, symbol in self._parts()) or "0s"

    def words(self) -> str:
        """Say it in English: `1 hour 30 minutes`."""
        parts = self._parts() or [(0, "s")]
        return " ".join(f"{count} {_WORDS[symbol]}{'' if count == 1 else 's'}" for count, symbol in parts)

    def __add__(self, other: Duration) -> Duration:
        return Duration(self.milliseconds + other.milliseconds)

    def __sub__(self, other: Duration) -> Duration:
        return Duration(max(0, self.milliseconds - other.milliseconds))

    def times(self, count: int) -> Duration:
        """Return this duration `count` times in a row."""
        return Duration(self.milliseconds * count)


@dataclass(frozen=True, slots=True)
class TimeScale:
    """How much faster than life rules run: a divisor of 60 makes an hour pass in a minute."""

    divisor: int = 1

    def __call__(self, duration: Duration) -> Duration:
        """Shorten a duration; never below a millisecond, and zero stays zero."""
        if not duration.milliseconds:
            return duration
        return Duration(max(1, round(duration.milliseconds / self.divisor)))


REAL_TIME = TimeScale()
