"""Ask the servers of a stack over their HTTP APIs."""

from __future__ import annotations

import http.client
import json
import re
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchbill.errors import ToolError

Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert that Prometheus holds: pending or firing, and since which Unix time."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    firing: bool
    active_at: float


def key(labels: Mapping[str, str]) -> Key:
    """Tell alerts apart by all of their labels."""
    return tuple(sorted(labels.items()))


def ask(url: str, path: str, **parameters: str) -> Any:
    """Ask a server's HTTP API; gives its JSON."""
    query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
    try:
        with urllib.request.urlopen(f"{url}{path}{query}", timeout=10) as answer:  # noqa: S310 (http, on loopback)
            return json.load(answer)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ToolError(f"{url}{path} does not answer: {error}") from None


def unix(written: str) -> float:
    """Read a time of a server's API, whose nanoseconds are too many for us."""
    return datetime.fromisoformat(re.sub(r"(\.\d{1,6})\d*", r"\1", written)).timestamp()
