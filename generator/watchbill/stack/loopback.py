"""Run real servers on loopback: any process, and an Alertmanager that is asked what it mutes."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from watchbill.errors import ToolError

START_SECONDS = 60.0
PATIENCE_SECONDS = 30.0
STOP_SECONDS = 10.0  # until what was asked to end is killed
# The inhibitor takes in its alerts beside the API and says nowhere how far it is; it needs some milliseconds.
SETTLED_SECONDS, SETTLED_ALERTS = 0.25, 500

PORTS = range(20_000, 32_768)  # below those that Linux gives to whoever asks for any (ip_local_port_range)
_ports = cycle(random.sample(PORTS, len(PORTS)))

Key = tuple[str, ...]


class ServerError(ToolError):
    """A server that cannot be run, ends by itself, or is not ready in time."""


def free_port() -> int:
    """Find a port of loopback that nothing listens on, and that nobody gets who asks for any.

    So a server can be stopped and started again on it; a process gives none twice.
    """
    for port in islice(_ports, len(PORTS)):
        with socket.socket() as taken, contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", port))
            return port
    raise ServerError(f"all ports of loopback from {PORTS.start} to {PORTS.stop - 1} are taken")


def is_ready(url: str) -> bool:
    """Ask a Prometheus or an Alertmanager whether it is ready."""
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=5):  # noqa: S310 (http, on loopback)
            return True
    except (OSError, http.client.HTTPException):
        return False


@contextmanager
def running(
    program: Path,
    arguments: Sequence[str],
    *,
    log: Path,
    folder: Path,
    ready: Callable[[], bool],
    within_seconds: float = START_SECONDS,
) -> Iterator[None]:
    """Run a server, with `folder` as its working directory, until the block ends; a failure carries its log.

    Raises `ServerError`.
    """
    command = [str(program), *arguments]
    with log.open("w") as out, _started(command, folder, out) as process:
        try:
            _wait(process, ready, within_seconds)
            yield
            _expect_alive(process)
        except Exception as error:
            error.add_note(f"{log}:\n{log.read_text()}")
            raise
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pass  # it hangs
    finally:
        process.kill()  # does nothing to one that has ended
    process.wait()


def _started(command: Sequence[str], folder: Path, out: Any) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT)
    except OSError as error:
        raise ServerError(f"{command[0]} cannot be run: {error.strerror or error}") from None


def _wait(process: subprocess.Popen[bytes], ready: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        _expect_alive(process)
        if time.monotonic() > deadline:
            raise ServerError(f"{_called(process)} was not ready within {seconds:.0f} s")
        time.sleep(0.02)


def _expect_alive(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        raise ServerError(f"{_called(process)} ended with {process.returncode}")


def _called(process: subprocess.Popen[bytes]) -> str:
    return Path(process.args[0]).name if isinstance(process.args, list) else str(process.args)


@contextmanager
def alertmanager(program: Path, config: Path, folder: Path, *flags: str) -> Iterator[str]:
    """Run an Alertmanager, with storage and log in `folder`; gives its URL once it is ready."""
    address = f"127.0.0.1:{free_port()}"
    arguments = [
        f"--config.file={config.absolute()}",
        f"--storage.path={folder.absolute() / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",  # else it listens for its peers on all addresses
        *flags,
    ]
    url = f"http://{address}"
    log = folder / "alertmanager.log"
    # Its templates are found from its own folder.
    with running(program, arguments, log=log, folder=program.parent, ready=lambda: is_ready(url)):
        yield url


def post_alerts(url: str, alerts_: Sequence[Mapping[str, object]]) -> None:
    """Post alerts as Prometheus does: `labels`, and as wanted `annotations`, `startsAt`, `endsAt`, `generatorURL`."""
    _post(f"{url}/api/v2/alerts", json.dumps(alerts_).encode())


def reload(url: str) -> None:
    """Let an Alertmanager read its configuration anew."""
    _post(f"{url}/-/reload", b"")


def _post(url: str, body: bytes) -> None:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 (http, on loopback)
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS):  # noqa: S310 (the same)
        pass


def alerts(url: str) -> list[dict[str, Any]]:
    """List the alerts that Alertmanager knows, with their `labels`, `receivers` and `status`."""
    with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 (the same)
        found: list[dict[str, Any]] = json.load(answer)
        return found


def inhibited(url: str, posted: Sequence[Mapping[str, Any]], *, by: Sequence[str]) -> dict[Key, bool]:
    """Say of each posted alert whether another one inhibits it, once Alertmanager has decided on all of them.

    Keyed by the values of the labels `by`, which have to tell the posted alerts apart; a missing label is "".
    """
    wanted = {_key(alert, by) for alert in posted}
    if len(wanted) != len(posted):
        raise ValueError(f"{', '.join(by)} do not tell the posted alerts apart")
    deadline = time.monotonic() + PATIENCE_SECONDS
    before: dict[Key, bool] = {}
    while True:
        decided = {
            _key(alert, by): bool(alert["status"]["inhibitedBy"])
            for alert in alerts(url)
            if alert["status"]["state"] != "unprocessed" and _key(alert, by) in wanted
        }
        if len(decided) == len(wanted) and decided == before:
            return decided
        if time.monotonic() > deadline:
            raise ToolError(f"Alertmanager has not decided on {sorted(wanted - set(decided))}")
        before = decided
        time.sleep(SETTLED_SECONDS * min(1.0, len(posted) / SETTLED_ALERTS) + 0.03)


def _key(alert: Mapping[str, Any], by: Sequence[str]) -> Key:
    return tuple(alert["labels"].get(label, "") for label in by)
