"""Files that make Grafana load the dashboards and know their data sources (Grafana docs, "Provision Grafana")."""

from __future__ import annotations

from typing import Any

from watchbill.model.bundle import Bundle
from watchbill.words.yamltext import dump

PROMETHEUS = "prometheus"  # the uid of the data source; the dashboards choose theirs by a variable
FOLDER = "/var/lib/grafana/dashboards/watchbill"  # where Grafana finds `out/grafana/dashboards/`


def render(bundle: Bundle) -> dict[str, str]:
    """Render `grafana/provisioning/`."""
    source = bundle.platform.origin.document
    parts = {"dashboards": _provider(), "datasources": _sources(bundle)}
    return {
        f"grafana/provisioning/{kind}/watchbill.yml": dump(content, source=source) for kind, content in parts.items()
    }


def _provider() -> dict[str, Any]:
    provider = {
        "name": "watchbill",
        "folder": "watchbill",
        "type": "file",
        "disableDeletion": False,
        "allowUiUpdates": False,  # what is changed by hand would be lost with the next release
        "updateIntervalSeconds": 30,
        "options": {"path": FOLDER, "foldersFromFilesStructure": False},
    }
    return {"apiVersion": 1, "providers": [provider]}


def _sources(bundle: Bundle) -> dict[str, Any]:
    platform = bundle.platform
    prometheus = {
        "name": "Prometheus",
        "uid": PROMETHEUS,
        "type": "prometheus",
        "access": "proxy",
        "url": platform.urls.prometheus,
        "isDefault": True,
        # Grafana makes $__rate_interval of it: four scrapes at least.
        "jsonData": {"httpMethod": "POST", "timeInterval": str(platform.scrape_interval)},
    }
    alertmanager = {
        "name": "Alertmanager",
        "uid": "alertmanager",
        "type": "alertmanager",
        "access": "proxy",
        "url": platform.urls.alertmanager,
        "jsonData": {"implementation": "prometheus", "handleGrafanaManagedAlerts": False},
    }
    return {"apiVersion": 1, "datasources": [prometheus, alertmanager]}
