from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.promql import (
    Matcher,
    PromQLError,
    bucket_edge,
    go_float,
    pretty,
    retarget,
    selections,
    selector,
    ungrouped,
)
from watchbill.quantity import TimeScale

JOB = (Matcher("job", "=", "shop"),)


@given(st.text(max_size=40))
def test_no_label_value_changes_the_structure_of_a_selector(value: str) -> None:
    (found,) = selections(selector("up", (Matcher("job", "=", value),)))
    assert found.matchers == (Matcher("job", "=", value),)


@pytest.mark.parametrize("name", ["up{", "a b", "", "0up", 'up or vector(1) # "', "üp"])
def test_what_is_no_name_never_becomes_a_selector(name: str) -> None:
    with pytest.raises(PromQLError):
        selector(name, ())
    with pytest.raises(PromQLError):
        selector("up", (Matcher(name, "=", "x"),))


@pytest.mark.parametrize(
    ("edge", "matcher"),
    [
        ("0.5", 'le="0.5"'),
        ("1", r'le=~"1|1\\.0"'),
        ("500", r'le=~"500|500\\.0"'),
        ("1048576", r'le=~"1\\.048576e\\+06|1048576|1048576\\.0"'),
        ("0.00005", r'le=~"0\\.00005|5e\\-05"'),
    ],
)
def test_a_bucket_is_matched_in_every_form_in_which_clients_write_it(edge: str, matcher: str) -> None:
    assert str(bucket_edge(Decimal(edge))) == matcher


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1", "1"),
        ("999999", "999999"),
        ("1000000", "1e+06"),
        ("2500000", "2.5e+06"),
        ("0.0001", "0.0001"),
        ("0.00001", "1e-05"),
    ],
)
def test_numbers_take_an_exponent_where_go_gives_them_one(number: str, text: str) -> None:
    assert go_float(Decimal(number)) == text


def test_the_target_is_put_into_every_selector_that_does_not_name_it() -> None:
    expr = 'sum(rate(a{x="1"}[5m])) / sum(b{job="other"}) + c offset 1h'
    assert [s.matchers for s in selections(retarget(expr, JOB))] == [
        (*JOB, Matcher("x", "=", "1")),
        (Matcher("job", "=", "other"),),
        JOB,
    ]


def test_every_duration_of_an_expression_is_scaled_once() -> None:
    expr = "max_over_time(rate(a[5m] offset 1d)[1h:10m] offset 2h) > b offset 30m"
    scaled = retarget(expr, (), TimeScale(60)).replace(" ", "").replace("\n", "")
    assert scaled == "max_over_time((rate(a[5s]offset24m))[1m:10s]offset2m)>boffset30s"


@pytest.mark.parametrize("expr", ["a @ 1600000000", "max_over_time(a[5m:1m] @ end())", "rate(a[5m] @ start())"])
def test_a_fixed_point_in_time_is_refused(expr: str) -> None:
    with pytest.raises(PromQLError, match="point in time"):
        retarget(expr, ())


def test_matchers_that_prometheus_does_not_know_are_refused_not_dropped() -> None:
    with pytest.raises(PromQLError, match='"or" between matchers'):
        retarget('a{x="1" or y="2"}', JOB)


@pytest.mark.parametrize(
    ("expr", "lost"),
    [
        ("sum by (cluster, env) (a)", ()),
        ("sum by (env) (a)", ("cluster",)),
        ("sum(a)", ("cluster", "env")),
        ("sum without (instance) (a)", ()),
        ("sum without (env) (a)", ("env",)),
        ("max by (cluster, env) (sum(a))", ("cluster", "env")),
        ("a > 1", ()),
        ("1 - sum by (cluster, env) (a) > scalar(b)", ()),
        ("a / on (instance) b", ("cluster", "env")),
        ("a / on (cluster, env) b", ()),
        ("a / ignoring (env) b", ("env",)),
        ("a / ignoring (le) b", ()),
        ("a * on (cluster) group_left () b", ()),
        ("a and on () b", ()),
        ("a unless sum(b)", ()),
        ("sum(b) or a", ("cluster", "env")),
        ("vector(1) and on () a", ("cluster", "env")),
        ("absent(a)", ("cluster", "env")),
        ('label_replace(a, "env", "", "", "")', ("env",)),
        ('label_join(a, "cluster", "-", "x")', ("cluster",)),
        ('count_values by (cluster, env) ("env", a)', ("env",)),
        ("max_over_time((sum by (cluster, env) (a))[1h:5m])", ()),
        ("topk by (cluster, env) (5, a)", ()),
        ("topk(3, sum by (cluster, env, e) (a)) > 1", ()),
        ("scalar(sum(a)) > bool 5", ("cluster", "env")),
        ("a > 2 * time()", ()),
    ],
)
def test_aggregations_that_drop_a_label_are_reported(expr: str, lost: tuple[str, ...]) -> None:
    assert ungrouped(expr, ("cluster", "env")) == lost


def test_what_is_not_promql_is_refused_with_the_parsers_words() -> None:
    with pytest.raises(PromQLError, match="unclosed left parenthesis"):
        pretty("sum(rate(a[5m])")
