"""Alerts of every kind over its options, as they stand in a service's file."""

from __future__ import annotations

import spectree
from watchbill.conditions import kinds

HISTORY = "oldest: oldest, deleted_by_age: aged_out, deleted_by_size: cut, per: [instance]"
DAY = "baseline: 1h, smooth: 10m, window: 5m, floor: 1/s"

CASES: dict[str, tuple[str, ...]] = {
    "absent": (
        "metrics: [load], for: 10m",
        "metrics: [duration], for: 5m",
        "metrics: [requests], for: 0s",
        "metrics: [heap], for: 1m, keep_firing_for: 2m",
    ),
    "error_ratio": (
        "metric: requests, bad: 5xx, above: 1%, for: 5m",
        "metric: requests, bad: 5xx, above: 0.01%, for: 0s",
        "metric: requests, bad: 5xx, above: 99%, for: 1m",
        "metric: requests, bad: 5xx, above: 99.99%, for: 1m",
        "metric: requests, bad: 5xx, above: 5%, min_events: 5, for: 5m",
        "metric: requests, bad: 5xx, above: 0.1%, min_events: 1000, for: 1m",
        "metric: requests, bad: 5xx, above: 2%, per: [route], min_events: 5, for: 5m",
        "metric: requests, bad: 5xx, above: 2%, per: [instance], for: 10s",
        "metric: requests, bad: 5xx, above: 2%, per: [route, instance], for: 1m",
        "metric: requests, bad: 5xx, above: 50%, window: 1h, for: 1m",
        "metric: requests, bad: 5xx, above: 50%, window: 1m, for: 1m, keep_firing_for: 5m",
        "metric: requests, errors: failures, above: 5%, for: 5m",
        "metric: requests, errors: failures, above: 5%, per: [route], min_events: 10, for: 5m",
        "metric: requests, errors: failures, above: 97.5%, for: 1m",
        "metric: requests, bad: 5xx, above: 12.35%, for: 1m",
        "metric: requests, bad: 5xx, above: 99.995%, for: 1m",
        "metric: requests, bad: 5xx, above: 0.123456789012%, for: 1m",
    ),
    "event_rate": (
        "metric: requests, above: 10/min, window: 1m, for: 10m",
        "metric: failures, above: 10/min, for: 5m",
        "metric: failures, above: 0.5/s, for: 1m",
        "metric: failures, above: 10/h, window: 30m, for: 0s",
        "metric: failures, above: 3/d, window: 1h, for: 1m",
        "metric: failures, above: 0/min, for: 1m",
        "metric: failures, above: 7/min, per: [route], for: 1m",
        "metric: failures, above: 7/min, per: [instance], for: 1m",
        "metric: failures, above: 7/min, least_over: route, for: 1m",
        "metric: failures, above: 0/min, least_over: route, per: [instance], for: 5m",
        "metric: requests, where: 5xx, above: 1000/s, for: 1m",
        "metric: failures, above: 1235/min, for: 1m",
        "metric: failures, above: 1.00005/min, for: 1m",
        "metric: requests, where: 5xx, above: 13/min, per: [route], window: 10m, for: 15m",
    ),
    "growth": (
        "metric: heap, above: 50MiB, window: 30m, for: 5m",
        "metric: heap, above: 1GB, window: 1h, per: [instance], for: 0s",
        "metric: heap, above: 1kB, window: 6h, per: [pool], for: 1m",
        "metric: lag, above: 90s, window: 10m, for: 1m",
        "metric: load, above: 0.3, window: 10m, for: 1m",
        "metric: load, above: 1.2345, window: 10m, for: 1m",
    ),
    "hit_ratio_below": (
        "hits: hits, misses: misses, below: 80%, for: 5m",
        "hits: hits, misses: misses, below: 80%, min_events: 100, for: 5m",
        "hits: hits, misses: misses, below: 90%, min_events: 100000, window: 15m, for: 30m",
        "hits: hits, misses: misses, below: 99.99%, per: [pool], for: 1m",
        "hits: hits, misses: misses, below: 100%, for: 1m",
        "hits: hits, misses: misses, below: 12.35%, for: 1m",
        "hits: hits, misses: misses, below: 33.45%, for: 1m",
        "hits: hits, misses: misses, below: 0.1%, per: [instance], for: 0s",
        "hits: hits, misses: misses, below: 50%, window: 1h, per: [pool, instance], for: 1m",
    ),
    "latency_mean": (
        "metric: duration, above: 500ms, for: 5m",
        "metric: duration, above: 10s, per: [route], for: 1m",
        "metric: duration_ms, above: 2s, per: [instance], window: 1h, for: 1m",
        "metric: duration_ms, above: 0.5ms, for: 0s",
        "metric: size, above: 3MB, for: 1m",
        "metric: duration, above: 1235ms, for: 1m",
        "metric: duration_ms, above: 5000ms, window: 1m, min_events: 3, for: 0s",
        "metric: duration_ms, above: 5000ms, window: 1m, min_events: 1000, for: 0s",
    ),
    "latency_quantile": (
        "metric: duration, quantile: p99, above: 500ms, for: 10m",
        "metric: duration, quantile: p99, above: 1s, min_events: 5, for: 10m",
        "metric: duration, quantile: p99, above: 2.5s, for: 1m",  # the top edge
        "metric: duration, quantile: p99.9, above: 2500ms, min_events: 100, for: 1m",
        "metric: duration, quantile: p50, above: 5ms, for: 1m",  # the bottom edge
        "metric: duration, quantile: p95, above: 250ms, per: [route], min_events: 3, for: 1m",
        "metric: duration, quantile: p95, above: 250ms, per: [instance], window: 1h, for: 0s",
        "metric: duration, quantile: p90, above: 300ms, for: 1m",  # between edges, below its middle
        "metric: duration, quantile: p99, above: 490ms, for: 1m",  # between edges, close to the upper one
        "metric: duration, quantile: p50, above: 400ms, for: 1m",
        "metric: duration, quantile: p75, above: 2.4s, per: [route], for: 1m",
        "metric: duration, quantile: p99, above: 6ms, for: 1m",
        "metric: duration, quantile: p99.9, above: 1.003s, for: 1m",
        "metric: duration_ms, quantile: p99, above: 0.5s, for: 5m",
        "metric: duration_ms, quantile: p99, above: 1000ms, per: [instance], for: 5m",
        "metric: duration_ms, quantile: p99, above: 700ms, for: 5m",
        "metric: size, quantile: p99, above: 1MB, for: 5m",  # an edge that Go writes 1e+06
        "metric: size, quantile: p95, above: 10MB, min_events: 1, for: 5m",
        "metric: size, quantile: p95, above: 2MB, for: 5m",
    ),
    "level": (
        "metric: load, above: 5, for: 5m",
        "metric: load, above: 0, for: 0s",
        "metric: load, below: 3, for: 1m",
        "metric: load, above: 0.01, per: [instance], for: 1m",
        "metric: load, below: 2, across: sum, for: 1m",
        "metric: lag, above: 30s, per: [instance], for: 5m",
        "metric: lag, above: 500ms, for: 1m",
        "metric: heap, above: 1GiB, per: [pool], across: sum, for: 1m",
        "metric: heap, where: eden, above: 64MiB, for: 1m",
        "metric: filled, above: 99.5%, for: 1m",
        "metric: filled, below: 0.01%, for: 1m",
        "metric: state, where: open, above: 0, hold: 3m, per: [breaker], for: 2m",
        "metric: state, where: open, above: 2, across: sum, hold: 5m, for: 0s, keep_firing_for: 5m",
        "metric: load, below: 4, hold: 1h, for: 1m",
        "metric: load, above: 1235, for: 1m",
        "metric: load, below: 12345, for: 1m",
        "metric: filled, above: 12.35%, across: sum, for: 1m",
    ),
    "probe_failing": (
        "metric: success, for: 1m",
        "metric: success, per: [instance], for: 0s",
    ),
    "promql": (
        ("above: 10, sentence: Load is high, for: 1m, expr: 'max by (cluster, env) (load) > 10',"
        " example: {value: 11, series: [{metric: load, healthy: 1, just_below: 9, firing: 11}]}"),
        ("sentence: Requests stop, for: 1m, expr: 'sum by (cluster, env) (rate(requests_total[5m])) < 1',"
        " example: {value: 0, series: [{metric: requests_total, healthy: +2/s, just_below: +1.5/s, firing: +0/s}]}"),
        ("sentence: A pool is gone, for: 1m, expr: 'count by (cluster, env, pool) (slots_all offset 10m)"
        " unless count by (cluster, env, pool) (slots_all)',"
        " example: {value: 1, labels: {pool: a}, settles: 5m, clears: 0s,"
        " series: [{metric: slots_all, labels: {pool: a}, healthy: 5, just_below: 4, firing: gone}]}"),
    ),
    "saturation": (
        "used: busy, limit: slots, above: 80%, for: 5m",
        "used: busy, limit: slots, above: 99.9%, per: [pool], for: 1m",
        "used: busy, limit: slots, above: 0.5%, per: [instance], for: 0s",
        "used: busy, limit: slots, above: 95%, per: [pool, instance], for: 1m",
        "used: busy, where: eden, limit: slots, above: 40%, for: 1m",
        "used: heap, limit: memory, per: [instance], above: 90%, for: 5m",
        "used: heap, where: eden, limit: memory, per: [instance], above: 33%, for: 1m",
        "used: load, limit: cores, per: [instance], above: 99%, for: 1m",
        "used: load, limit: cores, per: [instance], above: 12.35%, for: 1m",
        "used: busy, limit: slots, above: 33.35%, for: 1m",
        "used: cpu, limit: cores, per: [instance], above: 80%, for: 15m",
        "used: cpu, limit: cores, per: [instance], above: 80%, window: 1h, for: 1m",
        "free: busy, limit: slots, above: 80%, for: 5m",
        "free: busy, limit: slots, per: [pool, instance], above: 99.9%, for: 1m",
        "free: heap, where: eden, limit: memory, per: [instance], above: 90%, for: 1m",
        "free: cpu, limit: cores, per: [instance], above: 80%, for: 15m",
        "free: cpu, above: 99.9%, for: 1m",
        "free: cpu, per: [instance], above: 12.35%, window: 10m, for: 0s",
    ),
    "drop": (
        f"metric: requests, below: 50%, {DAY}, for: 15m",
        f"metric: requests, below: 99%, {DAY}, for: 0s",
        f"metric: requests, below: 0.1%, {DAY}, for: 4m",
        f"metric: requests, below: 20%, {DAY}, per: [route], for: 4m",
        f"metric: requests, below: 20%, {DAY}, per: [instance], for: 4m",
        "metric: requests, below: 50%, baseline: 6h, floor: 600/min, for: 10m",
        "metric: requests, below: 50%, floor: 100/s, for: 10m",
    ),
    "retention": (
        f"{HISTORY}, limit: history, for: 0s",
        f"{HISTORY}, limit: history, for: 6h",
        f"{HISTORY}, limit: window, for: 4m",
    ),
    "surge": (
        "metric: requests, above: 3x, window: 2m, floor: 5/s, for: 10m",
        f"metric: requests, above: 3x, {DAY}, for: 10m",
        f"metric: requests, above: 1.01x, {DAY}, for: 0s",
        f"metric: requests, above: 100x, {DAY}, for: 4m",
        f"metric: requests, above: 2x, {DAY}, per: [route], for: 4m",
        f"metric: requests, above: 2x, {DAY}, per: [instance], for: 4m",
        "metric: requests, above: 3x, baseline: 6h, floor: 50/s, for: 10m",
        "metric: requests, above: 3x, floor: 5/s, for: 10m",
    ),
    "watchdog": (
        "for: 0s",
        "for: 1m",
    ),
}  # fmt: skip

# Kinds whose numbers are of a period: a drill that shortens durations shortens it too.
OF_A_PERIOD = {"event_rate", "retention"}


def services(kind: str) -> dict[str, str]:
    """Write a service for each case of a kind: promtool evaluates all rules of a file for each of its tests."""
    rest = "signal: kit, severity: Info, summary: Something is wrong"
    cases = {f"case-{number:02}": f"kind: {kind}, {case}, {rest}" for number, case in enumerate(CASES[kind])}
    written = {f"services/{name}.yaml": spectree.service({"Case": case}, name=name) for name, case in cases.items()}
    return written | ({"platform.yaml": spectree.PLATFORM_WITH_HEARTBEAT} if kinds()[kind].heartbeat else {})
