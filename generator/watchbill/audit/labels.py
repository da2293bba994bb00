"""Check whether the series of a metric carry the labels and values that alerts rely on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from watchbill.audit.finding import METRICS, SIGNALS, Mismatch, listed
from watchbill.audit.scrape import Scrape
from watchbill.audit.values import matches, nearest_value
from watchbill.errors import DiagnosticLevel, nearest
from watchbill.model.signals import MetricType
from watchbill.promql import Matcher
from watchbill.source.scalars import quote
from watchbill.words.requirements import EDGE, SCRAPE_LABELS, Required, Use

SeriesOf = tuple[Mapping[str, str], ...]
SHOWN = 6


def own_series(required: Required, scrape: Scrape) -> SeriesOf:
    """Gather all the series of a metric that alerts read."""
    return tuple(labels for name in required.series for labels in scrape.series[name])


def check_labels(required: Required, scrape: Scrape) -> Iterable[Mismatch]:
    """Find labels that no series has, and matchers that no series satisfies."""
    series = own_series(required, scrape)
    present = {label for labels in series for label in labels}
    absent = [label for label in required.labels if label not in present]
    for label in absent:
        yield _missing_label(required, label, present)
    matched = _matchers(required, present)
    idle = [matcher for matcher in matched if not any(matches(matcher, labels) for labels in series)]
    for matcher in idle:
        yield _idle_matcher(required, matcher, {labels.get(matcher.label, "") for labels in series})
    checked = {*absent, *(matcher.label for matcher in idle)}
    for use in required.uses:
        if len(use.matchers) > 1 and not checked & {matcher.label for matcher in use.matchers}:
            yield from _idle_together(required, use, scrape.series[use.series])


def _missing_label(required: Required, label: str, present: set[str]) -> Mismatch:
    signal = required.signal
    role = next((role for role, name in signal.labels.items() if name == label), None)
    near = nearest(label, present - {EDGE}) or (nearest(role, present - {EDGE}) if role else None)
    where = f"in signal {SIGNALS}" if role else "in the expression"
    if near is not None:
        todo = f'"{near}" is there: write labels: {{{role}: {near}}} {where}' if role else f'write "{near}" {where}'
    else:
        there = ", ".join(sorted(present - {EDGE})) or "none"
        todo = f"let the service set it, or name the right one {where}; there is {there}"
    what = f'label "{label}" is on no series of {METRICS}'
    return Mismatch(
        DiagnosticLevel.ERROR, signal, required.name, "scrape/missing-label", what, todo, required.readers(label)
    )


def _matchers(required: Required, present: set[str]) -> list[Matcher]:
    """List the matchers to check; the signal's own count where the metric, and not its target, has the label."""
    own = (m for m in required.signal.matchers if m.label not in SCRAPE_LABELS)
    return sorted(matcher for matcher in {*required.matchers, *own} if matcher.label in present)


def _idle_matcher(required: Required, matcher: Matcher, values: set[str]) -> Mismatch:
    shown = [quote(value) for value in sorted(values - {""})]
    rest = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    what = f"no series of {METRICS} matches {matcher} (there is {', '.join(shown[:SHOWN])}{rest})"
    own = matcher in required.signal.matchers
    readers = {use.alert for use in required.uses if own or matcher in use.matchers}
    alerts = tuple(sorted(readers))
    near = nearest_value(matcher, values)
    if near is None:
        return Mismatch(
            DiagnosticLevel.WARNING,
            required.signal,
            required.name,
            "scrape/no-match",
            what,
            _initialise(required),
            alerts,
        )
    name = next((c.name for c in required.signal.classes.values() if c.matcher == matcher), None)
    place = f"write classes: {{{name}: {quote(near)}}}" if name else f"write {quote(near)}"
    todo = f"{quote(near)} is there: {place} in signal {SIGNALS}"
    return Mismatch(DiagnosticLevel.ERROR, required.signal, required.name, "scrape/no-match", what, todo, alerts)


def _idle_together(required: Required, use: Use, series: SeriesOf) -> Iterable[Mismatch]:
    if not any(all(matches(matcher, labels) for matcher in use.matchers) for labels in series):
        together = listed(str(matcher) for matcher in use.matchers)
        what = f"no series of {METRICS} matches {together} together"
        yield Mismatch(
            DiagnosticLevel.WARNING,
            required.signal,
            required.name,
            "scrape/no-match",
            what,
            _initialise(required),
            (use.alert,),
        )


def _initialise(required: Required) -> str:
    if required.metric is not None and required.metric.type is MetricType.GAUGE:
        return "let the service export that series from the start, or correct the value"
    return (
        "let the service export that series from the start, as 0,"
        " since the first event of a new series is invisible to increase()"
    )
