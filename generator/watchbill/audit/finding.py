"""What an audit finds, with one finding for one cause."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from watchbill.errors import Diagnostic, DiagnosticLevel, Span
from watchbill.model.signals import Signal

METRICS = "\x00"  # stands in a fault's text for the metrics that share the fault
SIGNALS = "\x01"  # stands in what to do for the signals that share the fault
SHOWN = 4


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which a spec and a scrape contradict each other.

    `alerts` are the ids of those that cannot fire, or mislead, because of it; `span` is the place
    of the first signal in the service's spec.
    """

    level: DiagnosticLevel
    signals: tuple[str, ...]
    metrics: tuple[str, ...]
    code: str
    what: str
    todo: str
    alerts: tuple[str, ...]
    span: Span

    @property
    def signal(self) -> str:
        """The key of the first signal that it concerns."""
        return self.signals[0]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A finding on one metric; faults with equal texts have one cause."""

    level: DiagnosticLevel
    signal: Signal
    metric: str
    code: str
    what: str
    todo: str
    alerts: tuple[str, ...]


def merge(diagnostics: Iterable[Mismatch]) -> tuple[Finding, ...]:
    """Join the faults that have one cause; errors come first."""
    causes: dict[tuple[DiagnosticLevel, str, str, str], list[Mismatch]] = {}
    for fault in diagnostics:
        causes.setdefault((fault.level, fault.code, fault.what, fault.todo), []).append(fault)
    findings = []
    for (level, code, what, todo), same in causes.items():
        signals = tuple(dict.fromkeys(fault.signal.key for fault in same))
        metrics = tuple(dict.fromkeys(fault.metric for fault in same))
        findings.append(
            Finding(
                level=level,
                signals=signals,
                metrics=metrics,
                code=code,
                what=what.replace(METRICS, listed(metrics)),
                todo=todo.replace(SIGNALS, listed(f'"{key}"' for key in signals)),
                alerts=tuple(sorted({alert for fault in same for alert in fault.alerts})),
                span=same[0].signal.origin.span,
            )
        )
    return tuple(sorted(findings, key=lambda finding: finding.level is not DiagnosticLevel.ERROR))


def diagnostic(finding: Finding) -> Diagnostic:
    """Say a finding as a diagnostic on its signal, with the alerts that it touches."""
    names = [alert.partition("/")[2] or alert for alert in finding.alerts]
    touched = f" (affects {listed(names)})" if names else ""
    return Diagnostic(finding.span, finding.code, finding.what + touched, finding.todo, finding.level)


def listed(names: Iterable[str]) -> str:
    """List a few names in words, and count the rest."""
    every = tuple(names)
    shown, rest = every[:SHOWN], len(every) - SHOWN
    if rest > 0:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1]))) if shown else ""
