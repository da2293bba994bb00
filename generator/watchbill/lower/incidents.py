"""Say what the incident is about that an alert opens: alerts of one cause open one, and another cause rings anew."""

from __future__ import annotations

from collections import defaultdict

from watchbill.link import LinkedService
from watchbill.model.alerts import Alert


def incident(alert: Alert, service: LinkedService) -> str:
    """Name the signal that an alert's incident is about (ADR 0045).

    That is its subject, which is its inhibition key; of an objective, it is the signal that this judges. Signals of one
    profile in one pack, as a service's two probes, stand for one thing, and the first of them by name stands for all.
    """
    judged = next((slo.signal.key for slo in service.slos if slo.name == alert.slo), alert.subject)
    return min((min(keys) for keys in _together(service) if judged in keys), default=judged)


def _together(service: LinkedService) -> list[set[str]]:
    """Group the keys of signals by pack and profile."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for alert in service.alerts:
        if alert.source.startswith("pack:"):
            found[alert.source, alert.signal.profile].add(alert.signal.key)
    return list(found.values())
