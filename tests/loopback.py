"""A real Alertmanager of either generation for tests. Its receivers are in `sinks`; `servers` runs Prometheus."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from watchbill.stack import loopback
from watchbill.stack.loopback import PATIENCE_SECONDS, alerts, inhibited, post_alerts
from watchbill.tools import generation

__all__ = ["alertmanager", "alerts", "inhibited", "metric", "post_alerts"]


@contextmanager
def alertmanager(generation_name: str, config: Path, folder: Path, *flags: str) -> Iterator[str]:
    """Run an Alertmanager of a generation, with storage and log in a folder below `folder`; gives its URL."""
    place = folder / f"alertmanager-{generation_name}"
    place.mkdir(exist_ok=True)
    with loopback.alertmanager(generation(generation_name).alertmanager, config, place, *flags) as url:
        yield url


def metric(url: str, name: str, **labels: str) -> float:
    """Add up the samples of a server's own metric that have these labels; 0 where there are none."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=PATIENCE_SECONDS) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    samples = (sample for family in families for sample in family.samples)
    return sum(sample.value for sample in samples if sample.name == name and labels.items() <= sample.labels.items())
