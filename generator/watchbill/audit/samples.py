"""Find and read the sample scrapes that are committed beside the specs."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote as quote_url

from watchbill.audit.finding import Finding, Mismatch, merge
from watchbill.audit.scrape import MOST_CHARACTERS, Scrape, read_scrape
from watchbill.errors import Diagnostic, DiagnosticLevel, Span, SpecError
from watchbill.model.bundle import Scrape as ScrapeJob
from watchbill.model.bundle import Service
from watchbill.model.signals import Signal
from watchbill.words.requirements import exported


def jobs(service: Service) -> dict[str, tuple[Signal, ...]]:
    """Sort a service's signals by their job, its own target's first; a signal without one is under ""."""
    found: dict[str, list[Signal]] = {}
    for signal in exported(service):
        job = next((m.value for m in signal.matchers if m.label == "job" and m.op == "="), "")
        found.setdefault(job, []).append(signal)
    return {job: tuple(found[job]) for job in sorted(found, key=lambda job: (job != service.job, job))}


def sample_path(service: Service, job: str, folder: Path) -> Path:
    """Place a job's sample: `<service>.prom` for its own target's job, else `<service>.<job>.prom`."""
    if job == next(iter(jobs(service))):
        return folder / f"{service.name}.prom"
    return folder / f"{service.name}.{re.sub(r'[^A-Za-z0-9_-]', '_', job) or 'none'}.prom"


def samples(service: Service, folder: Path) -> tuple[tuple[str, Path], ...]:
    """List the committed samples of a service by job; `folder` is the spec tree's `samples/`."""
    found = ((job, sample_path(service, job, folder)) for job in jobs(service))
    return tuple((job, path) for job, path in found if path.is_file())


def unsampled(service: Service, folder: Path) -> tuple[Finding, ...]:
    """Warn of each job whose signals no committed sample shows."""
    diagnostics = []
    for job, signals in jobs(service).items():
        path = sample_path(service, job, folder)
        if not path.is_file():
            readers = {alert.id for alert in service.alerts if alert.subject in {signal.key for signal in signals}}
            what = f'no sample shows what job "{job}" exports, so nothing holds its alerts against reality'
            todo = f"save one: {_curl(service, job)} > {path}"
            diagnostics.append(
                Mismatch(
                    DiagnosticLevel.WARNING, signals[0], "", "scrape/no-sample", what, todo, tuple(sorted(readers))
                )
            )
    return merge(diagnostics)


def load_sample(path: Path, *, shown: str | None = None) -> Scrape:
    """Read a scrape from a file, called `shown` in messages; raises `SpecError` for what is none."""
    name = shown or str(path)
    try:
        with path.open("rb") as file:
            raw = file.read(4 * MOST_CHARACTERS + 1)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise _unreadable(name, f"the file cannot be read: {error.strerror}", "name a scrape's file") from None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        what, todo = f"byte {error.start} is not UTF-8", "save the text format, not protobuf or a compressed answer"
        raise _unreadable(name, what, todo, line=line) from None
    return read_scrape(text, name=name)


def _unreadable(name: str, what: str, todo: str, *, line: int = 1) -> SpecError:
    return SpecError([Diagnostic(Span(name, line, 1, line, 1), "scrape/unreadable", what, todo)])


def _curl(service: Service, job: str) -> str:
    """Write the command that asks a target as Prometheus does, on its first address."""
    scrape = next((scrape for scrape in service.scrapes if scrape.job == job), None)
    addresses = [address for place in scrape.targets for address in place.addresses] if scrape else []
    if scrape is None or not addresses:
        return "curl -s http://<address>/metrics"
    return f"curl -s '{_url(scrape, addresses[0])}'"


def _url(scrape: ScrapeJob, address: str) -> str:
    if scrape.prober:
        query = f"module={quote_url(scrape.module)}&target={quote_url(address, safe='')}"
        return f"{scrape.scheme}://{scrape.prober}{scrape.path}?{query}"
    return f"{scrape.scheme}://{address}{scrape.path}"
