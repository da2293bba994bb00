"""Dashboards for Grafana 11 to 13, and the files that provision them.

Read by: Grafana, which provisions them from files.

Checked by: tests against Grafana's own schema; `watchbill audit` asks every query of real metrics.
"""

from __future__ import annotations

import json
from typing import Any

from watchbill import naming
from watchbill.model.bundle import Bundle
from watchbill.outputs.grafana import provisioning

_flat = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def render(bundle: Bundle) -> dict[str, str]:
    """Render `grafana/`: a JSON file for each dashboard, and the provisioning."""
    from watchbill.outputs.grafana.adapter import dashboard_json  # noqa: PLC0415 (grafanalib is slow to import)

    files = {
        naming.dashboard_file(dashboard.uid): f"{laid_out(dashboard_json(dashboard))}\n"
        for dashboard in bundle.dashboards
    }
    return {**files, **provisioning.render(bundle)}


def laid_out(value: Any, indent: str = "") -> str:
    """Write JSON with one line for whatever holds nothing that is itself structured.

    A review then sees a changed query, threshold or link as one changed line. It is also three times as fast as
    `json.dumps` with an indent, which CPython does not do in C.
    """
    inner = f"{indent} "
    if isinstance(value, dict) and any(isinstance(part, (dict, list)) for part in value.values()):
        parts = [f"{inner}{_flat(key)}: {laid_out(value[key], inner)}" for key in sorted(value)]
        return f"{{\n{_joined(parts)}\n{indent}}}"
    if isinstance(value, list) and any(isinstance(part, (dict, list)) for part in value):
        return f"[\n{_joined([f'{inner}{laid_out(part, inner)}' for part in value])}\n{indent}]"
    return _flat(value)


def _joined(parts: list[str]) -> str:
    return ",\n".join(parts)
