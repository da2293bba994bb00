"""A key that got another name: the former one works, and its author learns the present one."""

from __future__ import annotations

from typing import Annotated

import pytest

from watchbill.errors import DiagnosticLevel
from watchbill.language.base import Authored, Diagnostics, Formerly, load
from watchbill.source import parse


class Order(Authored):
    amount: Annotated[str, Formerly("sum")]
    note: str = ""


def read(text: str) -> tuple[Order | None, list[tuple[DiagnosticLevel, str]]]:
    diagnostics = Diagnostics()
    order = load(Order, parse(text, path="order.yaml", pointer="order.yaml").data, diagnostics)
    return order, [(found.level, f"{found.span.line}:{found.span.column}: {found}") for found in diagnostics.found]


@pytest.mark.parametrize("text", ["note: x\nsum: five\n", "note: x\namount: five\n"])
def test_both_keys_are_read(text: str) -> None:
    order, _ = read(text)
    assert order is not None
    assert order.amount == "five"
    assert order.span("amount").line == 2


def test_the_former_key_is_warned_of_at_its_place() -> None:
    _, found = read("note: x\nsum: five\n")
    assert [level for level, _ in found] == [DiagnosticLevel.WARNING]
    assert '"sum" is called "amount" now; write "amount"' in found[0][1]
    assert found[0][1].startswith("2:1: ")


def test_the_present_key_is_not_warned_of() -> None:
    assert read("amount: five\n")[1] == []


def test_both_at_once_are_refused_at_the_former_one() -> None:
    order, found = read("amount: five\nsum: six\n")
    assert order is None
    assert [level for level, _ in found] == [DiagnosticLevel.ERROR]
    assert found[0][1].startswith("2:1: ")
    assert 'remove "sum"' in found[0][1]


def test_what_is_wrong_with_the_value_stands_at_the_value() -> None:
    order, found = read("sum: [five]\n")
    assert order is None
    assert [text.partition(": ")[0] for level, text in found if level is DiagnosticLevel.ERROR] == ["1:6"]
