"""Audit whole services: against their committed samples, or against one answer of a target."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from watchbill.audit import audit, load_sample, samples, table, unsampled
from watchbill.audit.finding import Finding
from watchbill.audit.scrape import MOST_CHARACTERS, Scrape, read_scrape
from watchbill.errors import DiagnosticLevel, RefusedError, UsageError, choose
from watchbill.model.bundle import Bundle, Service

SECONDS = 10
_ACCEPT = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"


@dataclass(frozen=True, slots=True)
class Audited:
    """What was checked against each other, in aligned lines, and what was found."""

    service: str
    job: str
    source: str
    checked: str
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> bool:
        """Whether some alert cannot do its work."""
        return any(finding.level is DiagnosticLevel.ERROR for finding in self.findings)


def audit_samples(services: Iterable[Service], folder: Path) -> tuple[Audited, ...]:
    """Audit services against their committed samples; a job without one is a warning."""
    audited: list[Audited] = []
    for service in services:
        for job, path in samples(service, folder):
            audited.append(_audited(service, load_sample(path), job))
        missing = unsampled(service, folder)
        if missing:
            audited.append(Audited(service.name, "", str(folder), "", missing))
    return tuple(audited)


def audit_answer(service: Service, where: str, job: str | None) -> Audited:
    """Audit a service against a file, or against what a URL answers now."""
    scrape = fetch(where) if where.startswith(("http://", "https://")) else load_sample(Path(where))
    return _audited(service, scrape, job)


def choose_services(bundle: Bundle, name: str | None) -> tuple[Service, ...]:
    """Return the named service, or all; raises `UsageError` for an unknown name."""
    if name is None:
        return bundle.services
    found = tuple(service for service in bundle.services if service.name == name)
    if not found:
        raise UsageError(f'there is no service "{name}"; {choose(name, (s.name for s in bundle.services))}')
    return found


def fetch(url: str) -> Scrape:
    """Ask a target for its metrics, as Prometheus does; raises `RefusedError` where it does not answer."""
    request = urllib.request.Request(url, headers={"Accept": _ACCEPT})  # noqa: S310 (callers pass http and https only)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 (as above)
            raw: bytes = answer.read(4 * MOST_CHARACTERS + 1)
            kind = str(answer.headers.get("Content-Type", ""))
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise RefusedError(f"{url} does not answer: {reason}; name a target's metrics page, or a file") from None
    return read_scrape(raw.decode("utf-8", "replace"), name=url, content_type=kind)


def _audited(service: Service, scrape: Scrape, job: str | None) -> Audited:
    findings = audit(service, scrape, job=job)
    return Audited(service.name, job or "", scrape.name, table(service, findings, job=job), findings)
