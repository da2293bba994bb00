"""What Prometheus makes of the samples when it really scrapes them, in both generations.

promtool's test input is taken as written, while Prometheus 3 normalises `le` at the scrape; only a
scrape shows that the rules' selectors find the series.
"""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchbill.audit.samples import samples
from watchbill.pipeline import compile_specs
from watchbill.promql import selections, selector
from watchbill.tools import generation

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0


@contextmanager
def exporter(pages: dict[str, str]) -> Iterator[int]:
    """Serve each page under its path, as a target does; gives the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0], "").encode()
            self.send_response(200 if page else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its base names it so)
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def prometheus(name: str, folder: Path, jobs: dict[str, str], port: int) -> Iterator[str]:
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
    log = (folder / "log").open("w")
    process = subprocess.Popen([generation(name).prometheus, *arguments], stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + PATIENCE
        while len(query(f"http://{address}", "up == 1")) < len(jobs):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, "the targets did not come up"
            time.sleep(0.1)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)
        log.close()


def query(url: str, expr: str) -> list[Any]:
    try:
        with urllib.request.urlopen(
            f"{url}/api/v1/query?{urllib.parse.urlencode({'query': expr})}", timeout=5
        ) as answer:
            found: list[Any] = json.load(answer)["data"]["result"]
            return found
    except OSError:
        return []  # not listening yet, or not ready


@pytest.mark.parametrize("name", ["oldest", "newest"])
def test_every_selector_of_every_rule_finds_scraped_series(name: str, tmp_path: Path) -> None:
    services = compile_specs(ROOT / "specs").bundle.services
    files = dict(sample for service in services for sample in samples(service, ROOT / "specs/samples"))
    paths = {job: f"/{number}" for number, job in enumerate(files)}
    asked = {
        (alert.id, selector(selection.metric or "", selection.matchers))
        for service in services
        for alert in service.alerts
        for rule in alert.rules
        if dict(rule.place).get("env") != "staging"
        for selection in selections(rule.expr)
    }
    assert len({alert for alert, _ in asked}) == sum(len(service.alerts) for service in services)
    with (
        exporter({paths[job]: path.read_text() for job, path in files.items()}) as port,
        prometheus(name, tmp_path, paths, port) as url,
    ):
        lost = sorted((alert, series) for alert, series in asked if not query(url, series))
    assert lost == []
