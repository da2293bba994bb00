"""Write down what happens on a stack that runs on: faults, alerts, and what people are sent."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from watchbill.channels.received import Notification
from watchbill.drill.watch import named
from watchbill.stack.api import Key, key
from watchbill.stack.notifications import SWITCH
from watchbill.stack.running import Stack

KEPT = 200  # entries


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened at a Unix time; `who` is whom a message notified, `links` what it offers, by name."""

    at: float
    kind: str
    text: str
    who: str = ""
    links: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(self.at))
        return f"{clock} {self.kind:<8} {f'{self.who}: ' if self.who else ''}{' '.join(self.text.split())}"


class EventLog:
    """The last entries, which `say` hears one by one. Threads may read and write it at once."""

    def __init__(self, say: Callable[[Entry], None], local: Callable[[str], str]) -> None:
        self._say, self._local = say, local
        self._lock = Lock()
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._alerts: dict[Key, bool] = {}
        self._read = 0
        self._beats = False

    def note(self, kind: str, text: str) -> None:
        """Write down what happened just now."""
        self._write(Entry(time.time(), kind, text))

    def entries(self) -> list[Entry]:
        """List the last entries, the newest first."""
        with self._lock:
            return list(reversed(self._entries))

    def firing(self) -> list[str]:
        """Name what fires as of the last look."""
        with self._lock:
            return sorted({named(dict(each)) for each, fires in self._alerts.items() if fires})

    def look(self, stack: Stack) -> None:
        """Write down what has changed since the last look; raises `ToolError` where Prometheus does not answer."""
        before, now = self._alerts, {}
        for alert in stack.alerts():
            each = key(alert.labels)
            now[each] = alert.firing
            if alert.firing and not before.get(each):
                self.note("firing", f"{named(alert.labels)}: {alert.annotations.get('summary', '')}")
            elif not alert.firing and each not in before:
                self.note("pending", named(alert.labels))
        for each in before.keys() - now.keys():
            self.note("ended", named(dict(each)))
        with self._lock:
            self._alerts = now
        notifications = stack.receivers.received.notifications()
        for notification in notifications[self._read :]:
            self._hear(notification)
        self._read = len(notifications)

    def _hear(self, notification: Notification) -> None:
        channel, address = notification.recipient
        if channel == SWITCH:
            if not self._beats:
                self.note("switch", "the dead man's switch hears the heartbeat, again and again from now on")
            self._beats = True
            return
        title = notification.title or next(iter(notification.resolved.split("\n")), "") or notification.incident
        links = {name: self._local(link) for name, link in notification.links.items()}
        self._write(
            Entry(
                notification.at, "resolved" if notification.ended else "notified", title, f"{channel} {address}", links
            )
        )

    def _write(self, entry: Entry) -> None:
        with self._lock:
            self._entries.append(entry)
        self._say(entry)
