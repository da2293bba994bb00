"""Change a rule in one place, and choose the proofs that must find it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from watchbill import naming
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle, Service
from watchbill.model.proof import Proof
from watchbill.promql import PromQLError, parse, selections
from watchbill.proof.emitted import Emitted, EmittedRule, document
from watchbill.proof.mutants.expressions import variants
from watchbill.proof.promtests import Job, job
from watchbill.quantity import Duration

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RuleMutant:
    """One change of a rule of an alert or objective; `record` is what a recording writes."""

    subject: str
    what: str
    rule: EmittedRule
    content: Content

    @property
    def record(self) -> str:
        """The series that the rule writes; empty for an alert."""
        return str(self.rule.content.get("record", ""))

    def __str__(self) -> str:
        return f"{self.subject}{f', {self.record}' if self.record else ''}: {self.what}"


def of_alert(alert: Alert, emitted: Emitted, file: str) -> Iterator[RuleMutant]:
    """Change every part of an alert's rules."""
    for rule in emitted.rules:
        if rule.file == file and rule.alert == alert.name:
            yield from _of_rule(alert.id, rule)


def of_objective(id_: str, emitted: Emitted, groups: Sequence[str]) -> Iterator[RuleMutant]:
    """Change every part of what an objective records."""
    for rule in emitted.rules:
        if rule.group in groups and not rule.alert:
            yield from _of_rule(id_, rule)


def _of_rule(subject: str, rule: EmittedRule) -> Iterator[RuleMutant]:
    seen: set[str] = set()
    for what, content in _contents(rule.content):
        key = f"{what} {content.get('expr')}"
        if key not in seen:
            seen.add(key)
            yield RuleMutant(subject, what, rule, content)


def _contents(content: Content) -> Iterator[tuple[str, Content]]:
    for what, expr in variants(content["expr"]):
        if _valid(expr):
            yield what, {**content, "expr": expr}
    if "for" in content:
        doubled = Duration.parse(content["for"]).times(2)
        yield "for dropped", _without(content, "for")
        yield "for doubled", {**content, "for": str(doubled)}
    if "keep_firing_for" in content:
        yield "keep_firing_for dropped", _without(content, "keep_firing_for")
    if "record" in content:
        yield "record renamed", {**content, "record": f"{content['record']}_renamed"}
    for part in ("labels", "annotations"):
        for name in content.get(part, {}):
            yield f"{part[:-1]} {name} dropped", {**content, part: _without(content[part], name)}


def _without(content: Content, name: str) -> Content:
    return {key: value for key, value in content.items() if key != name}


def _valid(expr: str) -> bool:
    try:
        parse(expr)
    except PromQLError:
        return False
    return True


class Court:
    """Chooses for each mutant the proofs that may find it, the likeliest first."""

    def __init__(self, proofs: Iterable[Proof], emitted: Emitted) -> None:
        self.emitted = emitted
        self.proofs: dict[str, list[Proof]] = {}
        for proof in proofs:
            self.proofs.setdefault(proof.subject, []).append(proof)

    def jobs(self, name: str, mutant: RuleMutant) -> tuple[tuple[Job, ...], ...]:
        """List rounds of jobs: all of one round are run before those of the next."""
        if mutant.record:
            return (tuple(self._of_recording(name, mutant)),)
        own = self.proofs[mutant.subject]
        labels = mutant.rule.content.get("labels", {})
        here = f" in {labels.get('env')}/{labels.get('cluster')}"
        likely = [p for p in own if p.name.endswith(here)] or own
        first = [proof for proof in likely if "table" in proof.name][:1] or likely[:1]
        rest = [proof for proof in own if proof not in first]
        rounds = (first, rest)
        return tuple(tuple(self._of_alert(f"{name}-{i}", mutant, found)) for i, found in enumerate(rounds) if found)

    def _of_alert(self, name: str, mutant: RuleMutant, proofs: Sequence[Proof]) -> Iterator[Job]:
        rules = _replaced(self.emitted.needed(proofs[0]), mutant)
        by_file: dict[str, list[Proof]] = {}
        for proof in proofs:
            by_file.setdefault(proof.file, []).append(proof)
        for number, found in enumerate(by_file.values()):
            yield job(f"{name}-{number}", tuple(found), document(rules))

    def _of_recording(self, name: str, mutant: RuleMutant) -> Iterator[Job]:
        for number, proof in enumerate(self.proofs[mutant.subject]):
            asked = f"{mutant.record}{{"
            checks = [check for check in proof.samples if asked in check.expr]
            if not checks:
                continue
            sound = [check for check in proof.samples if "__name__" in check.expr]
            every = self.emitted.needed(proof)
            rules = _replaced(_upstream(mutant.rule, every), mutant)
            asking = replace(proof, samples=(*checks, *sound))
            yield job(f"{name}-{number}", (asking,), document(rules, proof.groups))


def _replaced(rules: Iterable[EmittedRule], mutant: RuleMutant) -> list[EmittedRule]:
    return [replace(rule, content=mutant.content) if rule is mutant.rule else rule for rule in rules]


def _upstream(rule: EmittedRule, rules: Sequence[EmittedRule]) -> list[EmittedRule]:
    """Keep the rules that one is made of, and itself: what else is recorded says nothing of it."""
    by_name = {str(other.content.get("record")): other for other in rules}
    needed, waiting = {id(rule)}, [rule]
    while waiting:
        for selection in selections(waiting.pop().content["expr"]):
            other = by_name.get(selection.metric or "")
            if other is not None and id(other) not in needed:
                needed.add(id(other))
                waiting.append(other)
    return [other for other in rules if id(other) in needed]


def every_mutant(bundle: Bundle, emitted: Emitted) -> Iterator[RuleMutant]:
    """List all changes of all rules: pages first, then what is recorded, then the rest."""
    alerts = sorted(bundle.alerts, key=lambda alert: alert.severity.value != "P0")
    pages = [alert for alert in alerts if alert.severity.value == "P0"]
    yield from _of_alerts(pages, emitted)
    for service in bundle.services:
        yield from _of_objectives(service, emitted)
    yield from _of_alerts([alert for alert in alerts if alert not in pages], emitted)


def _of_alerts(alerts: Iterable[Alert], emitted: Emitted) -> Iterator[RuleMutant]:
    for alert in alerts:
        yield from of_alert(alert, emitted, naming.rule_file(alert.service, alert.area))


def _of_objectives(service: Service, emitted: Emitted) -> Iterator[RuleMutant]:
    for slo in service.slos:
        groups = [naming.slo_group(service.name, slo.name, group.part) for group in slo.groups]
        yield from of_objective(slo.id, emitted, groups)
