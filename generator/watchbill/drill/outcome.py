"""Check what came of a fault against what a drill says must: notified, muted, quiet, incidents, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from watchbill.channels.received import Notification
from watchbill.drill import checks
from watchbill.drill.checks import Subject
from watchbill.drill.record import Record
from watchbill.drill.watch import Watch, named
from watchbill.model.alerts import Stage
from watchbill.model.bundle import Bundle
from watchbill.model.drills import Drill
from watchbill.stack.api import Key, key


def id_of(labels: Mapping[str, str]) -> str:
    """Name the alert of some labels by its id."""
    return f"{labels.get('service', '?')}/{labels['alertname']}"


@dataclass
class Outcome:
    """A drill, what was seen of it, and what was noted of it: `muted` are alerts that Alertmanager held back."""

    drill: Drill
    bundle: Bundle
    watch: Watch
    record: Record
    muted: dict[Key, bool] = field(default_factory=dict)

    @property
    def notifications(self) -> Sequence[Notification]:
        """What the receivers took so far."""
        return self.watch.stack.receivers.received.notifications()

    def subjects(self, names: Iterable[str]) -> list[Subject]:
        """List what has fired of some alerts."""
        wanted = set(names)
        return [each for each in checks.subjects(self.watch, self.bundle).values() if id_of(each.labels) in wanted]

    def lacking(self, names: Iterable[str]) -> list[str]:
        """Say which alerts have not fired in a place of the drill."""
        seen = {(id_of(dict(each)), dict(each).get("env", "?")) for each in self.watch.fired}
        return [f"{name} in {env}" for name in names for env, _ in self.drill.places if (name, env) not in seen]

    def has_come(self) -> bool:
        """Whether all has fired that must, and everybody has been notified."""
        if self.lacking((*self.drill.notified, *self.drill.muted)):
            return False
        notified, notifications = self.subjects(self.drill.notified), self.notifications
        return all(checks.arrivals(subject, notifications).keys() >= subject.notified for subject in notified)

    def lasting(self) -> set[str]:
        """Name what still fires, or is pending, of all that the drill speaks of."""
        return {named(dict(each)) for each in self.watch.active() if id_of(dict(each)) in self.drill.named}

    def has_ended(self) -> bool:
        """Whether nothing fires or waits any more, and everybody has been notified of the end."""
        notified, notifications = self.subjects(self.drill.notified), self.notifications
        return not self.lasting() and not any(
            checks.reached(subject, notifications, ended=True) for subject in notified
        )

    def note_muted(self) -> None:
        """Ask Alertmanager what it holds back while the fault lasts."""
        self.muted = self.watch.stack.muted()

    # What is held at the end.

    def hold(self) -> None:
        """Hold everything that the drill says of the fault and its end."""
        self._notified()
        self._muted()
        self._nothing_else()
        notifications = self.notifications
        known = checks.subjects(self.watch, self.bundle).values()
        self.record.hold("nobody else is notified", checks.strangers(known, notifications))
        self.record.hold("no receiver refuses a message", "; ".join(self.watch.stack.receivers.received.refused()))
        opened = incidents(notifications, self.bundle)
        self.record.incidents = sum(opened.values())
        count = self.record.incidents
        text = f"{count} incident{'' if count == 1 else 's'} for this fault"
        differ = "" if opened == dict(self.drill.incidents) else f"expected {dict(self.drill.incidents)}, got {opened}"
        self.record.hold("people see just the incidents that they should", differ)
        self.watch.note("incidents", text)

    def _notified(self) -> None:
        notifications, known = self.notifications, list(checks.subjects(self.watch, self.bundle).values())
        for name in self.drill.notified:
            subjects = self.subjects([name])
            self.record.hold(f"{name} fires", ", ".join(self.lacking([name])))
            self._each(f"{name} reaches exactly its receivers", subjects, lambda s: checks.reached(s, notifications))
            self._each(f"{name} is sent once", subjects, lambda s: checks.repeated(s, known, notifications))
            self._each(f"{name} is sent as ended", subjects, lambda s: checks.reached(s, notifications, ended=True))

    def _each(self, name: str, subjects: Iterable[Subject], how: Callable[[Subject], str]) -> None:
        self.record.hold(name, "; ".join(f"{named(s.labels)}: {text}" for s in subjects if (text := how(s))))

    def _muted(self) -> None:
        notifications = self.notifications
        for name in self.drill.muted:
            subjects = self.subjects([name])
            loud = [s for s in subjects if not self.muted.get(key(s.labels), False)]
            self.record.hold(f"{name} fires", ", ".join(self.lacking([name])))
            self.record.hold(f"{name} is muted", ", ".join(named(subject.labels) for subject in loud))
            self._each(f"{name} reaches nobody", subjects, lambda s: heard(s, notifications))

    def _nothing_else(self) -> None:
        heartbeats = {alert.id for alert in self.bundle.alerts if alert.stage is Stage.HEARTBEAT}
        fired = {id_of(dict(each)): dict(each) for each in self.watch.fired}
        for name in self.drill.quiet:
            self.record.hold(f"{name} stays quiet", named(fired[name]) if name in fired else "")
        odd = fired.keys() - heartbeats - set(self.drill.named)
        self.record.hold("nothing else fires", ", ".join(named(fired[name]) for name in sorted(odd)))

    # What is held where a receiver fails.

    def hold_outage(self, channel: str, until: float) -> None:
        """Hold that a broken receiver got its message in the end, and that nobody waited for it."""
        notifications = [notification for notification in self.notifications if not notification.ended]
        late = [notification.at - until for notification in notifications if notification.recipient[0] == channel]
        others = [notification for notification in notifications if notification.recipient[0] != channel]
        waited = [notification for notification in others if notification.at >= until]
        self.record.hold(f"{channel} gets the message once it answers again", "" if late else "it was never sent")
        text = "the others were notified only afterwards" if waited or not others else ""
        self.record.hold(f"nobody waits for {channel}", text)
        if late:
            self.watch.note("recovered", f"{channel} took the message {min(late):.1f} s after it answered again")


def heard(subject: Subject, notifications: Iterable[Notification]) -> str:
    """Say who was notified of a subject, of its beginning or its end."""
    return ", ".join(sorted({" ".join(n.recipient) for n in notifications if subject.in_(checks.whole(n), n)}))


def incidents(notifications: Iterable[Notification], bundle: Bundle) -> dict[str, int]:
    """Count the incidents of each team that was woken; where several channels open one for the same, it is one."""
    owners = {
        (channel.called, address): team.name
        for team in bundle.platform.teams.values()
        for channel, address in team.addresses.items()
    }
    found: dict[str, int] = {}
    for notified, count in sorted(checks.incidents(notifications).items()):
        found[owners[notified]] = max(count, found.get(owners[notified], 0))
    return found
