"""Which rules run in a drill."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from watchbill import naming
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Service
from watchbill.outputs import prometheus as prometheus_target
from watchbill.stack import configuration


def rule_files(service: Service, without: Iterable[str], areas: Iterable[str]) -> dict[str, configuration.Config]:
    """Write a service's rule files of some areas, without some of its alerts."""
    left_out = list(without)
    return {
        Path(naming.rule_file(service.name, area)).name: configuration.rules(
            prometheus_target.rules(service, area), without=left_out
        )
        for area in areas
    }


def areas_beside(alert: Alert, service: Service) -> list[str]:
    """List the areas whose rules run in a drill: an objective's alone, else all that belong to no objective."""
    if alert.slo:
        return [alert.area]
    return sorted({each.area for each in service.alerts if not each.area.startswith(naming.SLO_AREA)})
