"""A real Alertmanager on loopback for tests. Its receivers are in `sinks`; `servers` runs it, and Prometheus too."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from servers import free_port, is_ready, running

from watchbill.tools import generation

PATIENCE_SECONDS = 30.0
# The inhibitor takes in its alerts beside the API and says nowhere how far it is; it needs some milliseconds.
SETTLED_SECONDS = 0.25


@contextmanager
def alertmanager(generation_name: str, config: Path, folder: Path, *flags: str) -> Iterator[str]:
    """Run an Alertmanager of a generation, with storage and log in `folder`; gives its URL once it is ready."""
    program = generation(generation_name).alertmanager
    address = f"127.0.0.1:{free_port()}"
    arguments = [
        f"--config.file={config.absolute()}",
        f"--storage.path={folder.absolute() / f'alertmanager-{generation_name}'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",  # else it listens for its peers on all addresses
        *flags,
    ]
    url = f"http://{address}"
    log = folder / f"alertmanager-{generation_name}.log"
    # Its templates are found from its own folder.
    with running(program, arguments, log=log, folder=program.parent, ready=lambda: is_ready(url)):
        yield url


def post_alerts(url: str, alerts: Sequence[Mapping[str, object]]) -> None:
    """Post alerts as Prometheus does: `labels`, and as wanted `annotations`, `startsAt`, `endsAt`, `generatorURL`."""
    body = json.dumps(alerts).encode()
    request = urllib.request.Request(f"{url}/api/v2/alerts", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS):
        pass


def alerts(url: str) -> list[dict[str, Any]]:
    """List the alerts that Alertmanager knows, with their `labels`, `receivers` and `status`."""
    with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=PATIENCE_SECONDS) as answer:
        found: list[dict[str, Any]] = json.load(answer)
        return found


def inhibited(url: str, posted: Sequence[Mapping[str, Any]], *, by: Sequence[str]) -> dict[tuple[str, ...], bool]:
    """Say of each posted alert whether another one inhibits it, once all of them are judged.

    Keyed by the values of the labels `by`, which have to tell the posted alerts apart; a missing label is "".
    """
    wanted = {_key(alert, by) for alert in posted}
    assert len(wanted) == len(posted), f"{', '.join(by)} do not tell the posted alerts apart"
    deadline = time.monotonic() + PATIENCE_SECONDS
    before: dict[tuple[str, ...], bool] = {}
    while True:
        judged = {
            _key(alert, by): bool(alert["status"]["inhibitedBy"])
            for alert in alerts(url)
            if alert["status"]["state"] != "unprocessed" and _key(alert, by) in wanted
        }
        if len(judged) == len(wanted) and judged == before:
            return judged
        assert time.monotonic() < deadline, f"not judged: {sorted(wanted - set(judged))}"
        before = judged
        time.sleep(SETTLED_SECONDS)


def _key(alert: Mapping[str, Any], by: Sequence[str]) -> tuple[str, ...]:
    return tuple(alert["labels"].get(label, "") for label in by)


def metric(url: str, name: str, **labels: str) -> float:
    """Add up the samples of a server's own metric that have these labels; 0 where there are none."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=PATIENCE_SECONDS) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    samples = (sample for family in families for sample in family.samples)
    return sum(sample.value for sample in samples if sample.name == name and labels.items() <= sample.labels.items())
