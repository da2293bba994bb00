"""Prove what mutes what: a real Alertmanager gets pairs of alerts that fire at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchbill.model.alerts import Alert, Severity, Stage
from watchbill.model.bundle import Bundle
from watchbill.proof.finding import Finding
from watchbill.proof.routing import holds
from watchbill.stack.loopback import alertmanager, inhibited, post_alerts
from watchbill.words import firing

BY = ("scenario", "alertname", "side")
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two alerts that fire at once: whether the first mutes the second."""

    source: Mapping[str, str]
    target: Mapping[str, str]
    subject: str
    case: str
    muted: bool


def pairs(bundle: Bundle, alerts: Iterable[Alert]) -> Iterator[Pair]:
    """Pair each alert with whatever mutes it, here and elsewhere, and with all others of its service that mute any."""
    known = bundle.alerts_by_id
    loud = {source for sources in bundle.inhibited_by.values() for source in sources}
    for target in alerts:
        if target.severity is Severity.P0 and target.stage is Stage.LIVE and not target.declares_down:
            yield from of_incident(target)
        muting = bundle.inhibited_by[target.id]
        near = {id_ for id_ in loud if known[id_].service == target.service}
        for source in sorted((near | set(muting)) - {target.id}):
            labels, own = fired(known[source]), fired(target)
            muted = source in muting
            case = f"is {'muted' if muted else 'not muted'} by {source}"
            yield Pair(labels, own, target.id, case, muted)
            if muted:
                yield from _apart(labels, own, target.id, known[source])


def of_incident(alert: Alert) -> Iterator[Pair]:
    """Pair a page with tickets that nobody wrote: it mutes those about the same, and none about anything else."""
    source, own = fired(alert), dict(alert.rules[0].example.firing[0].labels) if alert.rules[0].example.firing else {}
    target = {**source, "alertname": "Another", "severity": "P1"}
    yield Pair(source, target, alert.id, "mutes a P1 about the same", muted=True)
    yield Pair(source, {**target, "severity": "Info"}, alert.id, "mutes an Info about the same", muted=True)
    for label in ("service", "subject", *own):
        case = f"mutes nothing of another {label}"
        yield Pair(source, {**target, label: "another"}, alert.id, case, muted=False)
    for label in own:
        yield Pair(source, _without(target, label), alert.id, f"mutes nothing that names no {label}", muted=False)
    for how, changed, other in _unmuted(source, target, ("env", "cluster", "service", "subject")):
        yield Pair(changed, other, alert.id, f"mutes nothing {how}", muted=False)


def _unmuted(source: Labels, target: Labels, needed: Iterable[str]) -> Iterator[tuple[str, Labels, Labels]]:
    """Take a pair that mutes apart: the source is elsewhere or on trial, the target is urgent, or both lack a label."""
    yield from ((f"of another {label}", {**source, label: "elsewhere"}, target) for label in ("env", "cluster"))
    yield from ((f"without any {label}", _without(source, label), _without(target, label)) for label in needed)
    yield "on trial", {**source, "stage": "shadow"}, target
    yield "while on trial", source, {**target, "stage": "shadow"}
    yield "as a P0", source, {**target, "severity": "P0"}


def _apart(source: Labels, target: Labels, subject: str, by: Alert) -> Iterator[Pair]:
    needed = ["env", "cluster"]
    if not (by.declares_down or by.suppresses):  # these are named by their rules, which ask for no subject
        needed += ["service", "subject"]
    for how, changed, other in _unmuted(source, target, needed):
        yield Pair(changed, other, subject, f"is not muted by {by.id} {how}", muted=False)
    strange = {"service": "another"}
    yield Pair({**source, **strange}, target, subject, f"is not muted by a namesake of {by.id}", muted=False)
    yield Pair(source, {**target, **strange}, subject, f"is not muted by {by.id} in another service", muted=False)


def _without(labels: Labels, label: str) -> dict[str, str]:
    return {key: value for key, value in labels.items() if key != label}


def fired(alert: Alert) -> dict[str, str]:
    """Label an alert as its example fires."""
    rule = alert.rules[0]
    place = dict(rule.place) or {"cluster": "main", "env": "production"}
    own = dict(rule.example.firing[0].labels) if rule.example.firing else {}
    return firing.labels(alert, {**place, **own})


def config(content: Any, place: Path) -> Path:
    """Write a configuration that has the inhibition of another, and tells nobody."""
    rules = content.get("inhibit_rules", [])
    quiet = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}], "inhibit_rules": rules}
    place.write_text(json.dumps(quiet, ensure_ascii=False), encoding="utf-8")  # is YAML, and fast
    return place


def posted(found: Iterable[Pair]) -> list[dict[str, dict[str, str]]]:
    """Keep each pair apart from the others by its clusters, and by labels that no rule reads."""
    alerts = []
    for number, pair in enumerate(found):
        for side, labels in (("source", pair.source), ("target", pair.target)):
            own = {"cluster": f"{number}-{labels['cluster']}"} if "cluster" in labels else {}
            alerts.append({"labels": {**labels, **own, "scenario": str(number), "side": side}})
    return alerts


def findings(program: Path, content: Any, found: tuple[Pair, ...], folder: Path) -> Iterator[Finding]:
    """Find pairs of which the second is muted although it must not be, or not although it must."""
    with alertmanager(program, config(content, folder / "inhibition.yml"), folder) as url:
        alerts = posted(found)
        post_alerts(url, alerts)
        muted = inhibited(url, alerts, by=BY)
    yield from wrong(found, muted)


def wrong(found: tuple[Pair, ...], muted: Mapping[tuple[str, ...], bool]) -> Iterator[Finding]:
    """Compare what is muted with what must be."""
    for number, pair in enumerate(found):
        if muted[str(number), pair.target["alertname"], "target"] is not pair.muted:
            yield Finding(pair.subject, pair.case, "it is" if not pair.muted else "it is not")


def alike(found: Iterable[Pair], content: Any) -> tuple[Pair, ...]:
    """Keep one pair of those for which all matchers and equalities of a configuration, given as data, hold alike."""
    rules = content.get("inhibit_rules", [])
    kept: dict[tuple[object, ...], Pair] = {}
    for pair in found:
        key: list[object] = [pair.muted]
        for rule in rules:
            key += [holds(matcher, pair.source) for matcher in rule.get("source_matchers", ())]
            key += [holds(matcher, pair.target) for matcher in rule.get("target_matchers", ())]
            key += [pair.source.get(label, "") == pair.target.get(label, "") for label in rule.get("equal", ())]
        kept.setdefault(tuple(key), pair)
    return tuple(kept.values())
