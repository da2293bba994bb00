"""Decide who receives an alert, and what mutes it; both are facts of the Bundle, which targets only write down."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from watchbill import naming
from watchbill.model.alerts import Alert, Severity, Stage
from watchbill.model.bundle import Platform, Service
from watchbill.model.routing import FALLBACK, HEARTBEAT, SHADOW, InhibitRule, Match, Receiver, Receivers

MUTED = (Severity.P1, Severity.INFO)
INCIDENT = ("cluster", "env", "service", "subject")


def receivers(platform: Platform, *, severity: Severity, stage: Stage, team: str, fallback: bool = False) -> Receivers:
    """List an alert's receivers in each of the platform's environments, in the order in which routes reach them."""
    alone = {Stage.HEARTBEAT: HEARTBEAT, Stage.SHADOW: SHADOW}.get(stage)
    notified: dict[str, tuple[Receiver, ...]] = {}
    for environment in platform.environments:
        owner = platform.receiver(team, severity, environment)
        both = (FALLBACK, owner) if fallback and environment.pages else (owner,)
        notified[environment.name] = (alone,) if alone is not None else both
    return notified


def inhibit_rules(services: Iterable[Service]) -> tuple[InhibitRule, ...]:
    """Mute what a louder alert speaks of already, and what follows from an outage that is declared.

    A P0 speaks for what its labels name: one about an instance, a breaker or an endpoint mutes what is sent of
    the same one only, and one about a subject as a whole mutes all alerts about it (ADR 0015).
    """
    every = tuple(services)
    loud = [alert for service in every for alert in service.alerts if _mutes_its_subject(alert)]
    groupings = sorted({(), *(alert.grouping for alert in loud)}, key=lambda labels: (len(labels), labels))
    known = sorted(set(chain.from_iterable(groupings)))
    alerts = [alert for service in every for alert in service.alerts]
    outages = (_outage(alert, every) for alert in alerts if alert.declares_down)
    covering = (_cover(alert) for alert in alerts if alert.suppresses)
    return (*(_same_incident(own, known) for own in groupings), *outages, *covering)


def inhibitors(services: Iterable[Service]) -> dict[str, tuple[str, ...]]:
    """Say for each alert, by id, which others can mute it, sorted: those of its service, and declared outages."""
    every = tuple(services)
    outages = [(alert, service) for service in every for alert in service.alerts if alert.declares_down]
    found: dict[str, tuple[str, ...]] = {}
    for service in every:
        own = [alert for alert in service.alerts if _mutes_its_subject(alert) or alert.suppresses]
        sources = own + [alert for alert, owner in outages if _reaches(alert, owner, service)]
        for alert in service.alerts:
            muting = {source.id for source in sources if source.id != alert.id and _can_mute(source, alert, service)}
            found[alert.id] = tuple(sorted(muting))
    return found


def _reaches(outage: Alert, owner: Service, dependent: Service) -> bool:
    """Say whether a declared outage is of something that a service needs, in an environment that both have."""
    together = set(owner.environments) & set(dependent.environments)
    return outage.declares_down in dependent.depends_on and bool(together)


def _mutes_its_subject(alert: Alert) -> bool:
    return alert.severity is Severity.P0 and alert.stage is Stage.LIVE


def _can_mute(source: Alert, target: Alert, owner: Service) -> bool:
    if target.stage is not Stage.LIVE or target.severity not in MUTED:
        return False
    if source.declares_down in owner.depends_on and target.severity is Severity.P1:
        return True
    if source.service != target.service:
        return False
    same = source.subject == target.subject and set(source.grouping) <= set(target.grouping)
    return target.name in source.suppresses or (same and _mutes_its_subject(source))


def _same_incident(own: tuple[str, ...], known: Iterable[str]) -> InhibitRule:
    equal = (*INCIDENT, *own)
    there = tuple(_present(label) for label in equal)
    others = tuple(_missing(label) for label in known if label not in own)
    about = f"the same {', '.join(own)}" if own else "its subject as a whole"
    return InhibitRule(
        source=(Match("severity", (Severity.P0.value,)), _missing("stage"), *there, *others),
        target=(Match("severity", tuple(severity.value for severity in MUTED)), _missing("stage"), *there),
        equal=equal,
        why=f"A P0 mutes the P1 and Info of {about}.",
    )


def _outage(alert: Alert, services: Iterable[Service]) -> InhibitRule:
    dependents = tuple(sorted(service.name for service in services if alert.declares_down in service.depends_on))
    return InhibitRule(
        source=(
            Match("alertname", (alert.name,)),
            Match("service", (alert.service,)),
            _missing("stage"),
            *(_present(label) for label in naming.TARGET_LABELS),
        ),
        target=(Match("service", dependents), Match("severity", (Severity.P1.value,)), _missing("stage")),
        equal=naming.TARGET_LABELS,
        why=f"While {alert.declares_down} is down, its dependents' P1 follow from that.",
    )


def _cover(alert: Alert) -> InhibitRule:
    own = (Match("service", (alert.service,)), _missing("stage"))
    equal = (*naming.TARGET_LABELS, *alert.grouping)
    here = tuple(_present(label) for label in equal)
    return InhibitRule(
        source=(Match("alertname", (alert.name,)), *own, *here),
        target=(Match("alertname", alert.suppresses), Match("severity", tuple(s.value for s in MUTED)), *own),
        equal=equal,
        why=f"{alert.name} tells of what these tell of.",
    )


def _present(label: str) -> Match:
    return Match(label, (), negated=True)


def _missing(label: str) -> Match:
    return Match(label, ())
