from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.quantity import (
    Dimension,
    Duration,
    Quantity,
    QuantityError,
    TimeScale,
    Unit,
    decimal_text,
    parse_quantity,
)


@pytest.mark.parametrize(
    ("text", "dimension", "unit", "expected"),
    [
        ("1%", Dimension.RATIO, Unit.RATIO, "0.01"),
        ("99.95%", Dimension.RATIO, Unit.RATIO, "0.9995"),
        ("1000ms", Dimension.TIME, Unit.SECONDS, "1"),
        ("1.5s", Dimension.TIME, Unit.MILLISECONDS, "1500"),
        ("5m", Dimension.TIME, Unit.SECONDS, "300"),
        ("250us", Dimension.TIME, Unit.SECONDS, "0.00025"),
        ("1GB", Dimension.SIZE, Unit.BYTES, "1000000000"),
        ("1GiB", Dimension.SIZE, Unit.BYTES, "1073741824"),
        ("50 MB", Dimension.SIZE, Unit.BYTES, "50000000"),
        ("10/min", Dimension.RATE, Unit.PER_MINUTE, "10"),
        ("30/min", Dimension.RATE, Unit.PER_SECOND, "0.5"),
        ("2/s", Dimension.RATE, Unit.PER_MINUTE, "120"),
        ("3x", Dimension.FACTOR, Unit.TIMES, "3"),
    ],
)
def test_quantity_reaches_another_unit_exactly(text: str, dimension: Dimension, unit: Unit, expected: str) -> None:
    assert decimal_text(parse_quantity(text, dimension).to(unit)) == expected


@pytest.mark.parametrize(
    ("text", "dimension", "todo"),
    [
        (Decimal("0.01"), Dimension.RATIO, 'write "1%"'),
        (Decimal(2), Dimension.RATIO, 'write "2%"'),
        ("1GIB", Dimension.SIZE, 'write "1GiB"'),
        ("1KB", Dimension.SIZE, 'write "1kB"'),
        (Decimal(3), Dimension.FACTOR, 'write "3x"'),
        ("500", Dimension.TIME, "write a time such as 500ms or 2s"),
        ("fast", Dimension.TIME, "write a time such as 500ms or 2s"),
        ("5 %%", Dimension.RATIO, "write a percentage such as 1%"),
        ("1.2345678901234567%", Dimension.RATIO, "round it"),
        ("-1%", Dimension.RATIO, "write a number that is not below zero"),
        ("10/fortnight", Dimension.RATE, "write a rate such as 10/min or 0.5/s"),
        ("٣x", Dimension.FACTOR, "write a factor such as 3x"),
    ],
)
def test_what_is_no_such_quantity_is_refused_with_what_to_write(
    text: str | Decimal, dimension: Dimension, todo: str
) -> None:
    with pytest.raises(QuantityError) as refusal:
        parse_quantity(text, dimension)
    assert refusal.value.todo == todo


def test_a_bare_number_is_asked_for_its_unit() -> None:
    with pytest.raises(QuantityError) as refusal:
        Quantity(Decimal(2), Unit.COUNT).to(Unit.SECONDS)
    assert refusal.value.todo == 'write "2s" or "2ms"'


def test_dimensions_do_not_mix() -> None:
    with pytest.raises(QuantityError, match='"1%" is not a time'):
        Quantity(Decimal(1), Unit.PERCENT).to(Unit.SECONDS)


@pytest.mark.parametrize(
    ("number", "text"),
    [("0.0010", "0.001"), ("100", "100"), ("1E+3", "1000"), ("1E-7", "0.0000001"), ("0E+5", "0"), ("-0.50", "-0.5")],
)
def test_decimals_are_written_without_exponents(number: str, text: str) -> None:
    assert decimal_text(Decimal(number)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**12), max_value=10**12))
def test_written_decimals_lose_nothing(number: Decimal) -> None:
    assert Decimal(decimal_text(number)) == number


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("30s", 30_000), ("1h30m", 5_400_000), ("250ms", 250), ("7d", 604_800_000), ("90m", 5_400_000), ("0s", 0)],
)
def test_durations_are_read_as_prometheus_reads_them(text: str, milliseconds: int) -> None:
    assert Duration.parse(text).milliseconds == milliseconds


@pytest.mark.parametrize("text", ["", "5", "5 m", "m", "30m1h", "1.5h", "5min", "-5m", "1w", "4000d", "\uff15m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(QuantityError):
        Duration.parse(text)


@given(st.integers(min_value=0, max_value=10**11))
def test_written_durations_are_read_back(milliseconds: int) -> None:
    assert Duration.parse(str(Duration(milliseconds))) == Duration(milliseconds)


def test_durations_are_said_in_words() -> None:
    assert Duration.parse("1h30m").words() == "1 hour 30 minutes"
    assert Duration.parse("1d").words() == "1 day"


def test_a_time_scale_shortens_but_never_to_nothing() -> None:
    scale = TimeScale(60)
    assert scale(Duration.parse("5m")) == Duration.parse("5s")
    assert scale(Duration.parse("1d")) == Duration.parse("24m")
    assert scale(Duration(1)) == Duration(1)
    assert scale(Duration(0)) == Duration(0)
