"""Find series that make an author's counters count good events, and bad ones.

Nothing is known of these counters but the selectors that add them up, so every kind of series that these can tell
apart is tried, alone and in pairs, until some of them count an event once, and as what it is.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import promql_parser as pp

from watchbill.conditions.base import INSTANCE
from watchbill.model.examples import SourceCounter
from watchbill.model.signals import Signal
from watchbill.promql import Matcher, PromQLError, Selection, literals, parse, selections
from watchbill.sli.series import SHARES

MOST_SERIES = 24  # of all metrics; each pair of them is tried
ELSE = "other"

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Term:
    """A selector that is added, or subtracted."""

    sign: int
    selection: Selection

    def counts(self, metric: str, labels: Mapping[str, str]) -> int:
        """Return what the sum gets of each event of a series: 1, -1 or nothing."""
        same = self.selection.metric == metric
        return self.sign if same and all(_matches(m, labels) for m in self.selection.matchers) else 0


def terms(text: str) -> tuple[Term, ...]:
    """Take a sum of selectors apart."""
    return tuple(_terms(parse(text), 1))


def negated(sum_: Iterable[Term]) -> tuple[Term, ...]:
    """Subtract what a sum adds."""
    return tuple(Term(-term.sign, term.selection) for term in sum_)


def _terms(node: pp.Expr, sign: int) -> Iterable[Term]:
    match node:
        case pp.ParenExpr():
            yield from _terms(node.expr, sign)
        case pp.BinaryExpr():
            yield from _terms(node.lhs, sign)
            yield from _terms(node.rhs, -sign if str(node.op) == "-" else sign)
        case pp.VectorSelector():
            yield Term(sign, selections(str(node.prettify()))[0])


def counted(total: tuple[Term, ...], errors: tuple[Term, ...], signal: Signal) -> tuple[SourceCounter, ...]:
    """Give series that count each good event in `total` alone, and each bad one in both.

    Raises `PromQLError`, saying what is wrong, where no series do.
    """
    series = list(_series((*total, *errors), signal))
    weighed = [[sum(t.counts(m, dict(labels)) for t in sum_) for m, labels in series] for sum_ in (total, errors)]
    shares = []
    for bad, word in enumerate(("good", "bad")):
        found = _shares(weighed[0], weighed[1], bad)
        if found is None:
            raise PromQLError(f"nothing that these count could ever be {word}")
        shares.append(found)
    return tuple(
        counter
        for (metric, labels), good, bad in zip(series, *shares, strict=True)
        for counter in _spread(metric, labels, good, bad)
    )


def _spread(metric: str, labels: Labels, good: Decimal, bad: Decimal) -> Iterable[SourceCounter]:
    if INSTANCE in dict(labels):
        yield SourceCounter(metric, labels, good, bad)
        return
    for instance, share in SHARES:
        yield SourceCounter(metric, tuple(sorted((*labels, (INSTANCE, instance)))), good * share, bad * share)


def _shares(total: list[int], errors: list[int], bad: int) -> list[Decimal] | None:
    """Mix all ways to count one event, of which the first carries half: in `total` once, in `errors` `bad` times."""
    numbers = range(len(total))
    ways = [
        way
        for size in (1, 2)
        for way in itertools.combinations(numbers, size)
        if sum(total[i] for i in way) == 1 and sum(errors[i] for i in way) == bad
    ]
    if not ways:
        return None
    found, left = [Decimal(0)] * len(total), Decimal(1)
    for way in ways:
        part = left if way is ways[-1] else left / 2
        left -= part
        for i in way:
            found[i] += part
    return found


def _series(sum_: Iterable[Term], signal: Signal) -> Iterable[tuple[str, Labels]]:
    """List the kinds of series that selectors can tell apart: each label with a value that matches, or not."""
    values: dict[str, dict[str, set[str]]] = {}
    for term in sum_:
        labels = values.setdefault(term.selection.metric or "", {})
        for matcher in term.selection.matchers:
            labels.setdefault(matcher.label, set()).update({example(matcher, signal), ELSE})
    for metric, labels in sorted(values.items()):
        kinds = itertools.product(*(sorted(known) for _, known in sorted(labels.items())))
        for kind in itertools.islice(kinds, MOST_SERIES):
            yield metric, tuple(zip(sorted(labels), kind, strict=True))


def example(matcher: Matcher, signal: Signal) -> str:
    """Give a value that a matcher names, whether it asks for it or refuses it."""
    known = [signal.examples[role] for role, name in signal.labels.items() if name == matcher.label]
    known += [v for c in signal.classes.values() if c.matcher.label == matcher.label for v in (c.member, c.other)]
    named = Matcher(matcher.label, "=~" if "~" in matcher.op else "=", matcher.value)
    found = next((value for value in (*literals(matcher), *known) if _matches(named, {matcher.label: value})), None)
    if found is None:
        raise PromQLError(f"no example of {matcher.label} matches {matcher.value}")
    return found


def _matches(matcher: Matcher, labels: Mapping[str, str]) -> bool:
    value = labels.get(matcher.label, "")
    same = value == matcher.value if "~" not in matcher.op else re.fullmatch(matcher.value, value) is not None
    return same is not matcher.op.startswith("!")
