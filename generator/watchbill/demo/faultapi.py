"""A small HTTP API on loopback to inject, list and clear faults, and the pages that go with it.

A page of the web that is open in the same browser must not use it: a request has to name this address (which a name
that was rebound to it does not), must not come from another page, and changes nothing without a type of content that
no form can send.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from watchbill.demo import pages
from watchbill.demo.events import Entry, EventLog
from watchbill.demo.faults import LONGEST, ConflictError, Faults, Running, UnknownError
from watchbill.errors import LONGEST_NAME, UsageError
from watchbill.quantity import Duration, QuantityError
from watchbill.stack.exporter import Handler

MOST_BYTES, MOST_DRAINED = 64 * 1024, 8 * 1024 * 1024
FIELDS = ("alert", "ttl")
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:"


@dataclass(frozen=True, slots=True)
class DemoState:
    """What the API works on: the faults, the event log, what never changes (as JSON), and folders that are shown."""

    faults: Faults
    event_log: EventLog
    about: Mapping[str, object]
    folders: Mapping[str, Path]
    local: pages.Local


class RefusedError(Exception):
    """A request that is not answered as its sender wishes: the status, and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def wanted(raw: bytes) -> tuple[str, Duration]:
    """Read which alert a new fault shall bring, and for how long; raises `RefusedError`."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise RefusedError(400, 'the body is not JSON; send {"alert": "service/Alert", "ttl": "2m"}') from None
    if not isinstance(body, dict):
        raise RefusedError(400, 'the body is not an object; send {"alert": "service/Alert", "ttl": "2m"}')
    for name in FIELDS:
        if not isinstance(body.get(name), str):
            raise RefusedError(400, f'"{name}" is missing or not a string; send both "alert" and "ttl" as strings')
    more = sorted(body.keys() - set(FIELDS))
    if more:
        raise RefusedError(400, f'unknown field "{more[0][:LONGEST_NAME]}"; send "alert" and "ttl" only')
    if len(body["alert"]) > 2 * LONGEST_NAME:
        raise RefusedError(400, f'"alert" is longer than {2 * LONGEST_NAME} characters, and no name is')
    return body["alert"], _ttl(body["ttl"][:LONGEST_NAME])


def _ttl(text: str) -> Duration:
    try:
        ttl = Duration.parse(text)
    except QuantityError as error:
        raise RefusedError(400, f"ttl: {error}") from None
    if not ttl.milliseconds or ttl > LONGEST:
        raise RefusedError(400, f'ttl "{text}" is not more than nothing and at most {LONGEST}; write one such as 2m')
    return ttl


def as_json(each: Running) -> dict[str, object]:
    """Describe a fault."""
    left = round(max(0.0, each.until - time.time()), 1)
    alert = each.alert
    summary = {"severity": alert.severity.value, "summary": alert.summary}
    return {"id": each.id, "alert": alert.id, **summary, "seconds_left": left}


def _entry(entry: Entry) -> dict[str, object]:
    return {"at": entry.at, "kind": entry.kind, "who": entry.who, "text": entry.text, "links": dict(entry.links)}


def _ready(demo_state: DemoState | None) -> DemoState:
    if demo_state is None:
        raise RefusedError(503, "the demo is being started; ask again in a few seconds")
    return demo_state


class _Api(Handler):
    """The handler of a demo's own port, but for the demo that it answers for."""

    demo_state: ClassVar[Callable[[], DemoState | None]]

    def do_GET(self) -> None:  # noqa: N802 (its base calls it so)
        self._try(self._get)

    def do_POST(self) -> None:  # noqa: N802 (its base calls it so)
        self._try(self._post)

    def do_DELETE(self) -> None:  # noqa: N802 (its base calls it so)
        self._try(self._delete)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer as the rest of the API does where the base cannot read a request."""
        self.close_connection = True
        self._json(code, {"error": message or "this request cannot be read"})

    def _try(self, answer: Callable[[DemoState], None]) -> None:
        try:
            self._expect_own()
            answer(_ready(type(self).demo_state()))
        except RefusedError as error:
            self._refuse(error.status, error)
        except (UsageError, UnknownError) as error:
            self._refuse(404, error)
        except ConflictError as error:
            self._refuse(409, error)

    def _expect_own(self) -> None:
        _, port = self.connection.getsockname()
        own = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        if self.headers.get("Host") not in own:
            raise RefusedError(403, "this host is not served here; use the address that the demo has printed")
        origin = self.headers.get("Origin")
        if origin is not None and origin not in {f"http://{each}" for each in own}:
            raise RefusedError(403, "another page may not ask this; open the demo's own page")

    def _get(self, found: DemoState) -> None:
        path = urlsplit(self.path).path
        if path == "/faults":
            self._json(200, {"faults": [as_json(each) for each in found.faults.running()]})
        elif path == "/events":
            entries = [_entry(each) for each in found.event_log.entries()]
            self._json(200, {"events": entries, "firing": found.event_log.firing()})
        elif path == "/stack":
            self._json(200, found.about)
        elif (page := pages.own(path)) is not None:
            self._send(200, page.kind, page.body, {"Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'"})
        elif (page := pages.shown(path, found.folders, found.local)) is not None:
            self._send(200, page.kind, page.body, {})
        else:
            raise RefusedError(404, f"nothing is at {path[:LONGEST_NAME]}; begin at /")

    def _post(self, found: DemoState) -> None:
        raw = self._body()
        if urlsplit(self.path).path != "/faults":
            raise RefusedError(404, "only /faults takes a POST")
        self._json(201, as_json(found.faults.inject(*wanted(raw))))

    def _delete(self, found: DemoState) -> None:
        folder, _, id_ = urlsplit(self.path).path.rpartition("/")
        if folder != "/faults":
            raise RefusedError(404, "only /faults/<id> takes a DELETE")
        found.faults.clear(id_[:LONGEST_NAME])
        self._send(204, "", b"", {})

    def _body(self) -> bytes:
        written = self.headers.get("Content-Length", "")
        if not written.isdecimal():
            self.close_connection = True
            raise RefusedError(411, "Content-Length is missing; send the body with its length")
        length = int(written)
        raw = self.rfile.read(min(length, MOST_DRAINED))  # a sender does not listen before all is sent
        self.close_connection = length > MOST_DRAINED
        if length > MOST_BYTES:
            raise RefusedError(413, f"the body has {length} bytes, and {MOST_BYTES} are allowed")
        if self.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
            raise RefusedError(415, "Content-Type is not application/json; send JSON, and say so")
        return raw

    def _refuse(self, status: int, error: Exception) -> None:
        self.close_connection = True  # a body may not have been read
        self._json(status, {"error": str(error)})

    def _json(self, status: int, content: Mapping[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(content).encode() + b"\n", {})

    def _send(self, status: int, kind: str, body: bytes, more: Mapping[str, str]) -> None:
        self.send_response(status)
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **more}
        if status != 204:
            headers |= {"Content-Type": kind, "Content-Length": str(len(body))}
        if self.close_connection:
            headers["Connection"] = "close"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def answering(demo_state: Callable[[], DemoState | None]) -> type[Handler]:
    """Make the handler of a demo's own port; while there is no state yet, it asks for patience."""
    return type("Api", (_Api,), {"demo_state": staticmethod(demo_state)})
