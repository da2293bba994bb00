"""A small spec tree for the tests of the audit, and a scrape that satisfies it."""

from __future__ import annotations

from pathlib import Path

import spectree
from watchbill.audit import Finding, audit, diagnostic, read_scrape
from watchbill.model.bundle import Bundle, Service

PROFILE = """\
profile: web
title: Web server
presence: [load]
metrics:
  requests: {name: web_requests_total, type: counter, noun: requests, labels: [route, status], help: Requests}
  duration:
    {name: web_duration_seconds, type: histogram, unit: s, noun: requests, labels: [route, status],
     buckets: [0.1, 0.5, 1], help: How long a request takes}
  load: {name: web_load_ratio, type: gauge, unit: ratio, noun: load, help: How busy it is}
  state: {name: web_breaker_state, type: gauge, noun: state, labels: [state], help: "1 for the state | it is in"}
  spare: {name: web_spare_total, type: counter, noun: spares, help: Nobody reads it}
labels:
  route: {name: route, example: /a}
  status: {name: status, example: "200"}
  state: {name: state, example: closed}
classes:
  5xx: {label: status, matches: "5..", member: "503", other: "200"}
  open: {label: state, equals: open, other: closed}
"""
SERVICE = """\
service: shop
title: Shop
team: backend
target: {job: shop, shard: a}
signals:
  web: {profile: web}
  side: {profile: web, target: {job: side-car}}
alerts:
  own:
    TooManyErrors: {signal: web, kind: error_ratio, metric: requests, bad: 5xx, above: 1%, per: [route], ALERT}
    TooSlow: {signal: web, kind: latency_quantile, metric: duration, quantile: p99, above: 500ms, ALERT}
    TooBusy: {signal: web, kind: level, metric: load, above: 90%, ALERT}
    BreakerOpen: {signal: web, kind: level, metric: state, where: open, above: 0, ALERT}
"""
ALERT = "for: 5m, severity: P1, summary: It is bad, action: Look at it"
SCRAPE = """\
# HELP web_requests_total Requests
# TYPE web_requests_total counter
web_requests_total{route="/a",status="200"} 10
web_requests_total{route="/a",status="503"} 0
# TYPE web_duration_seconds histogram
web_duration_seconds_bucket{route="/a",status="200",le="0.1"} 5
web_duration_seconds_bucket{route="/a",status="200",le="0.5"} 5
web_duration_seconds_bucket{route="/a",status="200",le="1.0"} 5
web_duration_seconds_bucket{route="/a",status="200",le="+Inf"} 5
web_duration_seconds_sum{route="/a",status="200"} 0.1
web_duration_seconds_count{route="/a",status="200"} 5
# TYPE web_load_ratio gauge
web_load_ratio 0.5
# TYPE web_breaker_state gauge
web_breaker_state{state="open"} 0
web_breaker_state{state="closed"} 1
"""
OPENMETRICS = (
    SCRAPE.replace("web_requests_total Requests", "web_requests Requests")
    .replace("TYPE web_requests_total", "TYPE web_requests")
    .replace("# TYPE web_load_ratio gauge", "# TYPE web_load_ratio gauge\n# UNIT web_load_ratio ratio")
    + "# EOF\n"
)


def compiled(folder: Path, service: str = SERVICE) -> Bundle:
    """Write the tree below a folder and compile it; `ALERT` in the service stands for what every alert says."""
    files = {"profiles/web.yaml": PROFILE, "services/shop.yaml": service.replace("ALERT", ALERT)}
    return spectree.compile_tree(spectree.write_tree(folder, files))


def found(shop: Service, text: str) -> tuple[Finding, ...]:
    """Audit a service against a scrape."""
    return audit(shop, read_scrape(text, name="shop.prom"))


def only(shop: Service, text: str) -> Finding:
    """Return the one thing that an audit finds."""
    findings = found(shop, text)
    assert len(findings) == 1, [str(diagnostic(finding)) for finding in findings]
    return findings[0]


def said(finding: Finding) -> str:
    """Write a finding on a line."""
    return f"{finding.level}: {finding.what}; {finding.todo}"
