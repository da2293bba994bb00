"""Notifications for tests: groups of alerts as Alertmanager hands them to its templates, and amtool to render them.

The layout is that of Alertmanager's docs, "Notification template reference", Data.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from watchbill.channels import definitions, templates
from watchbill.channels.base import Destination, Entry
from watchbill.model.routing import Delivery, Smtp
from watchbill.tools import generation

EXTERNAL_URL = "https://alertmanager.example.com"
NEVER = "0001-01-01T00:00:00Z"
LABELS = {
    "alertname": "HTTP5xxErrorRateCritical",
    "severity": "P0",
    "team": "backend",
    "service": "core-api",
    "subject": "http-api",
    "env": "production",
    "cluster": "main",
}
ANNOTATIONS = {
    "summary": "Too many requests end in a server error: core-api in production/main",
    "description": "More than 1% of requests are 5xx over 5 minutes (at least 5 of them), and this lasts for 5 minutes."
    " Now 2.3% of requests are 5xx.",
    "impact": "Users see failures in a noticeable share of what they do.",
    "action": "Find the failing endpoint; roll back if it began with a deploy.",
    "runbook_url": "https://runbooks.example.com/alerts/core-api/HTTP5xxErrorRateCritical.html",
    "dashboard_url": "https://grafana.example.com/d/core-api-http/core-api-http?viewPanel=123&var-cluster=main"
    "&var-env=production",
}


def alert(
    *,
    minute: int = 3,
    ended: int | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Build one alert, from `minute` past 14:00 UTC on; one with an end is resolved."""
    return {
        "status": "firing" if ended is None else "resolved",
        "labels": LABELS if labels is None else labels,
        "annotations": ANNOTATIONS if annotations is None else annotations,
        "startsAt": f"2025-05-01T14:{minute:02}:00Z",
        "endsAt": NEVER if ended is None else f"2025-05-01T14:{ended:02}:00Z",
        "generatorURL": "https://prometheus.example.com/graph",
        "fingerprint": hashlib.sha256(json.dumps(labels or LABELS).encode()).hexdigest()[:16],
    }


def endpoint(path: str, *, minute: int = 3, ended: int | None = None) -> dict[str, Any]:
    """Build one alert of several that differ by their endpoint."""
    summary = f"{ANNOTATIONS['summary']}, endpoint {path}"
    return alert(
        minute=minute,
        ended=ended,
        labels={**LABELS, "endpoint": path},
        annotations={**ANNOTATIONS, "summary": summary},
    )


def instance(number: int, *, minute: int = 3) -> dict[str, Any]:
    """Build one alert of a fleet of instances."""
    address = f"10.0.{number // 100}.{number % 100}:8080"
    summary = f"An instance has used up its memory: core-api in production/main, instance {address}"
    return alert(
        minute=minute,
        labels={**LABELS, "alertname": "MemoryUsageCritical", "subject": "process", "instance": address},
        annotations={**ANNOTATIONS, "summary": summary},
    )


def slow(*, minute: int) -> dict[str, Any]:
    """Build an alert of another name about the same subject."""
    labels = {**LABELS, "alertname": "HTTPLatencyP99Critical"}
    annotations = {
        "summary": "One request in a hundred is far too slow: core-api in production/main",
        "runbook_url": "https://runbooks.example.com/alerts/core-api/HTTPLatencyP99Critical.html",
    }
    return alert(minute=minute, labels=labels, annotations={**ANNOTATIONS, **annotations})


def other(severity: str, summary: str) -> dict[str, Any]:
    """Build one alert of a severity that does not page."""
    labels = {**LABELS, "alertname": "EndpointHighErrorRate", "severity": severity}
    return alert(minute=9, labels=labels, annotations={**ANNOTATIONS, "summary": summary})


def stray(name: str, severity: str, *, ended: int | None = None) -> dict[str, Any]:
    """Build one alert of a team that nobody knows; such alerts share a group, whatever their severities."""
    labels = {"alertname": name, "env": "production", "team": "bakcend", "severity": severity}
    return alert(ended=ended, labels=labels, annotations={"summary": f"{name} on a host"})


def notification(*alerts: Mapping[str, Any], receiver: str = "backend/pagerduty+slack+email") -> dict[str, Any]:
    """Build a group as one receiver gets it: of one severity, as each has its own route, unless nobody owns it."""
    shared = set.intersection(*({*entry["labels"].items()} for entry in alerts))
    said = set.intersection(*({*entry["annotations"].items()} for entry in alerts))
    grouped = ("team", "cluster", "env", "service")
    return {
        "receiver": receiver,
        "status": "firing" if any(entry["status"] == "firing" for entry in alerts) else "resolved",
        "alerts": list(alerts),
        "groupLabels": {name: alerts[0]["labels"].get(name, "") for name in grouped},
        "commonLabels": dict(sorted(shared)),
        "commonAnnotations": dict(sorted(said)),
        "externalURL": EXTERNAL_URL,
    }


def fields(entry: object, at: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts of a receiver's entry by their places, such as `actions.0.url`."""
    if isinstance(entry, str):
        yield at, entry
    elif isinstance(entry, Mapping):
        for key, value in entry.items():
            yield from fields(value, f"{at}.{key}" if at else key)
    elif isinstance(entry, Sequence):
        for number, value in enumerate(entry):
            yield from fields(value, f"{at}.{number}")


def address_of(channel: str) -> str:
    """Take the address that a channel's own example gives to its first team."""
    team = next(iter(yaml.safe_load(definitions()[channel].usage)["teams"].values()))
    return str(team[channel])


def entry_of(
    channel: str, *, smarthost: str = "127.0.0.1:25", secrets: str = "/secrets", fallback: bool = False
) -> Entry:
    """Write the entry of a receiver that reaches the team `backend` at the address of the channel's own example."""
    smtp = Smtp(smarthost, "alertmanager@example.com", "")
    delivery = Delivery(secrets, smtp, shadow="", heartbeat="", heartbeat_token=False, fallback=None)
    definition = definitions()[channel]
    to = Destination(definition.channel, address_of(channel), "backend", fallback=fallback)
    return definition.entry(to, delivery)


def render(name: str, folder: Path, text: str, data: Mapping[str, Any], *, form: str = "text") -> str:
    """Let a generation's amtool render a text, with the shipped templates, for a group of alerts."""
    for path, template in templates().items():
        (folder / path).write_text(template, encoding="utf-8")
    (folder / "data.json").write_text(json.dumps(data), encoding="utf-8")
    command = [str(generation(name).amtool), "template", "render", f"--template.glob={folder}/*.tmpl"]
    command += [f"--template.text={text}", f"--template.type={form}", f"--template.data={folder}/data.json"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stderr
    return result.stdout.removesuffix("\n")


def rendered(name: str, folder: Path, entry: Mapping[str, object], data: Mapping[str, Any]) -> dict[str, str]:
    """Render every text of an entry but the HTML, each by its place."""
    texts = {at: text for at, text in fields(entry) if at != "html"}
    cut = "\n=== next ===\n"
    return dict(zip(texts, render(name, folder, cut.join(texts.values()), data).split(cut), strict=True))
