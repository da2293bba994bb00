"""The demo as a person runs it: break something, read who is notified, mend it, and leave nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from signals_heard import hear_signals
from watchbill.stack.loopback import free_port

ROOT = Path(__file__).parents[1]
WATCHBILL = Path(sys.executable).parent / "watchbill"
PATIENCE_SECONDS = 60.0
ALERT = "core-api/CircuitBreakerOpen"
BROKEN = "A circuit breaker is open: core-api in production/main"
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Demo:
    process: subprocess.Popen[bytes]
    url: str
    temporary: Path
    log: Path

    def ask(self, path: str, method: str = "GET", body: Mapping[str, str] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, JSON if data else {}, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            return json.loads(answer.read() or b"null")

    def until(self, done: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not done():
            assert time.monotonic() < deadline, self.log.read_text()
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)

    def said(self, *words: str) -> bool:
        return any(all(word in line for word in words) for line in self.log.read_text().splitlines())

    def notified(self, kind: str, who: str, what: str) -> bool:
        events = self.ask("/events")["events"]
        return any((e["kind"], e["who"]) == (kind, who) and what in e["text"] for e in events)

    def children(self) -> list[int]:
        own = f"\nPPid:\t{self.process.pid}\n"
        return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/status") if own in _read(path)]

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE_SECONDS)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has just ended
        return ""


@contextmanager
def demo(folder: Path, *more: str) -> Iterator[Demo]:
    site = folder / "site"
    site.mkdir()
    (site / "index.html").write_text("built")  # so that none is built here
    temporary = folder / "tmp"
    temporary.mkdir()
    port, log = free_port(), folder / "log"
    command = [str(WATCHBILL), "demo", "--port", str(port), "--site", str(site), *more]
    environment = os.environ | {"TMPDIR": str(temporary)}
    with (
        log.open("w") as out,
        subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=out,
            stderr=out,
            env=environment,
            start_new_session=True,
            preexec_fn=hear_signals,  # noqa: PLW1509 (no thread runs that could hold a lock)
        ) as process,
    ):
        try:
            yield Demo(process, f"http://127.0.0.1:{port}", temporary, log)
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE_SECONDS)


def test_a_fault_pages_until_it_is_cleared_and_sigterm_leaves_nothing_behind(tmp_path: Path) -> None:
    with demo(tmp_path) as running:
        running.until(lambda: running.said("Ctrl-C ends it all"))
        fault = running.ask("/faults", "POST", {"alert": ALERT, "ttl": "5m"})
        running.until(lambda: running.notified("notified", "PagerDuty Backend", BROKEN))
        assert running.said(" notified ", "PagerDuty Backend: ", BROKEN)
        assert f"{ALERT} in production" in running.ask("/events")["firing"]
        running.ask(f"/faults/{fault['id']}", "DELETE")
        assert running.ask("/faults") == {"faults": []}
        running.until(lambda: running.notified("resolved", "PagerDuty Backend", BROKEN))
        stack, children = running.ask("/stack"), running.children()
        assert len(children) == 2
        assert running.end(signal.SIGTERM) == 0
        assert not [child for child in children if Path(f"/proc/{child}").exists()]
        assert list(running.temporary.iterdir()) == []
        for url in (running.url, stack["prometheus"], stack["alertmanager"]):
            with pytest.raises(OSError, match="refused"):
                urllib.request.urlopen(url, timeout=5)


def test_a_second_demo_is_reported_of_the_port_and_ctrl_c_ends_the_first_while_it_starts(tmp_path: Path) -> None:
    with demo(tmp_path) as running:
        running.until(running.children)
        children = running.children()
        port = running.url.rpartition(":")[2]
        command = [str(WATCHBILL), "demo", "--port", port]
        again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
        assert (again.returncode, again.stderr) == (
            3,
            f"watchbill: port {port} of 127.0.0.1 cannot be used (Address already in use); choose another by --port\n",
        )
        os.killpg(running.process.pid, signal.SIGINT)  # as a terminal does: the servers hear it too
        assert running.process.wait(timeout=PATIENCE_SECONDS) == 0
        assert not [child for child in children if Path(f"/proc/{child}").exists()]
        assert list(running.temporary.iterdir()) == []
        assert running.log.read_text().splitlines()[-1] == "stopping …"
