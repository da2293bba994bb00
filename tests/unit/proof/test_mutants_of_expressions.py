from __future__ import annotations

import pytest

from watchbill.promql import pretty
from watchbill.proof.mutants.expressions import JOINED, NULLIFIED, ONLY_WHERE, variants

RATIO = 'sum by (env) (rate(bad{job="a"}[5m])) / sum by (env) (rate(all[5m])) > 0.01'


def changed(expr: str) -> dict[str, str]:
    return dict(variants(expr))


@pytest.mark.parametrize(
    ("what", "expr"),
    [
        ("> to <", RATIO.replace(">", "<")),
        ("constant 0.01 times 100", RATIO.replace("0.01", "1")),
        ("constant 0.01 times 0.8", RATIO.replace("0.01", "0.008")),
        ('matcher job="a" dropped', RATIO.replace('{job="a"}', "")),
        ('matcher job="a" negated', RATIO.replace('job="a"', 'job!="a"')),
        ("metric bad renamed", RATIO.replace("bad", "bad_renamed")),
        ("right side of / dropped", 'sum by (env) (rate(bad{job="a"}[5m])) > 0.01'),
    ],
)
def test_one_change_at_a_time_is_made(what: str, expr: str) -> None:
    assert pretty(changed(RATIO)[what]) == pretty(expr)


def test_every_place_is_changed_once() -> None:
    windows = [expr for what, expr in variants(RATIO) if what == "window 5m times 3"]
    assert [pretty(expr) for expr in windows] == [
        pretty(RATIO.replace("[5m]", "[15m]", 1)),
        pretty(RATIO.replace("rate(all[5m])", "rate(all[15m])")),
    ]


def test_offsets_subqueries_and_set_operators_keep_their_shape() -> None:
    found = changed("max_over_time(x[1d:5m] offset 1h) and on (env) y unless z")
    assert pretty(found["window 1d times 3"]) == pretty("max_over_time(x[3d:5m] offset 1h) and on (env) y unless z")
    assert pretty(found["left side of and dropped"]) == pretty("y unless z")
    assert "left side of unless dropped" not in found


@pytest.mark.parametrize(
    ("expr", "matcher", "joined"),
    [
        ('a{slo="x"} / b{slo="x"}', 'matcher slo="x" dropped', True),
        ('a{slo="x"} / b', 'matcher slo="x" dropped', False),
        ('a{slo="x"} or b{slo="x"}', 'matcher slo="x" dropped', False),
        ('a{slo="x"} / on (env) b{slo="x"}', 'matcher slo="x" dropped', False),
        ('sum by (env) (a{slo="x"}) / b{slo="x"}', 'matcher slo="x" dropped', False),
        ('a{slo="x"} and ignoring (le) b{slo="x"}', 'matcher slo="x" dropped', True),
    ],
)
def test_a_matcher_is_only_called_joined_where_the_other_operand_asks_for_it(
    expr: str,
    matcher: str,
    joined: bool,  # noqa: FBT001 (a table)
) -> None:
    found = [what for what, _ in variants(expr) if what.startswith(matcher)]
    assert any(what.endswith(JOINED) for what in found) is joined


def test_what_is_multiplied_by_zero_and_what_only_says_where_is_marked() -> None:
    found = [what for what, _ in variants("errors or 0 * sum by (env) (x) and rate(y[5m])")]
    assert f"sum to max{NULLIFIED}" in found
    assert f"rate to irate{ONLY_WHERE}" in found
    assert "metric errors renamed" in found
