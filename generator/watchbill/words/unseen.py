"""What no rule can see: what was counted before a first scrape, and what Prometheus forgets at a restart."""

from __future__ import annotations

from collections.abc import Iterable

from watchbill.model.alerts import Alert, Symptom
from watchbill.model.bundle import Service
from watchbill.model.signals import Metric, MetricType, Signal
from watchbill.quantity import Duration, Unit

RESTORED_FROM = Duration.parse("10m")
"""The shortest `for` that Prometheus restores by default (`--rules.alert.for-grace-period`)."""


def uncounted(alert: Alert, service: Service) -> str:
    """Say which events an alert cannot count; nothing where it counts none.

    A counter's growth is seen between two samples, so its first sample tells nothing (Prometheus docs, "increase()").
    """
    signal, roles = _counted(alert, service)
    metrics = [metric for role in roles if _counts(metric := signal.metrics[role])]
    if not metrics or alert.symptom is Symptom.ABSENCE:
        return ""
    first = f"what an instance counts before its first scrape, which comes within {signal.scrape_interval.words()}"
    if any(metric.labels for metric in metrics):
        return f"{first}, and the event with which a series of new labels begins"
    return first


def _counted(alert: Alert, service: Service) -> tuple[Signal, Iterable[str]]:
    if alert.slo and not alert.metrics:
        slo = service.slo(alert.slo)
        return service.signal(slo.signal), slo.roles
    return service.signal(alert.subject), alert.metrics


def _counts(metric: Metric) -> bool:
    """Whether a metric counts events; a counter of seconds or bytes measures."""
    return metric.type is MetricType.HISTOGRAM or (metric.type is MetricType.COUNTER and metric.unit is Unit.COUNT)


def forgotten(alert: Alert) -> str:
    """Say what a restart of Prometheus takes from an alert; nothing where it takes nothing."""
    lasting, kept = alert.for_.milliseconds, alert.keep_firing_for.milliseconds
    said = []
    if 0 < lasting < RESTORED_FROM.milliseconds:
        said.append(f"it waits its {alert.for_.words()} anew, from Prometheus 3.16 on only if it did not fire yet")
    if kept:
        said.append("if only its longer firing kept it up, it ends")
    return "; ".join(said)
