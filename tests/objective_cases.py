"""What the sources say of each objective, written down by hand, with series that tell whether this is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Stated:
    """What a source says of an objective, with series that tell whether this is what is counted.

    `asks` are texts of the recorded expressions: the bucket's edge, or the comparison, in the metric's own unit.
    `series` move by the given number a minute; `never` are like them, and must not be counted. `counts` is what must
    come of five minutes: events and errors, or whether the minute is evaluated (1) and bad (1).
    """

    kind: str
    objective: float
    metrics: set[str]
    asks: tuple[str, ...]
    series: dict[str, str]
    counts: tuple[int, int]
    never: tuple[str, ...] = ()
    pages: bool = True


def flow(per_minute: int) -> str:
    return f"1000+{per_minute}x20"


def steady(value: float | str) -> str:
    return f"{value}x20"


def within(edge: str, metric: str, labels: str = "") -> dict[str, str]:
    """Let 60 of 90 observations a minute be within an edge: 450 and 150 of them bad in five minutes."""
    joined = f"{labels}," if labels else ""
    return {
        f'{metric}_bucket{{{joined}le="{edge}"}}': flow(60),
        f'{metric}_bucket{{{joined}le="+Inf"}}': flow(90),
        f"{metric}_count{{{labels}}}": flow(90),
    }


def latency(edge: str, metric: str, labels: str = "", *, objective: float = 0.95, **rest: Any) -> Stated:
    # Prometheus 3 writes the edge of a whole number as 500.0, and 2 as the service does.
    asked = f'le=~"{edge}|{edge}\\\\.0"' if edge.isdigit() else f'le="{edge}"'
    metrics = {f"{metric}_bucket", f"{metric}_count"}
    return Stated("latency", objective, metrics, (asked,), within(edge, metric, labels), (450, 150), **rest)


STATED = {
    # 5xx; the health checks are no requests of users
    "core-api/availability": Stated(
        "availability",
        0.999,
        {"http_requests_total"},
        ('status_code=~"5.."',),
        {
            'http_requests_total{endpoint="/api/orders",status_code="200"}': flow(80),
            'http_requests_total{endpoint="/api/orders",status_code="404"}': flow(10),
            'http_requests_total{endpoint="/api/orders",status_code="503"}': flow(2),
        },
        (460, 10),
        never=('http_requests_total{endpoint="/health",status_code="503"}',),
    ),
    # commands p99 < 500 ms, queries p99 < 100 ms
    "core-api/command_latency": latency(
        "0.5", "cqrs_command_duration_seconds", 'command="CreateUser"', objective=0.99, pages=False
    ),
    "core-api/query_latency": latency(
        "0.1", "cqrs_query_duration_seconds", 'query="ListUsers"', objective=0.99, pages=False
    ),
    # p95 < 200 ms, which no bucket counts; 250 ms is the next edge
    "automation-server/latency": latency(
        "0.25", "http_request_duration_seconds", 'route="/api/status",status="200"', pages=False
    ),
    # success > 95 %
    "automation-server/success": Stated(
        "availability",
        0.95,
        {"http_requests_total"},
        ('status=~"5.."',),
        {
            'http_requests_total{route="/api/status",status="200"}': flow(90),
            'http_requests_total{route="/api/status",status="500"}': flow(4),
        },
        (470, 20),
        never=('http_requests_total{route="/api/metrics",status="500"}',),
    ),
    # p95 < 500 ms, of a histogram in milliseconds
    "conversations-platform/latency": latency(
        "500",
        "http_request_duration_ms",
        'route="/api/v1/conversations",status="200"',
        never=('http_request_duration_ms_count{route="/api/health",status="200"}',),
        pages=False,
    ),
    # uptime > 99.9 %, as seen from outside
    "conversations-platform/uptime": Stated(
        "probe",
        0.999,
        {"probe_success"},
        ("<= bool 0.5",),
        {
            'probe_success{job="conversations-platform-health",instance="1"}': steady(0),
            'probe_success{job="conversations-platform-health",instance="2"}': steady("0 0 1 0 0 1 0 0 1 0 0 1 0 0"),
        },
        (1, 1),
        never=('probe_success{job="core-api-health"}',),
    ),
    # query p95 < 100 ms
    "conversations-platform/query_latency": latency("100", "db_query_duration_ms", 'operation="findMany"', pages=False),
    # cache hit rate: the target, > 80 %
    "conversations-platform/cache_hits": Stated(
        "events",
        0.8,
        {"cache_hits_total", "cache_misses_total"},
        (),
        {"cache_hits_total": flow(70), "cache_misses_total": flow(30)},
        (500, 150),
        pages=False,
    ),
    # a run with more than 10 % of failed session creations has failed
    "whatsapp-gateway/session_creation": Stated(
        "availability",
        0.98,
        {"session_creations_total"},
        ('result="failure"',),
        {'session_creations_total{result="success"}': flow(9), 'session_creations_total{result="failure"}': flow(1)},
        (50, 5),
    ),
    # the delivery rate has no number of its own; a run with more than 5 % of errors has failed
    "whatsapp-gateway/message_delivery": Stated(
        "availability",
        0.99,
        {"session_messages_total"},
        ('result="failure"',),
        {'session_messages_total{result="success"}': flow(99), 'session_messages_total{result="failure"}': flow(3)},
        (510, 15),
    ),
    # webhook p95 < 100 ms
    "whatsapp-gateway/webhook_latency": latency(
        "0.1",
        "http_request_duration_seconds",
        'route="/api/webhook",status="200"',
        never=('http_request_duration_seconds_count{route="/messages",status="200"}',),
        pages=False,
    ),
    # p95 <= 350 ms
    "support-desk/latency": latency(
        "350",
        "http_request_duration_ms",
        'route="/tickets",status="200"',
        never=('http_request_duration_ms_count{route="/health",status="200"}',),
    ),
    # p50 <= 120 ms: 40 of 90 requests are within it, so the median is beyond
    "support-desk/latency_median": Stated(
        "threshold",
        0.95,
        {"http_request_duration_ms_bucket", "http_request_duration_ms_count"},
        ("histogram_quantile(0.5,", "> bool 120"),
        {
            'http_request_duration_ms_bucket{route="/tickets",status="200",le="50"}': flow(20),
            'http_request_duration_ms_bucket{route="/tickets",status="200",le="120"}': flow(40),
            'http_request_duration_ms_bucket{route="/tickets",status="200",le="200"}': flow(90),
            'http_request_duration_ms_bucket{route="/tickets",status="200",le="+Inf"}': flow(90),
            'http_request_duration_ms_count{route="/tickets",status="200"}': flow(90),
        },
        (1, 1),
        pages=False,
    ),
    # 5xx < 0.5 %, counted by the histogram
    "support-desk/availability": Stated(
        "availability",
        0.995,
        {"http_request_duration_ms_count"},
        ('status=~"5.."',),
        {
            'http_request_duration_ms_count{route="/tickets",status="200"}': flow(90),
            'http_request_duration_ms_count{route="/tickets",status="502"}': flow(1),
        },
        (455, 5),
        never=('http_request_duration_ms_count{route="/health",status="503"}',),
    ),
    # WebSocket delivery p95 <= 1 s
    "support-desk/delivery": latency("1000", "websocket_delivery_ms"),
    # queue lag p95 <= 1 s for messages, <= 5 s for campaigns
    "support-desk/message_lag": latency(
        "1000", "queue_lag_ms", 'queue="messages"', never=('queue_lag_ms_count{queue="campaigns"}',)
    ),
    "support-desk/campaign_lag": latency(
        "5000", "queue_lag_ms", 'queue="campaigns"', never=('queue_lag_ms_count{queue="messages"}',), pages=False
    ),
    # no stalled jobs in steady state, in whichever queue
    "support-desk/stalled_jobs": Stated(
        "events",
        0.9999,
        {"queue_lag_ms_count", "queue_jobs_stalled_total"},
        (),
        {
            'queue_lag_ms_count{queue="messages"}': flow(80),
            'queue_lag_ms_count{queue="webhooks"}': flow(10),
            'queue_jobs_stalled_total{queue="messages"}': flow(0),
            'queue_jobs_stalled_total{queue="webhooks"}': flow(1),
        },
        (450, 5),
        pages=False,
    ),
    # the overall ratio, of which 95.2 % was seen
    "support-desk/compliance": Stated(
        "threshold",
        0.95,
        {"slo_overall_compliance_ratio"},
        ("< bool 0.95",),
        {
            'slo_overall_compliance_ratio{instance="1"}': steady(0.952),
            'slo_overall_compliance_ratio{instance="2"}': steady(0.94),
        },
        (1, 1),
        pages=False,
    ),
}
# The share of failures that its source calls critical, or a failed run: it tells tickets from pages.
CRITICAL = {
    "automation-server/success": 0.20,
    "whatsapp-gateway/session_creation": 0.10,
    "whatsapp-gateway/message_delivery": 0.05,
}
