"""Hold what arrived against what the specs say: who, once, with which text, number and links, and nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from watchbill.channels.received import Notification, Recipient
from watchbill.drill.fault import notified
from watchbill.drill.watch import Watch, named
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle
from watchbill.model.proof import Fired
from watchbill.stack.api import Key, key
from watchbill.stack.notifications import SWITCH

ALSO = "Also firing"  # in a message, before the alerts that do not lead it
TOLERANCE = 0.05  # of numbers that are measured by scrapes, which never fall quite evenly
TOLERANCE_OF_SCRAPES = 0.2  # of shares of scrapes themselves: one of twenty is one of eight that succeed
LATE_SECONDS = 1.0  # for evaluations on a busy machine
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]\d+)?")
_DURATION = re.compile(r"\b(?:(\d+)d )?(?:(\d+)h )?(?:(\d+)m )?(\d+)s\b")
_LINK = re.compile(r"<([^|>\s]+)\|(\w+)>|^(\w+): (http\S+)", re.MULTILINE)
_SIZES = (86_400, 3_600, 60, 1)


@dataclass(frozen=True, slots=True)
class Subject:
    """An alert that fired, or may have: its labels, its summary, and whom the specs say it reaches."""

    labels: Mapping[str, str]
    summary: str
    notified: frozenset[Recipient]

    def in_(self, text: str, notification: Notification) -> bool:
        """Whether a text of a message speaks of it: by its summary, or by its name where there is no room for that."""
        if notification.brief or notification.recipient[0] == SWITCH:
            return self.labels["alertname"] in re.split(r"\W+", text)
        return self.summary in text


def subjects(watch: Watch, bundle: Bundle) -> dict[Key, Subject]:
    """List everything that fired, with whom it should reach."""
    known = {(alert.service, alert.name): alert for alert in bundle.alerts}
    found = {}
    for each in watch.fired:
        firing = watch.seen[each]
        labels = firing.labels
        alert, env = known.get((labels.get("service", ""), labels["alertname"])), labels.get("env", "")
        if alert is None or env not in alert.receivers:
            continue  # it has lost a label, so it cannot be what is expected
        reached = notified(alert, env, bundle.platform)
        found[each] = Subject(labels, firing.annotations.get("summary", ""), reached)
    return found


def differs(expected: str, got: str, measured: Iterable[str] = (), tolerance: float = TOLERANCE) -> str:
    """Compare texts, numbers that stand in what was measured only nearly; says how they differ, "" if they do not."""
    wanted, found = _in_seconds(expected), _in_seconds(got)
    near = {number for part in measured for number in _NUMBER.findall(_in_seconds(part))}
    if _NUMBER.sub("#", wanted) != _NUMBER.sub("#", found):
        return f'expected "{expected}", got "{got}"'
    numbers = zip(_NUMBER.finditer(wanted), _NUMBER.findall(found), strict=True)
    for number, other in numbers:
        most = tolerance * float(number[0]) if number[0] in near else 0.0
        if abs(float(number[0]) - float(other)) > max(most, 1e-9):
            lead = wanted[max(0, number.start() - 40) : number.start()]
            return f'expected "…{lead}{number[0]}", got {other}'
    return ""


def _in_seconds(text: str) -> str:
    """Write durations such as `1d 2h 3m 4s` in seconds, as one number."""
    return _DURATION.sub(
        lambda found: f"{sum(int(n or 0) * s for n, s in zip(found.groups(), _SIZES, strict=True))}s", text
    )


def pattern(expected: str) -> re.Pattern[str]:
    """Match a text with any numbers, wherever it stands in a message; durations stand in seconds."""
    parts = (re.escape(part) for part in _NUMBER.split(_in_seconds(expected)))
    return re.compile(_NUMBER.pattern.join(parts))


def texts(expected: Fired, watch: Watch, tolerance: float = TOLERANCE) -> str:
    """Hold the annotations of what fired against the expected ones."""
    got = watch.seen[key(expected.labels)].annotations
    wrong = [
        f"{name}: {how}"
        for name, text in expected.annotations.items()
        if (how := differs(text, got.get(name, ""), expected.measured, tolerance))
    ]
    more = sorted(got.keys() - expected.annotations.keys())
    return "; ".join([*wrong, *(f"{name} is not expected" for name in more)])


def arrivals(
    subject: Subject, notifications: Iterable[Notification], *, ended: bool = False
) -> dict[Recipient, list[Notification]]:
    """Sort the messages that speak of a subject by whom they notified."""
    found: dict[Recipient, list[Notification]] = {}
    for notification in notifications:
        text = notification.resolved if ended else notification.firing
        spoken = f"{text}\n{notification.title}" if notification.ended is ended else text
        if subject.in_(spoken, notification):
            found.setdefault(notification.recipient, []).append(notification)
    return found


def reached(subject: Subject, notifications: Sequence[Notification], *, ended: bool = False) -> str:
    """Say who was not notified of a subject, or was without need; "" where it is just whom the specs name."""
    got = arrivals(subject, notifications, ended=ended).keys()
    wanted = {one for one in subject.notified if not (ended and one[0] == SWITCH)}
    wrong = [f"{' '.join(one)} was not notified" for one in sorted(wanted - got)]
    return "; ".join([*wrong, *(f"{' '.join(one)} was notified" for one in sorted(got - wanted))])


def waited(for_: float, lasted: float) -> str:
    """Say how an alert that was pending so many seconds has waited shorter or much longer than its `for`."""
    longest = for_ * 1.25 + LATE_SECONDS
    return "" if for_ - 0.01 <= lasted <= longest else f"it was pending for {lasted:.2f} s, and for is {for_:.2f} s"


def repeated(subject: Subject, known: Iterable[Subject], notifications: Sequence[Notification]) -> str:
    """Say who was notified the same twice in a row; a message is new where it speaks of another set of alerts."""
    every = list(known)
    wrong = []
    for one, got in arrivals(subject, notifications).items():
        sets = [frozenset(each.summary for each in every if each.in_(n.firing, n)) for n in got]
        again = sum(first == second for first, second in pairwise(sets))
        if again and one[0] != SWITCH:
            wrong.append(f"{' '.join(one)} was notified {again + 1} times")
    return "; ".join(wrong)


def strangers(known: Iterable[Subject], notifications: Iterable[Notification]) -> str:
    """Say who was notified of what is not theirs, or of nothing that fired."""
    every, wrong = list(known), []
    for notification in notifications:
        if notification.recipient[0] == SWITCH:
            continue
        spoken = [each for each in every if each.in_(whole(notification), notification)]
        wrong += [
            f"{' '.join(notification.recipient)} was notified of {named(each.labels)}"
            for each in spoken
            if notification.recipient not in each.notified
        ]
        if not spoken and not notification.ended:
            wrong.append(
                f'{" ".join(notification.recipient)} was sent "{notification.title}", and nothing of that kind fired'
            )
    return "; ".join(dict.fromkeys(wrong))


def said(expected: Fired, subject: Subject, notifications: Sequence[Notification], tolerance: float = TOLERANCE) -> str:
    """Say which messages do not carry the description with the right number."""
    text = " ".join(expected.annotations["description"].split())
    wrong = []
    for one, got in arrivals(subject, notifications).items():
        if not _leads(subject, got[0]):
            continue
        match = pattern(text).search(_in_seconds(" ".join(got[0].firing.split())))
        if match is None:
            wrong.append(f'{" ".join(one)} did not read "{text}"')
        elif how := differs(text, match[0], expected.measured, tolerance):
            wrong.append(f"{' '.join(one)}: {how}")
    return "; ".join(wrong)


def whole(notification: Notification) -> str:
    """Give all that a message says."""
    return f"{notification.title}\n{notification.firing}\n{notification.resolved}"


def _leads(subject: Subject, notification: Notification) -> bool:
    """Say whether a message tells of a subject in full, and of others in a line each."""
    if notification.first_only or notification.brief or notification.recipient[0] == SWITCH:
        return subject.summary in notification.title
    before, spoken, _ = notification.firing.partition(subject.summary)
    return bool(spoken) and ALSO not in before


def links_of(subject: Subject, notification: Notification) -> Mapping[str, str] | None:
    """Find the links of a subject in a message that it leads; buttons are the lead's, and are not those of others."""
    if subject.summary in notification.title:
        return notification.links
    _, spoken, rest = notification.firing.partition(subject.summary)
    if not spoken or not _leads(subject, notification):
        return None
    found: dict[str, str] = {}
    for link, name, name_, link_ in _LINK.findall(rest):
        found.setdefault(name or name_, link or link_)
    return found


def incidents(notifications: Iterable[Notification]) -> dict[Recipient, int]:
    """Count the incidents that were opened at each address: what a person sees as one thing."""
    found: dict[Recipient, set[str]] = {}
    for notification in notifications:
        if notification.incident:
            found.setdefault(notification.recipient, set()).add(notification.incident)
    return {notified: len(keys) for notified, keys in found.items()}


def related(alert: Alert, fault_metrics: frozenset[str], bundle: Bundle) -> bool:
    """Say whether an alert reads what a fault moved, so that it may well fire beside the one that is drilled."""
    service = bundle.service(alert.service)
    signal = service.signal(alert.subject)
    names = {signal.metrics[role].name for role in alert.metrics if role in signal.metrics}
    return not names or bool(names & fault_metrics)
