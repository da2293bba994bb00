"""Check alerts against the history that Prometheus keeps for them."""

from __future__ import annotations

from collections.abc import Iterable

from watchbill.language.base import Diagnostics
from watchbill.link.linked import LinkedService
from watchbill.quantity import REAL_TIME, Duration
from watchbill.spec.platform import PlatformSpec

SHORTEST_RETENTION = Duration.parse("2h")  # of samples in memory, which are written to disk in blocks of this length


def validate_history(services: Iterable[LinkedService], platform: PlatformSpec, diagnostics: Diagnostics) -> None:
    """Find alerts that compare with what is deleted by then: they would be quiet for ever."""
    kept = platform.defaults.retention
    if kept < SHORTEST_RETENTION:
        what = f"Prometheus keeps {SHORTEST_RETENTION.words()} of samples at least, and this says {kept.words()}"
        diagnostics.add(platform.defaults.span("retention"), what, "write what it keeps, 15d unless it is set")
        return
    for service in services:
        for alert in service.alerts:
            needed = alert.spec.condition.example(alert.signal, REAL_TIME).history
            if needed > kept:
                what = (
                    f'"{alert.name}" looks back {needed.words()}, and Prometheus keeps {kept.words()}, so that it '
                    "could never fire"
                )
                todo = (
                    f"keep more (\"retention: {needed}\" in the platform's defaults, and Prometheus' "
                    "--storage.tsdb.retention.time the same), or look back less"
                )
                diagnostics.add(alert.origin.span, what, todo)
