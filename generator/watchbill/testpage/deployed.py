"""Speak with a deployed Alertmanager (its API v2), through whatever stands before it."""

from __future__ import annotations

import base64
import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from watchbill.errors import ToolError, UsageError

SECONDS = 10
MOST_BYTES = 16 << 20
_EXAMPLE = "such as https://alertmanager.example.com"


@dataclass(frozen=True, slots=True)
class Deployed:
    """An Alertmanager at `url`, which holds no password and has no slash at its end."""

    url: str
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Routed:
    """What an Alertmanager has decided of an alert: its receivers, and what mutes it.

    Silences are named by id, inhibiting alerts by fingerprint, and time intervals, of which Alertmanager tells from
    0.28 on and not before the alert's turn to be sent, by name.
    """

    receivers: tuple[str, ...]
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    muted_by: tuple[str, ...] = ()


def deployed(text: str) -> Deployed:
    """Read an address, which may hold a user and a password; raises `UsageError`, which quotes neither."""
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UsageError(f"--alertmanager is no address; write one {_EXAMPLE}") from None
    if parts.scheme not in {"http", "https"}:
        raise UsageError(f"--alertmanager must begin with http:// or https://; write an address {_EXAMPLE}")
    if not host:
        raise UsageError(f"--alertmanager names no host; write an address {_EXAMPLE}")
    place = f"[{host}]" if ":" in host else host
    place += "" if port is None else f":{port}"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Deployed(f"{parts.scheme}://{place}{quote(parts.path.rstrip('/'), safe='/%~')}", user, password)


def greet(server: Deployed) -> tuple[str, datetime]:
    """Ask for the version, and for the time there: a test must not end before it begins where clocks differ."""
    headers, said = _ask(server, "/api/v2/status")
    try:
        version = str(said["versionInfo"]["version"])
    except (TypeError, KeyError):
        raise ToolError(_stranger(server, "what it says is not the status of one")) from None
    return version, _time(headers)


def post(server: Deployed, alert: dict[str, object]) -> None:
    """Post one alert, as Prometheus does."""
    _ask(server, "/api/v2/alerts", json.dumps([alert]).encode())


def look_up(server: Deployed, service: str) -> Routed | None:
    """Ask what was decided of the alert of a service, or None where it is not listed."""
    query = urlencode({"filter": f'service="{service}"'})
    _, groups = _ask(server, f"/api/v2/alerts/groups?{query}")
    try:
        statuses = [alert["status"] for group in groups for alert in group["alerts"]]
        notified = {str(group["receiver"]["name"]) for group in groups if group["alerts"]}
        return _routed(notified, statuses) if statuses else None
    except (TypeError, KeyError):
        raise ToolError(_stranger(server, "what it says are not groups of alerts")) from None


def _routed(notified: set[str], statuses: list[dict[str, Any]]) -> Routed:
    def named(key: str) -> tuple[str, ...]:
        return tuple(sorted({str(name) for status in statuses for name in status.get(key) or ()}))

    return Routed(tuple(sorted(notified)), named("silencedBy"), named("inhibitedBy"), named("mutedBy"))


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: it would carry the password to another host, and a login page takes no alert."""

    def redirect_request(self, *_: object) -> None:
        return None


def _ask(server: Deployed, path: str, body: bytes | None = None) -> tuple[Message, Any]:
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    if server.user or server.password:
        pair = f"{server.user}:{server.password}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    try:
        request = urllib.request.Request(f"{server.url}{path}", body, headers)  # noqa: S310 (http or https, as read)
        with urllib.request.build_opener(_Stay).open(request, timeout=SECONDS) as answer:
            text = answer.read(MOST_BYTES)
            # a posted alert is answered by nothing
            return answer.headers, json.loads(text) if body is None else None
    except urllib.error.HTTPError as error:
        with error:
            raise ToolError(_refusal(server, error)) from None
    except urllib.error.URLError as error:
        raise ToolError(f"{server.url} does not answer: {error.reason}") from None
    except json.JSONDecodeError:
        raise ToolError(_stranger(server, "it answers with something else than JSON")) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ToolError(f"{server.url} does not answer: {str(error) or type(error).__name__}") from None


def _refusal(server: Deployed, error: urllib.error.HTTPError) -> str:
    if error.code == 401 and (server.user or server.password):
        return f"{server.url} refuses this user and password (401)"
    if error.code == 401:
        return f"{server.url} asks for a user and a password (401); write them into the address, before the host and @"
    if 300 <= error.code < 400:
        host = urlsplit(error.headers.get("Location", "")).hostname or "another page"
        return f"{server.url} sends on to {host} ({error.code}); name the address of Alertmanager itself"
    if error.code == 404:
        return _stranger(server, "it does not know the API v2 (404)")
    said = " ".join(error.read(500).decode("utf-8", "replace").split())
    return f"{server.url} answers with {error.code}" + (f": {said}" if said else "")


def _stranger(server: Deployed, why: str) -> str:
    return f"{server.url} answers, but is no Alertmanager: {why}; name its address, with its path prefix if it has one"


def _time(headers: Message) -> datetime:
    try:
        return parsedate_to_datetime(headers["Date"]).astimezone(UTC)
    except (TypeError, ValueError):
        return datetime.now(UTC)
