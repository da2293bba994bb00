"""Watch a running stack: write down what changes, and remember what was seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from watchbill.channels.received import Notification
from watchbill.drill.record import Event, Record
from watchbill.errors import ToolError
from watchbill.stack.api import Firing, Key, key
from watchbill.stack.running import POLL_SECONDS, Stack, pause

Say = Callable[[Event], None]


@dataclass
class Watch:
    """What was seen of a stack: alerts by their labels, when they began to fire, and how many messages."""

    stack: Stack
    record: Record
    say: Say
    began: float = field(default_factory=time.time)
    seen: dict[Key, Firing] = field(default_factory=dict)
    pending: dict[Key, float] = field(default_factory=dict)
    fired: dict[Key, float] = field(default_factory=dict)
    _now: dict[Key, bool] = field(default_factory=dict)
    _shown: set[Key] = field(default_factory=set)
    _read: int = 0
    _silent: bool = False

    def healthy(self, seconds: float) -> None:
        """Look for so many seconds, and say nothing of what is pending while the first samples come in."""
        self._silent = True
        self.for_(seconds)
        self._silent = False

    def note(self, kind: str, text: str, at: float | None = None) -> None:
        """Write an event down, and tell who is watching."""
        event = Event((time.time() if at is None else at) - self.began, kind, text)
        self.record.events.append(event)
        self.say(event)

    def look(self) -> None:
        """Write down what has changed since the last look."""
        try:
            alerts = self.stack.alerts()
        except ToolError:
            alerts = []  # Prometheus is being started again
        now = {key(alert.labels): alert for alert in alerts}
        for each, alert in now.items():
            self._alert(each, alert)
        for each in self._now.keys() - now.keys():
            if each in self._shown:
                self._say(each, "ended")
        self._now = {each: alert.firing for each, alert in now.items()}
        notifications = self.stack.receivers.received.notifications()
        for notification in notifications[self._read :]:
            if not notification.ended or notification.resolved or notification.title:
                self.note("resolved" if notification.ended else "notified", _spoken(notification), notification.at)
        self._read = len(notifications)

    def _alert(self, each: Key, alert: Firing) -> None:
        if each not in self._now and not alert.firing:
            self.pending.setdefault(each, time.time())
            self._say(each, "pending")
        if alert.firing and not self._now.get(each):
            self.fired.setdefault(each, time.time())
            self._shown.add(each)
            self.note("firing", alert.annotations.get("summary", named(alert.labels)))
        if alert.firing or each not in self.seen:
            self.seen[each] = alert

    def _say(self, each: Key, kind: str) -> None:
        if not self._silent:
            self._shown.add(each)
            self.note(kind, named(dict(each)))

    def firing(self) -> set[Key]:
        """List what fires as of the last look."""
        return {each for each, firing in self._now.items() if firing}

    def active(self) -> set[Key]:
        """List what is pending or fires as of the last look."""
        return set(self._now)

    def until(self, seconds: float, done: Callable[[], bool]) -> bool:
        """Look until something is so; False where it is not within so many seconds."""
        deadline = time.time() + seconds
        while True:
            self.look()
            if done():
                return True
            if time.time() > deadline:
                return False
            pause(self.stack.setting.stop, POLL_SECONDS)

    def for_(self, seconds: float) -> None:
        """Look for so many seconds."""
        self.until(seconds, lambda: False)


def named(labels: Mapping[str, str]) -> str:
    """Name an alert by its labels, in a line."""
    return f"{labels.get('service', '?')}/{labels.get('alertname', '?')} in {labels.get('env', '?')}"


def _spoken(notification: Notification) -> str:
    channel, address = notification.recipient
    links = ", ".join(notification.links)
    return f"{channel} {address}: {notification.title}{f' ({links})' if links else ''}"
