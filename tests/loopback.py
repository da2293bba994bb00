"""Real servers on loopback for tests: Prometheus, what it scrapes, and Alertmanager. Its receivers are in `sinks`."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from watchbill.tools import generation

START_SECONDS = 60.0
PATIENCE_SECONDS = 30.0
# The inhibitor takes in its alerts beside the API and says nowhere how far it is; it needs some milliseconds.
SETTLED_SECONDS = 0.25


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def _running(
    program: Path, arguments: Sequence[str], *, log: Path, folder: Path, ready: Callable[[], bool]
) -> Iterator[None]:
    """Run a server, with `folder` as its working directory, until the block ends; a failure carries its log."""
    command = [str(program), *arguments]
    with log.open("w") as out, subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT) as process:
        try:
            deadline = time.monotonic() + START_SECONDS
            while not ready():
                assert process.poll() is None, f"{program} ended with {process.returncode}"
                assert time.monotonic() < deadline, f"{program} did not become ready"
                time.sleep(0.02)
            yield
            assert process.poll() is None, f"{program} ended with {process.returncode}"
        except AssertionError as error:
            error.add_note(f"{log}:\n{log.read_text()}")
            raise
        finally:
            process.terminate()
            try:
                process.wait(timeout=PATIENCE_SECONDS)
            finally:
                process.kill()  # does nothing to one that has ended


@contextmanager
def prometheus(name: str, folder: Path, jobs: Mapping[str, str], port: int) -> Iterator[str]:
    """Run a Prometheus that scrapes the exporter's pages as production; gives its URL once all targets are up."""
    scrapes = [
        {
            "job_name": job,
            "metrics_path": path,
            "static_configs": [{"targets": [f"127.0.0.1:{port}"], "labels": {"cluster": "main", "env": "production"}}],
        }
        for job, path in jobs.items()
    ]
    config = folder / "prometheus.yml"
    config.write_text(yaml.safe_dump({"global": {"scrape_interval": "250ms"}, "scrape_configs": scrapes}))
    address = f"127.0.0.1:{free_port()}"
    arguments = [f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={address}"]
    program = generation(name).prometheus
    url = f"http://{address}"

    def scrapes_all() -> bool:
        return len(query(url, "up == 1")) >= len(jobs)

    with _running(program, arguments, log=folder / "log", folder=folder, ready=scrapes_all):
        yield url


def query(url: str, expr: str) -> list[Any]:
    try:
        with urllib.request.urlopen(
            f"{url}/api/v1/query?{urllib.parse.urlencode({'query': expr})}", timeout=5
        ) as answer:
            found: list[Any] = json.load(answer)["data"]["result"]
            return found
    except OSError:
        return []  # not listening yet, or not ready


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
    with _running(program, arguments, log=log, folder=program.parent, ready=lambda: _is_ready(url)):
        yield url


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=5):
            return True
    except OSError:
        return False


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


@contextmanager
def exporter(pages: Mapping[str, str]) -> Iterator[int]:
    """Serve each page under its path, as a target does; gives the port."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0], "")
            respond(self, 200 if page else 404, "text/plain; version=0.0.4; charset=utf-8", page)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its base names it so)
            """Say nothing."""

    with http_server(Handler) as port:
        yield port


def respond(handler: BaseHTTPRequestHandler, status: int, kind: str, text: str) -> None:
    body = text.encode()
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def http_server(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = False  # so that closing waits for the last answer, and leaks no socket
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
