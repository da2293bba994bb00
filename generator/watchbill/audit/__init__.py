"""Hold a service's specs against what it really exports.

Proofs show that rules do what the specs say; only a scrape shows that the specs name what is there.
"""

from __future__ import annotations

from collections.abc import Iterable

from watchbill.audit.checks import check
from watchbill.audit.finding import Finding, diagnostic, merge
from watchbill.audit.panels import check_panels
from watchbill.audit.samples import jobs, load_sample, samples, unsampled
from watchbill.audit.scrape import Family, Scrape, read_scrape
from watchbill.errors import DiagnosticLevel, UsageError, choose
from watchbill.model.bundle import Service
from watchbill.model.signals import Signal
from watchbill.words.requirements import required

__all__ = [
    "Family",
    "Finding",
    "Scrape",
    "audit",
    "diagnostic",
    "load_sample",
    "read_scrape",
    "samples",
    "table",
    "unsampled",
]


def audit(service: Service, scrape: Scrape, *, job: str | None = None) -> tuple[Finding, ...]:
    """Find what alerts and panels read and a scrape of one job lacks; without `job`, its own is meant.

    Errors come first, and each cause is one finding. Raises `UsageError` for a job of no signal.
    """
    signals = _signals(service, job)
    keys = {signal.key for signal in signals}
    alerts = (fault for entry in required(service) if entry.signal.key in keys for fault in check(entry, scrape))
    return merge((*alerts, *check_panels(service, signals, scrape)))


def table(service: Service, findings: Iterable[Finding], *, job: str | None = None) -> str:
    """Say for each signal of a job what was checked against the scrape, and how that went, in aligned lines."""
    every = tuple(findings)
    signals = _signals(service, job)
    width = max(len(signal.key) for signal in signals)
    return "\n".join(
        f"{signal.key:<{width}}  {_checked(service, signal)}: {_verdict(every, signal)}" for signal in signals
    )


def _signals(service: Service, job: str | None) -> tuple[Signal, ...]:
    by_job = jobs(service)
    wanted = next(iter(by_job)) if job is None else job
    if wanted not in by_job:
        raise UsageError(f'service "{service.name}" has no signal of job "{wanted}"; {choose(wanted, by_job)}')
    return by_job[wanted]


def _checked(service: Service, signal: Signal) -> str:
    entries = [entry for entry in required(service) if entry.signal.key == signal.key]
    counts = {
        "metric": len(entries),
        "label": len({label for entry in entries for label in entry.labels}),
        "label value": len({matcher for entry in entries for matcher in entry.matchers}),
        "bucket edge": sum(len(entry.edges) for entry in entries),
    }
    return ", ".join(_count(number, noun) for noun, number in counts.items() if number)


def _verdict(findings: Iterable[Finding], signal: Signal) -> str:
    levels = [finding.level for finding in findings if signal.key in finding.signals]
    counts = {level: levels.count(level) for level in DiagnosticLevel}
    return ", ".join(_count(number, level) for level, number in counts.items() if number) or "all found"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
