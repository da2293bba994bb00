"""Close the circle between alerts and runbooks: neither is without the other, unless somebody says why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from watchbill.errors import and_more, choose
from watchbill.language.base import Diagnostics
from watchbill.model.alerts import Alert, Severity
from watchbill.model.bundle import Bundle
from watchbill.prose.runbooks import Written

LONGEST_WAIVER = timedelta(days=92)  # a quarter; what takes longer is no delay any more


def lead(runbooks: Iterable[Written], alerts: Sequence[Alert], diagnostics: Diagnostics) -> Mapping[str, Written]:
    """Find each alert's runbook, by the alert's id: one that names it before one whose pattern takes it in."""
    found: dict[str, tuple[bool, Written]] = {}
    names = {alert.id: alert for alert in alerts}
    for written in runbooks:
        led = []
        for index, pattern in enumerate(written.spec.alerts):
            exact, span = "*" not in pattern, written.spec.span("alerts", index)
            fits = _pattern(pattern).fullmatch
            meant = [name for name in names if fits(name)]
            led += meant
            if not meant:
                what = f'there is no alert "{pattern}"' if exact else f'no alert is called like "{pattern}"'
                diagnostics.add(span, "runbook/unknown-alert", what, choose(pattern, names))
            twice: dict[str, list[str]] = {}
            for name in meant:
                before = found.get(name)
                if before is None or (exact and not before[0]):
                    found[name] = (exact, written)
                elif exact is before[0] and before[1] is not written:
                    twice.setdefault(before[1].spec.id, []).append(name)
            for other, shared in sorted(twice.items()):
                what = f'"{shared[0]}"{and_more(len(shared) - 1)} has runbook {other} already'
                diagnostics.add(span, "runbook/alert-taken", what, "name each in one of them only")
        _validate_severity(written, [names[name] for name in led], diagnostics)
    _require_readers(runbooks, {id(written) for _, written in found.values()}, diagnostics)
    return {name: written for name, (_, written) in sorted(found.items())}


def validate_coverage(bundle: Bundle, led: Iterable[str], today: date, diagnostics: Diagnostics) -> None:
    """Check every P0 and P1 against a runbook, or, if it is a P1, to a waiver that has not run out."""
    have = set(led)
    for service in bundle.services:
        known = {alert.name: alert for alert in service.alerts}
        for name, waiver in service.waivers.items():
            alert = known.get(name)
            if alert is None:
                diagnostics.add(
                    waiver.span, "runbook/unknown-alert", f'there is no alert "{name}"', choose(name, known)
                )
            elif alert.severity is not Severity.P1:
                todo = "write its runbook" if alert.severity is Severity.P0 else "remove it"
                diagnostics.add(
                    waiver.span,
                    "runbook/wrong-waiver",
                    f"a waiver is for P1 only, and {name} is {alert.severity}",
                    todo,
                )
            elif alert.id in have:
                diagnostics.add(waiver.span, "runbook/wrong-waiver", f"{name} has a runbook", "remove the waiver")
            elif waiver.until < today:
                diagnostics.add(
                    waiver.span,
                    "runbook/wrong-waiver",
                    f"the waiver ended on {waiver.until}",
                    f"write the runbook of {name}",
                )
            elif waiver.until - today > LONGEST_WAIVER:
                todo = f"write {today + LONGEST_WAIVER} or an earlier day"
                diagnostics.add(waiver.span, "runbook/wrong-waiver", "a waiver lasts a quarter of a year at most", todo)
        for alert in service.alerts:
            if (
                alert.severity in {Severity.P0, Severity.P1}
                and alert.id not in have
                and alert.name not in service.waivers
            ):
                todo = f'add "{alert.id}" to a runbook\'s alerts, or begin one by: watchbill new runbook {alert.id}'
                diagnostics.add(
                    alert.origin.span, "runbook/missing", f"{alert.severity} {alert.id} has no runbook", todo
                )


def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile("[^/]*".join(map(re.escape, pattern.split("*"))))


def _validate_severity(written: Written, alerts: Sequence[Alert], diagnostics: Diagnostics) -> None:
    """Check a runbook's severity against that of its most urgent alert; a mixed one may lead with any."""
    if not alerts or written.spec.severity == "mixed":
        return
    urgent = min((alert.severity for alert in alerts), key=lambda each: each.rank).value
    if urgent != written.spec.severity:
        what = f"the most urgent of its alerts is {urgent}"
        diagnostics.add(
            written.spec.span("severity"), "runbook/other-severity", what, f'write "severity: {urgent}", or mixed'
        )


def _require_readers(runbooks: Iterable[Written], leading: set[int], diagnostics: Diagnostics) -> None:
    for written in runbooks:
        if written.spec.alerts and id(written) not in leading:
            what = f"each alert that {written.spec.id} names is led elsewhere by a runbook that names it exactly"
            diagnostics.add(
                written.spec.span("alerts"), "runbook/without-alerts", what, "name its own alerts, or give a reason"
            )
