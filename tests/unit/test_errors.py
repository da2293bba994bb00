from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.errors import (
    Diagnostic,
    ExitCode,
    RefusedError,
    Span,
    SpecError,
    ToolError,
    UsageError,
    WatchbillError,
    choose,
    nearest,
    sort_diagnostics,
)


def at(line: int, *, file: str = "a.yaml", what: str = "wrong") -> Diagnostic:
    return Diagnostic(Span(file, line, 1, line, 2), "spec/unknown-key", what, "mend it")


def test_a_diagnostic_reads_as_place_fault_and_remedy() -> None:
    assert str(at(3)) == "a.yaml:3:1: wrong; mend it"


def test_diagnostics_are_sorted_by_place_with_lines_as_numbers() -> None:
    assert sort_diagnostics([at(10), at(9), at(1, file="b.yaml")]) == (at(9), at(10), at(1, file="b.yaml"))


def test_diagnostics_of_one_place_are_sorted_by_text() -> None:
    assert sort_diagnostics([at(1, what="b"), at(1, what="a")]) == (at(1, what="a"), at(1, what="b"))


def test_repeated_diagnostics_are_reported_once() -> None:
    assert sort_diagnostics([at(1), at(1)]) == (at(1),)


def test_a_spec_error_carries_all_its_diagnostics_in_order() -> None:
    error = SpecError(iter([at(2), at(1)]))
    assert (error.diagnostics, str(error)) == ((at(1), at(2)), f"{at(1)}\n{at(2)}")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WatchbillError, ExitCode.FOUND),
        (SpecError, ExitCode.FOUND),
        (RefusedError, ExitCode.FOUND),
        (UsageError, ExitCode.USAGE),
        (ToolError, ExitCode.TOOL),
    ],
)
def test_every_error_has_the_exit_code_of_the_contract(error: type[WatchbillError], code: ExitCode) -> None:
    assert error.exit_code is code


def test_exit_codes_are_those_that_scripts_rely_on() -> None:
    assert [code.value for code in ExitCode] == [0, 1, 2, 3]


@pytest.mark.parametrize(("name", "meant"), [("totl", "total"), ("TOTAL", "total"), ("xyz", None), ("", None)])
def test_the_nearest_name_is_the_one_that_was_meant(name: str, meant: str | None) -> None:
    assert nearest(name, ["total", "bad"]) == meant


def test_the_nearest_name_keeps_its_own_spelling() -> None:
    assert nearest("http5xxrate", ["HTTP5xxRate"]) == "HTTP5xxRate"


@given(st.text(), st.lists(st.text(max_size=8), max_size=8))
def test_the_nearest_name_does_not_depend_on_the_order_of_choices(name: str, choices: list[str]) -> None:
    assert nearest(name, choices) == nearest(name, reversed(choices))


@given(st.lists(st.text(max_size=8), min_size=1))
def test_the_nearest_name_is_one_of_the_choices(choices: list[str]) -> None:
    assert nearest(choices[0] + "x", choices) in {None, *choices}


def test_an_alert_of_a_service_is_compared_with_the_alerts_of_that_service() -> None:
    known = ["core-api/CPUUsageHigh", "core-api/MemoryUsageHigh", "shop/Nope"]
    assert nearest("core-api/Nope", known) is None
    assert nearest("core-api/CPUUsage", known) == "core-api/CPUUsageHigh"
    assert nearest("core-ap/CPUUsageHigh", known) == "core-api/CPUUsageHigh"
    assert choose("core-api/Nope", known) == "choose one of: core-api/CPUUsageHigh, core-api/MemoryUsageHigh"


def test_choose_suggests_the_nearest_name() -> None:
    assert choose("totl", ["total", "bad"]) == 'use "total"'


def test_choose_lists_what_there_is_when_nothing_is_near() -> None:
    assert choose("xyz", ["total", "bad"]) == "choose one of: bad, total"


def test_choose_lists_all_of_twenty() -> None:
    known = [f"a{i:02}" for i in range(20)]
    assert choose("xyz", known[::-1]) == f"choose one of: {', '.join(known)}"


def test_choose_lists_of_more_than_twenty_the_likest_and_counts_the_rest() -> None:
    unlike = [f"zzz{i:02}" for i in range(9, 30)]
    found = choose("abc", [*unlike, "bxx", "cxx"])
    assert found.endswith(" (and 11 more)")
    shown = found.removeprefix("choose one of: ").removesuffix(" (and 11 more)").split(", ")
    assert (shown, len(shown)) == (sorted(shown), 12)
    assert {"bxx", "cxx"} <= set(shown)


def test_choose_says_that_there_is_nothing_to_choose() -> None:
    assert choose("xyz", [], none="declare a team first") == "declare a team first"
