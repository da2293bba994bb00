"""Coin the alerts that watch the monitoring of a service: its targets are scraped, and its signals are there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from watchbill import naming
from watchbill.conditions import Condition
from watchbill.conditions.absent import Absent
from watchbill.conditions.base import listed
from watchbill.conditions.target_down import JOB, SHORTEST_WINDOW, TargetDown
from watchbill.link import LinkedService
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Platform
from watchbill.model.origin import Origin
from watchbill.model.signals import UP, Signal
from watchbill.promql import Matcher
from watchbill.quantity import Duration

ABSENCE_FOR = Duration.parse("10m")  # a restart or a deploy does not take this long
DOWN_FOR = Duration.parse("5m")
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")  # in a regular expression of RE2


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """An alert that no author wrote: its condition, how long it must last, and its texts."""

    name: str
    signal: Signal
    condition: Condition
    for_: Duration
    summary: str
    impact: str
    action: str
    panel: str


def absence(signal: Signal, others: Iterable[Alert]) -> BuiltIn:
    """Watch that a signal is there at all: without it, none of its alerts can fire."""
    watched = listed([signal.metrics[role].name for role in signal.presence], "and")
    blind = sum(alert.subject == signal.key and bool(set(alert.metrics) & set(signal.presence)) for alert in others)
    counted = f"{blind} alert{'' if blind == 1 else 's'}"
    cannot = f"{counted} on it cannot fire until these metrics are back" if blind else ""
    return BuiltIn(
        name=naming.absence_alert(signal.key),
        signal=signal,
        condition=Absent.model_construct(kind="absent", metrics=signal.presence, per=()),
        for_=ABSENCE_FOR,
        summary=f"Metrics of {signal.key} ({signal.title}) are absent",
        impact=cannot or f"Alerts on {signal.key} may be blind until they are back",
        action=f"Check that the target is up, is scraped, and still exports {watched}.",
        panel=naming.METRICS_PRESENT,
    )


def target_down(service: LinkedService, platform: Platform) -> BuiltIn:
    """Watch that each target can be scraped: where one of several is down, its metrics are not absent."""
    signal = _targets(service, platform)
    jobs = _jobs(service)
    window = max(SHORTEST_WINDOW, signal.scrape_interval.times(4))
    readers = Counter(_job(alert.signal) for alert in service.alerts if alert.spec.condition.roles(alert.signal))
    blind = [f"{readers[job]} on {job}" for job in jobs if readers[job]]
    return BuiltIn(
        name=naming.TARGET_DOWN,
        signal=signal,
        condition=TargetDown.model_construct(jobs=jobs or (service.spec.service,), window=window, per=()),
        for_=DOWN_FOR,
        summary="A target cannot be scraped",
        impact=f"Alerts that read its job may be blind: {', '.join(blind)}" if blind else "Its metrics are missing",
        action=(
            f"Read the target's error at {platform.urls.prometheus}/targets: refused, no process listens there; a "
            "deadline or no route, look at the network, or at a process that hangs; 404, the path is wrong."
        ),
        panel=naming.TARGETS_UP,
    )


def _targets(service: LinkedService, platform: Platform) -> Signal:
    """Make the signal of all targets of a service, of which Prometheus itself writes `up`."""
    intervals = [scrape.interval for scrape in service.scrapes] or [platform.scrape_interval]
    return Signal(
        service=service.spec.service,
        key=naming.TARGETS,
        profile=naming.TARGETS,
        title="What Prometheus scrapes",
        matchers=_matchers(service),
        metrics={UP.role: UP},
        labels={},
        examples={},
        classes={},
        limits={},
        excluded={},
        presence=(),
        scrape_interval=max(intervals),
        origin=Origin(service.spec.span("target", key=True), service.origin.document),
    )


def _matchers(service: LinkedService) -> tuple[Matcher, ...]:
    """Select the service's targets.

    Where the spec has scrape jobs, these are its alone. Where others write the scrape configuration, a job may be
    shared, as those of Kubernetes are, and all that the signals' targets match tells them apart.
    """
    values: dict[str, set[str]] = {}
    if service.scrapes:
        values[JOB] = set(_jobs(service))
    else:
        for target in (service.spec.target, *(signal.target for signal in service.spec.signals.values())):
            for label in service.spec.target:
                values.setdefault(label, set()).update({target[label]} if label in target else ())
    return tuple(_one_of(label, sorted(values[label])) for label in sorted(values))


def _one_of(label: str, values: list[str]) -> Matcher:
    if len(values) == 1:
        return Matcher(label, "=", values[0])
    return Matcher(label, "=~", "|".join(_SPECIAL.sub(r"\\\g<0>", value) for value in values))


def _jobs(service: LinkedService) -> tuple[str, ...]:
    named = {_job(signal) for signal in service.signals} | {scrape.job for scrape in service.scrapes}
    return tuple(sorted(named - {""}))


def _job(signal: Signal) -> str:
    return next((matcher.value for matcher in signal.matchers if matcher.label == JOB), "")
