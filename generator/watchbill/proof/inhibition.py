"""Prove what mutes what: a real Alertmanager judges pairs of alerts that fire at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from watchbill.loopback import alertmanager, inhibited, post_alerts
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle
from watchbill.proof.finding import Finding

BY = ("scenario", "alertname", "side")
ELSEWHERE = ("env", "cluster", "service")


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
    known = {alert.id: alert for alert in bundle.alerts}
    loud = {source for sources in bundle.inhibited_by.values() for source in sources}
    for target in alerts:
        muting = bundle.inhibited_by[target.id]
        near = {id_ for id_ in loud if known[id_].service == target.service}
        for source in sorted((near | set(muting)) - {target.id}):
            labels, own = fired(known[source]), fired(target)
            muted = source in muting
            case = f"is {'muted' if muted else 'not muted'} by {source}"
            yield Pair(labels, own, target.id, case, muted)
            if muted:
                for label in ("env", "cluster"):
                    far = {**labels, label: "elsewhere"}
                    yield Pair(far, own, target.id, f"is not muted by {source} of another {label}", muted=False)


def fired(alert: Alert) -> dict[str, str]:
    """Label an alert as its witness fires."""
    rule = alert.rules[0]
    place = dict(rule.place) or {"cluster": "main", "env": "production"}
    own = dict(rule.witness.firing[0].labels) if rule.witness.firing else {}
    return {"alertname": alert.name, **place, **own, **dict(alert.labels)}


def config(content: Any, place: Path) -> Path:
    """Write a configuration that has the inhibition of another, and tells nobody."""
    rules = content.get("inhibit_rules", [])
    quiet = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}], "inhibit_rules": rules}
    place.write_text(yaml.safe_dump(quiet), encoding="utf-8")
    return place


def posted(found: Iterable[Pair]) -> list[dict[str, dict[str, str]]]:
    """Keep each pair apart from the others by its clusters, and by labels that no rule reads."""
    alerts = []
    for number, pair in enumerate(found):
        for side, labels in (("source", pair.source), ("target", pair.target)):
            cluster = f"{number}-{labels['cluster']}"
            alerts.append({"labels": {**labels, "cluster": cluster, "scenario": str(number), "side": side}})
    return alerts


def judge(program: Path, content: Any, found: tuple[Pair, ...], folder: Path) -> Iterator[Finding]:
    """Find pairs of which the second is muted although it must not be, or not although it must."""
    with alertmanager(program, config(content, folder / "inhibition.yml"), folder) as url:
        alerts = posted(found)
        post_alerts(url, alerts)
        muted = inhibited(url, alerts, by=BY)
    for number, pair in enumerate(found):
        if muted[str(number), pair.target["alertname"], "target"] is not pair.muted:
            yield Finding(pair.subject, pair.case, "it is" if not pair.muted else "it is not")
