"""Neighbours of a page: tickets about the same, posted beside it, which it must mute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from watchbill.drill.fault import Fault, place_labels
from watchbill.drill.watch import Watch
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Service
from watchbill.stack.api import key
from watchbill.stack.loopback import post_alerts

WATCHED_SECONDS = 2.5  # longer than a ticket's group_wait under the time scale
Labels = dict[str, str]


def post(alert: Alert, fault: Fault, service: Service, watch: Watch) -> list[Labels]:
    """Let all that an alert mutes fire too, for longer than they would wait to be sent; gives their labels."""
    if not watch.firing():
        return []
    mine, found = fault.expected[0].labels, []
    for other in service.alerts:
        if alert.id in watch.stack.scaled.bundle.inhibited_by[other.id]:
            own = {label: mine.get(label, "drill") for label in other.grouping}
            found.append({**own, **place_labels(fault.place), **dict(other.labels), "alertname": other.name})
    if found:
        ends = (datetime.now(tz=UTC) + timedelta(seconds=WATCHED_SECONDS + 1)).isoformat()
        said = {"summary": _summary(alert)}
        alerts = [{"labels": labels, "annotations": said, "endsAt": ends} for labels in found]
        post_alerts(watch.stack.alertmanager, alerts)
        fire = "ticket about the same fires" if len(found) == 1 else "tickets about the same fire"
        watch.note("neighbours", f"{len(found)} {fire} too, and must stay muted")
    return found


def hold_muted(alert: Alert, posted: Sequence[Labels], watch: Watch) -> None:
    """Hold that each of them is muted, and that nobody hears of one."""
    watch.for_(WATCHED_SECONDS)
    muted = watch.stack.muted()
    loud = [labels["alertname"] for labels in posted if not muted.get(key(labels), False)]
    notifications = watch.stack.receivers.received.notifications()
    heard = [
        " ".join(notification.recipient)
        for notification in notifications
        if _summary(alert) in f"{notification.title}{notification.firing}"
    ]
    wrong = [*(f"{name} is not muted" for name in loud), *(f"{one} was notified of one" for one in heard)]
    watch.record.hold("mutes the tickets about the same", "; ".join(wrong))


def _summary(alert: Alert) -> str:
    return f"a neighbour of {alert.id}"
