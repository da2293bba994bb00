"""Hold what came of a fault against what a drill says must: told, muted, quiet, incidents, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from watchbill.drill import judge
from watchbill.drill.judge import Subject
from watchbill.drill.record import Record
from watchbill.drill.watch import Watch, named
from watchbill.model.alerts import Stage
from watchbill.model.bundle import Bundle
from watchbill.model.drills import Drill
from watchbill.model.routing import Channel
from watchbill.stack.api import Key, key
from watchbill.stack.notifications import Notice


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
    def notices(self) -> Sequence[Notice]:
        """What the receivers took so far."""
        return self.watch.stack.receivers.inbox.notices()

    def subjects(self, names: Iterable[str]) -> list[Subject]:
        """List what has fired of some alerts."""
        wanted = set(names)
        return [each for each in judge.subjects(self.watch, self.bundle).values() if id_of(each.labels) in wanted]

    def lacking(self, names: Iterable[str]) -> list[str]:
        """Say which alerts have not fired in a place of the drill."""
        seen = {(id_of(dict(each)), dict(each).get("env", "?")) for each in self.watch.fired}
        return [f"{name} in {env}" for name in names for env, _ in self.drill.places if (name, env) not in seen]

    def has_come(self) -> bool:
        """Whether all has fired that must, and everybody has been told."""
        if self.lacking((*self.drill.told, *self.drill.muted)):
            return False
        told, notices = self.subjects(self.drill.told), self.notices
        return all(judge.arrivals(subject, notices).keys() >= subject.told for subject in told)

    def lasting(self) -> set[str]:
        """Name what still fires, or is pending, of all that the drill speaks of."""
        return {named(dict(each)) for each in self.watch.active() if id_of(dict(each)) in self.drill.named}

    def has_ended(self) -> bool:
        """Whether nothing fires or waits any more, and everybody has been told of the end."""
        told, notices = self.subjects(self.drill.told), self.notices
        return not self.lasting() and not any(judge.reached(subject, notices, ended=True) for subject in told)

    def note_muted(self) -> None:
        """Ask Alertmanager what it holds back while the fault lasts."""
        self.muted = self.watch.stack.muted()

    # What is held at the end.

    def hold(self) -> None:
        """Hold everything that the drill says of the fault and its end."""
        self._told()
        self._muted()
        self._nothing_else()
        notices = self.notices
        known = judge.subjects(self.watch, self.bundle).values()
        self.record.hold("nobody else is told", judge.strangers(known, notices))
        self.record.hold("no receiver refuses a message", "; ".join(self.watch.stack.receivers.inbox.refused()))
        opened = incidents(notices, self.bundle)
        self.record.incidents = sum(opened.values())
        count = self.record.incidents
        text = f"{count} incident{'' if count == 1 else 's'} for this one cause"
        differ = "" if opened == dict(self.drill.incidents) else f"expected {dict(self.drill.incidents)}, got {opened}"
        self.record.hold("people see just the incidents that they should", differ)
        self.watch.note("incidents", text)

    def _told(self) -> None:
        notices, known = self.notices, list(judge.subjects(self.watch, self.bundle).values())
        for name in self.drill.told:
            subjects = self.subjects([name])
            self.record.hold(f"{name} fires", ", ".join(self.lacking([name])))
            self._each(f"{name} reaches exactly its receivers", subjects, lambda s: judge.reached(s, notices))
            self._each(f"{name} is told once", subjects, lambda s: judge.repeated(s, known, notices))
            self._each(f"{name} is told to have ended", subjects, lambda s: judge.reached(s, notices, ended=True))

    def _each(self, name: str, subjects: Iterable[Subject], how: Callable[[Subject], str]) -> None:
        self.record.hold(name, "; ".join(f"{named(s.labels)}: {text}" for s in subjects if (text := how(s))))

    def _muted(self) -> None:
        notices = self.notices
        for name in self.drill.muted:
            subjects = self.subjects([name])
            loud = [s for s in subjects if not self.muted.get(key(s.labels), False)]
            self.record.hold(f"{name} fires", ", ".join(self.lacking([name])))
            self.record.hold(f"{name} is muted", ", ".join(named(subject.labels) for subject in loud))
            self._each(f"{name} reaches nobody", subjects, lambda s: heard(s, notices))

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
        notices = [notice for notice in self.notices if not notice.ended]
        late = [notice.at - until for notice in notices if notice.told[0] == channel]
        others = [notice for notice in notices if notice.told[0] != channel]
        waited = [notice for notice in others if notice.at >= until]
        self.record.hold(f"{channel} gets the message once it answers again", "" if late else "it was never told")
        text = "the others were told only afterwards" if waited or not others else ""
        self.record.hold(f"nobody waits for {channel}", text)
        if late:
            self.watch.note("recovered", f"{channel} took the message {min(late):.1f} s after it answered again")


def heard(subject: Subject, notices: Iterable[Notice]) -> str:
    """Say who was told of a subject, of its beginning or its end."""
    return ", ".join(sorted({" ".join(n.told) for n in notices if subject.in_(f"{n.title}\n{n.firing}\n{n.resolved}")}))


def incidents(notices: Iterable[Notice], bundle: Bundle) -> dict[str, int]:
    """Count the incidents of each team that was woken."""
    services = judge.incidents(notices)
    owners = {team.addresses.get(Channel.PAGERDUTY, ""): team.name for team in bundle.platform.teams.values()}
    return {owners[service]: count for service, count in sorted(services.items())}
