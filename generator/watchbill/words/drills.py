"""Say in words what the drills of the specs expect."""

from __future__ import annotations

from collections.abc import Mapping

from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle
from watchbill.model.drills import Drill, Server

_RESTARTS = {
    Server.PROMETHEUS: "Prometheus is restarted while alerts are pending",
    Server.ALERTMANAGER: "Alertmanager is away when it begins, and is restarted once all are notified",
}


def naming_each(bundle: Bundle) -> Mapping[str, tuple[Drill, ...]]:
    """Find the drills that name an alert, by the alert's id; those without any have none."""
    found: dict[str, list[Drill]] = {alert.id: [] for alert in bundle.alerts}
    for drill in bundle.drills:
        for name in drill.named:
            found[name].append(drill)
    return {name: tuple(drills) for name, drills in found.items()}


def expected(drill: Drill, alert: Alert) -> str:
    """Say what must become of an alert in a drill that names it."""
    if alert.id in drill.notified:
        return "notified"
    return "muted" if alert.id in drill.muted else "quiet"


def seen(drill: Drill, bundle: Bundle) -> str:
    """Say how many incidents each team sees for this one cause: `Backend sees 1 incident`."""
    teams = bundle.platform.teams
    counts = [
        f"{teams[team].title} sees {count} incident{'' if count == 1 else 's'}"
        for team, count in drill.incidents.items()
    ]
    return ", ".join(counts) or "nobody is woken"


def alternatives(drill: Drill) -> tuple[str, ...]:
    """Say what else happens in a drill."""
    found = []
    if drill.flaps is not None:
        broken, healthy = drill.flaps.broken.words(), drill.flaps.healthy.words()
        found.append(f"the fault is there for {broken} and gone for {healthy}, {drill.flaps.times} times")
    if drill.restart is not None:
        found.append(_RESTARTS[drill.restart])
    if drill.outage is not None:
        channel = drill.outage.channel
        found.append(f"{channel.server or channel.called} answers with errors for {drill.outage.lasts.words()}")
    return tuple(found)


def command(name: str) -> str:
    """Write the command that plays a drill, or that of an alert by itself."""
    return f"watchbill drill {name}"
