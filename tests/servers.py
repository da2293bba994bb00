"""Real servers on loopback, of either generation: Alertmanager, Prometheus on written history, and what it scrapes.

What these send to is in `sinks`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from watchbill.stack import loopback
from watchbill.stack.exporter import Handler as KeptHandler
from watchbill.stack.loopback import PATIENCE_SECONDS, free_port, is_ready, running
from watchbill.tools import generation

ONE_BLOCK = "1536h"  # more than 32 days, so that all history lands in one block; many blocks take 50 times as long
MOST_SAMPLES = 100_000_000  # a raw window of 30 days over 500 series is past the default of 50 million
# promtool and the HTTP API refuse more points of one series than this at once.
POINTS = 11_000


@dataclass(frozen=True, slots=True)
class Answer:
    """A query's result: samples as Prometheus writes them, how many it read for that, and in what time."""

    result: list[Any]
    samples: int
    seconds: float

    @property
    def value(self) -> float | None:
        """The value of the only series; None where there is none."""
        return float(self.result[0]["value"][1]) if self.result else None


def series(name: str, labels: Mapping[str, str]) -> str:
    """Write a series as a line of text begins: with its name and labels, and a space."""
    inside = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return f"{name}{{{inside}}} "


def backfill(lines: Iterable[str], blocks: Path, *, scratch: Path) -> None:
    """Write a block from OpenMetrics lines, which ascend in time; the oldest promtool's blocks suit both."""
    text = scratch / "backfill.txt"
    with text.open("w") as file:
        file.writelines(lines)
        file.write("# EOF\n")
    command = [str(generation("oldest").promtool), "tsdb", "create-blocks-from", "openmetrics", "--quiet"]
    subprocess.run(
        [*command, f"--max-block-duration={ONE_BLOCK}", str(text), str(blocks)], check=True, capture_output=True
    )
    text.unlink()


def _link(blocks: Iterable[Path], storage: Path) -> None:
    """Lay blocks into a server's own storage by hard links: it may compact or delete them there."""
    for folder in blocks:
        for file in folder.rglob("*"):
            if file.is_file():
                place = storage / file.relative_to(folder)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.hardlink_to(file)


@contextmanager
def prometheus(
    name: str, *blocks: Path, folder: Path, scraped: Mapping[str, int] = {}, rules: Path | None = None
) -> Iterator[str]:
    """Run a Prometheus of a generation on a history, in a new folder; gives its URL once all targets are up.

    It scrapes each job's page, which is under the job's name at a port of `exporter`, as production, and evaluates
    the rule files of a folder, every second where they say nothing else.
    """
    folder.mkdir(parents=True)
    storage, config = folder / "data", folder / "prometheus.yml"
    storage.mkdir()
    _link(blocks, storage)
    config.write_text(_configured(scraped, rules))
    address = f"127.0.0.1:{free_port()}"
    arguments = [
        f"--config.file={config}",
        f"--storage.tsdb.path={storage}",
        "--storage.tsdb.retention.time=100y",
        f"--query.max-samples={MOST_SAMPLES}",
        f"--web.listen-address={address}",
    ]
    url = f"http://{address}"

    def scrapes_all() -> bool:
        return is_ready(url) and len(query(url, "up == 1", time.time()).result) == len(scraped)

    with running(generation(name).prometheus, arguments, log=folder / "log", folder=folder, ready=scrapes_all):
        yield url


def _configured(scraped: Mapping[str, int], rules: Path | None) -> str:
    scrapes = [
        {
            "job_name": job,
            "metrics_path": f"/{job}",
            "static_configs": [{"targets": [f"127.0.0.1:{port}"], "labels": {"cluster": "main", "env": "production"}}],
        }
        for job, port in scraped.items()
    ]
    intervals = {"scrape_interval": "250ms", "evaluation_interval": "1s"}
    files = [f"{rules}/*.yml"] if rules is not None else []
    return yaml.safe_dump({"global": intervals, "scrape_configs": scrapes, "rule_files": files})


def _ask(url: str, path: str, **parameters: str) -> Any:
    body = urllib.parse.urlencode(parameters).encode()
    try:
        with urllib.request.urlopen(f"{url}{path}", body, timeout=300) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{parameters['query']}\n{error.read().decode()}") from None


def query(url: str, expr: str, at: float) -> Answer:
    """Evaluate an expression once, at a Unix time."""
    found = _ask(url, "/api/v1/query", query=expr, time=f"{at:.3f}", stats="all")
    stats = found["stats"]
    samples = int(stats["samples"]["totalQueryableSamples"])
    return Answer(found["result"], samples, float(stats["timings"]["evalTotalTime"]))


def query_range(url: str, expr: str, start: float, end: float, step: float) -> list[tuple[float, str]]:
    """Evaluate an expression of one series at every step from `start` to `end`; values stay as text."""
    found: list[tuple[float, str]] = []
    while start <= end:
        last = min(end, start + (POINTS - 1) * step)
        result = _ask(url, "/api/v1/query_range", query=expr, start=f"{start:.3f}", end=f"{last:.3f}", step=f"{step:g}")
        if len(result["result"]) > 1:
            raise RuntimeError(f"{expr} has {len(result['result'])} series, not one")
        for each in result["result"]:
            found += [(float(at), value) for at, value in each["values"]]
        start = last + step
    return found


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


class Handler(KeptHandler):
    """A base for what answers on loopback: it hangs up after each answer, so that a server can be closed at once."""

    protocol_version = "HTTP/1.0"
    timeout = 5


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for the last answer, and leaks no socket

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up, as a server does that is stopped."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def http_server(handler: type[Handler]) -> Iterator[int]:
    """Answer on loopback until the block ends; gives the port."""
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def exporter(page: Callable[[str], str]) -> Iterator[int]:
    """Serve the page of each job under the job's name, written anew for each scrape; gives the port."""

    class Exporter(Handler):
        def do_GET(self) -> None:  # noqa: N802 (its base calls it so)
            self.respond(200, "text/plain; version=0.0.4; charset=utf-8", page(self.path[1:]))

    with http_server(Exporter) as port:
        yield port
