"""What example series do not show: floors, series that are not there, other jobs, and how clients spell bucket edges.

The expectations are written by hand, and promtool evaluates the compiled expression on series written by hand.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import spectree
from watchbill.tools import GENERATIONS, generation
from watchbill.verify import promtool

HERE = 'job="shop",env="production",cluster="main"'
ERRORS = "kind: error_ratio, metric: requests, bad: 5xx, above: 1%"
HITS = "kind: hit_ratio_below, hits: hits, misses: misses, below: 80%"
DROP = "kind: drop, metric: requests, below: 50%, baseline: 1h, smooth: 10m, floor: 1/s"
SURGE = "kind: surge, metric: requests, above: 3x, baseline: 1h, smooth: 10m, floor: 5/s"
KEPT = (
    "kind: retention, oldest: oldest, deleted_by_age: aged_out, deleted_by_size: cut, limit: history, per: [instance]"
)
P99 = "kind: latency_quantile, metric: duration, quantile: p99, above: 1s"
SIZE = "kind: latency_quantile, metric: size, quantile: p99, above: 1MB"

# condition, series in steps of 1m up to 100m, whether it is true after 100m
EDGES = {
    "a total outage with enough errors fires": (
        f"{ERRORS}, min_events: 5",
        {'requests_total{status_code="500",': "0+2x100"},
        True,
    ),
    "a total outage with fewer errors than the floor is quiet": (
        f"{ERRORS}, min_events: 5",
        {'requests_total{status_code="500",': "0+0.5x100"},
        False,
    ),
    "no traffic at all is quiet": (ERRORS, {'requests_total{status_code="500",': "7+0x100"}, False),
    "errors of another job are not ours": (
        ERRORS,
        {'requests_total{status_code="200",': "0+60x100", 'requests_total{status_code="500",job="other",': "0+60x100"},
        False,
    ),
    "errors in one environment are not diluted by another": (
        ERRORS,
        {
            'requests_total{status_code="500",': "0+2x100",
            'requests_total{status_code="200",': "0+100x100",
            'requests_total{status_code="200",env="staging",': "0+9999x100",
        },
        True,
    ),
    "a cache without a single hit fires": (HITS, {"cache_misses_total{": "0+60x100"}, True),
    "a cache whose misses are not exported is quiet": (HITS, {"cache_hits_total{": "0+60x100"}, False),
    "few look-ups are below the floor": (
        f"{HITS}, min_events: 100",
        {"cache_misses_total{": "0+10x100", "cache_hits_total{": "0+9x100"},
        False,
    ),
    "hits and misses count together for the floor": (
        f"{HITS}, min_events: 100",
        {"cache_misses_total{": "0+11x100", "cache_hits_total{": "0+10x100"},
        True,
    ),
    "misses alone reach the floor": (f"{HITS}, min_events: 100", {"cache_misses_total{": "0+60x100"}, True),
    "a baseline is smoothed": (DROP, {"requests_total{": "0+240x35 8400+0x5 8400+240x50 20400+24x10"}, True),
    "a counter that vanished is a drop": (DROP, {"requests_total{": "0+120x80 _x20"}, True),
    "a drop from less than the floor is quiet": (DROP, {"requests_total{": "0+50x80 _x20"}, False),
    "a counter without history is no drop": (DROP, {"requests_total{": "_x60 0+120x20 2400+1x20"}, False),
    "a surge above the floor fires": (SURGE, {"requests_total{": "0+60x80 5000+310x20"}, True),
    "a surge below the floor is quiet": (SURGE, {"requests_total{": "0+6x80 500+60x20"}, False),
    "a counter without history is no surge": (SURGE, {"requests_total{": "_x60 0+600x40"}, False),
    "an edge as Python clients and Prometheus 3 write it": (
        P99,
        {'duration_seconds_bucket{le="1.0",': "0+90x100", "duration_seconds_count{": "0+100x100"},
        True,
    ),
    "an edge as Go clients write it": (
        SIZE,
        {'size_bytes_bucket{le="1e+06",': "0+90x100", "size_bytes_count{": "0+100x100"},
        True,
    ),
    "another edge does not count": (
        P99,
        {
            'duration_seconds_bucket{le="0.5",': "0+90x100",
            'duration_seconds_bucket{le="1",': "0+100x100",
            "duration_seconds_count{": "0+100x100",
        },
        False,
    ),
    "few slow requests are below the floor": (
        f"{P99}, min_events: 5",
        {'duration_seconds_bucket{le="1",': "0+0x100", "duration_seconds_count{": "0+0.9x100"},
        False,
    ),
    "one prober that gets through is enough": (
        "kind: probe_failing, metric: success",
        {'probe_success{prober="a",': "0x100", 'probe_success{prober="b",': "1x100"},
        False,
    ),
    "the worst series counts": (
        "kind: level, metric: load, above: 5",
        {'load{instance="a",': "1x100", 'load{instance="b",': "6x100"},
        True,
    ),
    "the lowest series counts below": (
        "kind: level, metric: load, below: 2",
        {'load{instance="a",': "9x100", 'load{instance="b",': "1x100"},
        True,
    ),
    "a state that flaps is held": (
        "kind: level, metric: state, where: open, above: 0, hold: 3m",
        {'breaker_state{state="open",': "0x97 1 0 0"},
        True,
    ),
    "a process that warms up after a restart does not leak": (
        "kind: growth, metric: heap, above: 50MB, window: 20m",
        {"heap_bytes{": "1000000000x49 100000000+45000000x19 1000000000x32"},
        False,
    ),
    "a leak that lasts four windows fires": (
        "kind: growth, metric: heap, above: 30MB, window: 20m",
        {"heap_bytes{": "10000000+2000000x100"},
        True,
    ),
    "an instance without the bucket is not slow": (
        P99,
        {
            'duration_seconds_bucket{instance="a",le="1.0",': "0+100x100",
            'duration_seconds_count{instance="a",': "0+100x100",
            'duration_seconds_count{instance="b",': "0+100x100",
        },
        False,
    ),
    "a baseline that is half a gap is no baseline": (SURGE, {"requests_total{": "_x38 0+600x62"}, False),
    "a check that fails two times of three fails": (
        "kind: probe_failing, metric: success, window: 5m",
        {"probe_success{": " ".join(["0 0 1"] * 34)},
        True,
    ),
    "an exporter that dies with its host fails the check if that is asked": (
        "kind: probe_failing, metric: success, or_unreachable: true",
        {"probe_success{": "1x50 _x50", "up{": "1x50 0x49"},
        True,
    ),
    "an exporter that dies is no failing check by itself": (
        "kind: probe_failing, metric: success",
        {"probe_success{": "1x50 _x50", "up{": "1x50 0x49"},
        False,
    ),
    "a limit of zero is no limit": (
        "kind: saturation, used: busy, limit: slots, above: 80%",
        {"slots_busy{": "1x100", "slots_all{": "0x100"},
        False,
    ),
    "saw teeth do not grow": (
        "kind: growth, metric: heap, above: 50MB, window: 30m",
        {"heap_bytes{": " ".join(["10000000+10000000x9"] * 10)},
        False,
    ),
    "higher teeth from the same low are no growth": (
        "kind: growth, metric: heap, above: 50MB, window: 30m",
        {"heap_bytes{": " ".join(["10000000+10000000x9"] * 7 + ["10000000+40000000x9"] * 3)},
        False,
    ),
    "a fall is no growth": (
        "kind: growth, metric: heap, above: 50MB, window: 30m",
        {"heap_bytes{": "9000000000-10000000x100"},
        False,
    ),
    "the fullest of two instances counts": (
        "kind: growth, metric: heap, above: 50MB, window: 20m",
        {'heap_bytes{instance="a",': "1x100", 'heap_bytes{instance="b",': "1+10000000x100"},
        True,
    ),
    "a pool without its size is quiet": (
        "kind: saturation, used: busy, limit: slots, above: 80%",
        {"slots_busy{": "100x100"},
        False,
    ),
    "a restart is no surge": (SURGE, {"requests_total{": "0+600x95 0+600x5"}, False),
    "a server that was young and deletes by age keeps too little": (
        KEPT,
        {"oldest_seconds{": "0+0x100", "aged_out_total{": "0x90 1x9", "cut_total{": "0x100"},
        True,
    ),
    "a server that deletes by size keeps too little": (
        KEPT,
        {"oldest_seconds{": "0+0x100", "aged_out_total{": "0x100", "cut_total{": "0x90 1x9"},
        True,
    ),
    "a server that does not count deletions by size is watched by those by age": (
        KEPT,
        {"oldest_seconds{": "0+0x100", "aged_out_total{": "1x100"},
        True,
    ),
    "a young server that deletes nothing is quiet": (
        KEPT,
        {"oldest_seconds{": "0+0x100", "aged_out_total{": "0x100", "cut_total{": "0x100"},
        False,
    ),
    "a server that deletes what is old enough is quiet": (
        KEPT,
        {"oldest_seconds{": "-1300000+0x100", "aged_out_total{": "1+1x100", "cut_total{": "7x100"},
        False,
    ),
    "a history that is exactly as long as it should be is quiet": (
        KEPT.replace("limit: history", "limit: window"),
        {"oldest_seconds{": "600x100", "aged_out_total{": "1x100", "cut_total{": "0x100"},
        False,
    ),
    "deletions of one server are not another's": (
        KEPT,
        {
            'oldest_seconds{instance="a",': "-1300000x100",
            'aged_out_total{instance="a",': "5x100",
            'oldest_seconds{instance="b",': "0x100",
            'aged_out_total{instance="b",': "0x100",
        },
        False,
    ),
    "a server without a sample, whose oldest is far in the future, is quiet": (
        KEPT,
        {"oldest_seconds{": "9223372036854775x100", "aged_out_total{": "0x100", "cut_total{": "0x100"},
        False,
    ),
}  # fmt: skip


def _series(metric_and_labels: str) -> str:
    """Complete `metric{label="x",` with the target labels that it does not set itself."""
    missing = [part for part in HERE.split(",") if f"{part.partition('=')[0]}=" not in metric_and_labels]
    return f"{metric_and_labels}{','.join(missing)}}}"


@pytest.mark.parametrize("generation_name", GENERATIONS)
def test_conditions_hold_at_their_edges(tmp_path: Path, generation_name: str) -> None:
    rest = "signal: kit, for: 1m, severity: Info, summary: Something is wrong"
    alerts = {f"Case{number:02}": f"{condition}, {rest}" for number, (condition, _, _) in enumerate(EDGES.values())}
    specs = spectree.write_tree(tmp_path, {"services/shop.yaml": spectree.service(alerts)})
    exprs = {alert.name: alert.rules[0].expr for alert in spectree.compile_tree(specs).alerts}
    tests = [
        {
            "name": name,
            "interval": "1m",
            "input_series": [{"series": _series(found), "values": values} for found, values in series.items()],
            "promql_expr_test": [
                {
                    "expr": f"count({exprs[f'Case{number:02}']})",
                    "eval_time": "100m",
                    "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
                }
            ],
        }
        for number, (name, (_, series, fires)) in enumerate(EDGES.items())
    ]
    file = tmp_path / "edges.test.yml"
    file.write_text(yaml.safe_dump({"evaluation_interval": "1m", "tests": tests}))
    result = promtool.test(generation(generation_name).promtool, [file])
    assert result.returncode == 0, result.stdout + result.stderr
