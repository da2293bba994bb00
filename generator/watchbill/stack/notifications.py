"""What all receivers of a stack took and refused, and which of them are out of order."""

from __future__ import annotations

import threading
import time

from watchbill.channels.received import Notification

SWITCH = "switch"  # what a dead man's switch is called, where a channel would be


class Received:
    """What all receivers took, in the order of arrival, and what they refused."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notices: list[Notification] = []
        self._refused: list[str] = []
        self._out_of_order: dict[str, float] = {}

    def take(self, notification: Notification) -> None:
        """Note a message."""
        with self._lock:
            self._notices.append(notification)

    def refuse(self, why: str) -> None:
        """Note a message that the real receiver would not take."""
        with self._lock:
            self._refused.append(why)

    def notifications(self) -> list[Notification]:
        """List what has arrived."""
        with self._lock:
            return list(self._notices)

    def refused(self) -> list[str]:
        """List what no real receiver would have taken."""
        with self._lock:
            return list(self._refused)

    def break_(self, channel: str, until: float) -> None:
        """Let a channel answer that it is broken until a moment."""
        with self._lock:
            self._out_of_order[channel] = until

    def broken(self, channel: str) -> bool:
        """Whether a channel is broken now."""
        with self._lock:
            return time.time() < self._out_of_order.get(channel, 0)
