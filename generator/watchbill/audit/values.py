"""Hold label matchers against the label values of a scrape."""

from __future__ import annotations

import difflib
import re
import warnings
from collections.abc import Iterable, Mapping
from functools import lru_cache

from watchbill.promql import Matcher

_LOOPS = re.compile(r"(?<!\\)(?:[*+]|\{\d+,)")
_NESTED = re.compile(r"\)(?:[*+]|\{)")
_ONLY_RE2 = re.compile(r"\[\[:|\\[pPzCQ]")
_ALTERNATIVES = re.compile(r"[\w\s./:|-]+")
MOST_LOOPS = 3
MOST_CHARACTERS = 200
NEAR = 0.8  # "deadlock" and "deadlocks" are near, "GET" and "PUT", or "open" and "half_open", are not
NEAR_LENGTH = 4


def matches(matcher: Matcher, labels: Mapping[str, str]) -> bool:
    """Tell whether a series satisfies a matcher, as Prometheus does: anchored, a missing label is empty.

    A regular expression that only RE2 can match in linear time (or at all) counts as satisfied, so
    that no scrape can make the audit hang and no finding is a guess.
    """
    value = labels.get(matcher.label, "")
    if matcher.op in {"=", "!="}:
        return (value == matcher.value) == (matcher.op == "=")
    pattern = _compiled(matcher.value)
    if pattern is None or len(value) > MOST_CHARACTERS:
        return True
    return (pattern.fullmatch(value) is not None) == (matcher.op == "=~")


@lru_cache(maxsize=1024)
def _compiled(regex: str) -> re.Pattern[str] | None:
    slow = len(_LOOPS.findall(regex)) > MOST_LOOPS or regex.count("?") > 2 * MOST_LOOPS or _NESTED.search(regex)
    if slow or _ONLY_RE2.search(regex):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Python warns where it reads a pattern otherwise than RE2 does
        try:
            return re.compile(regex, re.ASCII)
        except (re.error, FutureWarning, DeprecationWarning, OverflowError, RecursionError):
            return None


def nearest_value(matcher: Matcher, values: Iterable[str]) -> str | None:
    """Find the exported value that a matcher without a match most likely means; None where none is near."""
    known = sorted(set(values) - {""})
    if matcher.op in {"!=", "!~"}:
        return None
    for wanted in _literals(matcher):
        for value in known:
            if _folded(value) == _folded(wanted):
                return value
        if len(wanted) >= NEAR_LENGTH:
            near = difflib.get_close_matches(wanted.casefold(), [value.casefold() for value in known], 1, NEAR)
            found = next((value for value in known if value.casefold() in near), None)
            if found is not None:
                return found
    return None


def _literals(matcher: Matcher) -> list[str]:
    """List the plain texts that a matcher asks for."""
    if matcher.op == "=":
        return [matcher.value]
    return matcher.value.split("|") if _ALTERNATIVES.fullmatch(matcher.value) else []


def _folded(value: str) -> str:
    return re.sub(r"[-_\s]", "", value).casefold()
