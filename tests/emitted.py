"""The rules that watchbill emits for one availability objective, compiled from a small tree of specs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from watchbill.link import link
from watchbill.lower import lower
from watchbill.outputs import render
from watchbill.source import read_tree

PLACE = {"cluster": "main", "env": "production"}

PLATFORM = """\
teams:
  shop: {title: Shop, slack: "#shop", email: shop@example.com, pagerduty: shop-primary}
environments:
  production: {clusters: [main], pages: true}
urls:
  site: https://runbooks.example.com
  grafana: https://grafana.example.com
  prometheus: https://prometheus.example.com
  alertmanager: https://alertmanager.example.com
delivery: {smtp: {host: "smtp.example.com:587", from: alerts@example.com}, shadow: "#shadow"}
defaults: {team: shop, retention: 35d}
"""

PROFILE = """\
profile: http
title: HTTP
presence: [requests]
metrics:
  requests: {name: http_requests_total, type: counter, noun: requests, help: Requests, labels: [route, status]}
  duration:
    {name: http_duration_ms, type: histogram, unit: ms, noun: requests, help: Durations, buckets: [100, 500, 1000]}
labels:
  route: {name: route, example: /cart}
  status: {name: status, example: "200"}
classes:
  5xx: {label: status, matches: "5..", member: "503", other: "200"}
"""

SERVICE = """\
service: {name}
title: Shop
team: shop
target: {{job: {name}}}
signals:
  http: {{profile: http}}
alerts: {{}}
slos:
  availability:
    title: Requests succeed
    signal: http
    {sli}
    period: {period}
    objective: {objective}
    impact: Customers see errors
    action: Look at the last deploy
"""
AVAILABILITY = {"kind": "availability"}
# What a server also has a history of; it is built on that of the events, and long windows read it.
ONCE = ("slo:events:once", "slo:errors:once")


@dataclass(frozen=True, slots=True)
class EmittedRule:
    """One rule: `name` is the series that it records, or its alert."""

    name: str
    expr: str
    labels: tuple[tuple[str, str], ...]
    records: bool
    interval_seconds: float


def compile_rules(
    folder: Path,
    services: Iterable[str],
    *,
    period: str = "30d",
    objective: str = "99.9%",
    sli: Mapping[str, str] = AVAILABILITY,
) -> dict[str, str]:
    """Compile one objective for each service; returns the rule files of objectives, by file name."""
    for path, text in {"platform.yaml": PLATFORM, "profiles/http.yaml": PROFILE}.items():
        _write(folder / path, text)
    for name in services:
        fields = "\n    ".join(f"{field}: {value}" for field, value in sli.items())
        text = SERVICE.format(name=name, period=period, objective=objective, sli=fields)
        _write(folder / f"services/{name}.yaml", text)
    tree = render(lower(link(read_tree(folder))))
    prefix = "prometheus/rules/"
    return {
        path.removeprefix(prefix): text for path, text in tree.items() if path.startswith(prefix) and ".slo" in path
    }


def _write(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def rules_of(text: str, *, default_seconds: float = 60) -> list[EmittedRule]:
    """Read the rules of a file in the order in which they are evaluated; groups may have no interval."""
    found = []
    for group in yaml.safe_load(text)["groups"]:
        interval = seconds(group["interval"]) if "interval" in group else default_seconds
        found += [_rule(rule, interval) for rule in group["rules"]]
    return found


def _rule(rule: Mapping[str, Any], interval: float) -> EmittedRule:
    labels = tuple(sorted((str(name), str(value)) for name, value in rule.get("labels", {}).items()))
    return EmittedRule(rule.get("record") or rule["alert"], rule["expr"].strip(), labels, "record" in rule, interval)


def once(rules: Iterable[EmittedRule]) -> list[EmittedRule]:
    """Pick the rules that count each event once."""
    return [rule for rule in rules if rule.name in ONCE]


def substituted(rules: Iterable[EmittedRule]) -> dict[str, str]:
    """Write each rule with the earlier ones that it reads in the place of their series, labels included.

    What counts each event once is left out: it is read as it was recorded.
    """
    found: dict[str, str] = {}
    for rule in rules:
        if rule.name in ONCE:
            continue
        expr = rule.expr
        for name, inner in found.items():
            expr = re.sub(re.escape(name) + r"\{[^}]*\}", lambda _, inner=inner: inner, expr)  # type: ignore[misc]
        for label, value in rule.labels:
            expr = f'label_replace(({expr}), "{label}", "{value}", "", "")'
        found[rule.name] = expr
    return found


def seconds(duration: str) -> float:
    """Read a duration of Prometheus, such as 2m30s."""
    total, number = 0.0, ""
    for character in duration:
        if character.isdigit():
            number += character
        else:
            total += int(number) * {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[character]
            number = ""
    return total
