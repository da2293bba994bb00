"""A real Prometheus on loopback whose history is written beforehand: blocks from text, queries with their cost."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchbill.tools import generation

START_SECONDS = 60.0
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


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _link(blocks: Iterable[Path], storage: Path) -> None:
    """Lay blocks into a server's own storage by hard links: it may compact or delete them there."""
    for folder in blocks:
        for file in folder.rglob("*"):
            if file.is_file():
                place = storage / file.relative_to(folder)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.hardlink_to(file)


@contextmanager
def prometheus(name: str, *blocks: Path, folder: Path, configured: str = "global: {}\n") -> Iterator[str]:
    """Run a Prometheus of a generation on a history, in a new folder; gives its URL. By default it scrapes nothing."""
    folder.mkdir(parents=True)
    storage, config, log = folder / "data", folder / "prometheus.yml", folder / "log"
    storage.mkdir()
    _link(blocks, storage)
    config.write_text(configured)
    address = f"127.0.0.1:{_free_port()}"
    command = [
        str(generation(name).prometheus),
        f"--config.file={config}",
        f"--storage.tsdb.path={storage}",
        "--storage.tsdb.retention.time=100y",
        f"--query.max-samples={MOST_SAMPLES}",
        f"--web.listen-address={address}",
    ]
    with log.open("w") as out, subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT) as process:
        try:
            _wait(f"http://{address}", process, log)
            yield f"http://{address}"
        finally:
            process.terminate()
            try:
                process.wait(timeout=START_SECONDS)
            finally:
                process.kill()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"Prometheus did not become ready; its log:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(f"{url}/-/ready", timeout=5):  # noqa: S310 (http, on loopback)
                return
        except OSError:
            time.sleep(0.02)


def _ask(url: str, path: str, **parameters: str) -> Any:
    body = urllib.parse.urlencode(parameters).encode()
    try:
        with urllib.request.urlopen(f"{url}{path}", body, timeout=300) as answer:  # noqa: S310 (http, on loopback)
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
