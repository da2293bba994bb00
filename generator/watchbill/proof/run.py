"""Prove an emitted tree against its specs: its tests, its routes and its inhibition, without compiling it anew."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from watchbill import naming
from watchbill.errors import UsageError, choose
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle, Service
from watchbill.model.proof import Proof
from watchbill.outputs.promtests import proofs
from watchbill.proof import inhibition, inventory, promtests, routing
from watchbill.proof.emitted import Emitted, load, read_rules
from watchbill.proof.finding import Finding, Proven
from watchbill.tools import Generation

Done = Callable[[int], None]
Track = Callable[[str, int], Done]
Step = Callable[[Done], list[Finding | Proven]]
OF_ROUTING = 2  # steps: routes, and inhibition


@dataclass(frozen=True, slots=True)
class Scope:
    """What is to be proven: these alerts and objectives, and all of the tree where there is no choice."""

    bundle: Bundle
    alerts: tuple[Alert, ...]
    proofs: tuple[Proof, ...]
    everything: bool


@dataclass(frozen=True, slots=True)
class ProofResult:
    """What held, and what did not; `tests` counts the test groups that promtool ran."""

    proven: tuple[Proven, ...]
    findings: tuple[Finding, ...]
    tests: int

    @property
    def subjects(self) -> int:
        """Count the alerts and objectives that were looked at."""
        return len({case.subject for case in self.proven} | {finding.subject for finding in self.findings})


def choose_scope(bundle: Bundle, *, service: str | None = None, alert: str | None = None) -> Scope:
    """Choose by a service's name, or by the id or the unique name of an alert or objective.

    Raises `UsageError` where nothing, or more than one thing, is called so.
    """
    services = [entry for entry in bundle.services if service in {None, entry.name}]
    if not services:
        raise UsageError(
            f'no service is called "{service}"; {choose(service or "", (s.name for s in bundle.services))}'
        )
    wanted = None if alert is None else _subject(alert, services)
    every = [proof for entry in services for proof in proofs(entry, only=wanted)]
    names = {entry.name for entry in services}
    alerts = [entry for entry in bundle.alerts if entry.service in names and wanted in {None, entry.id}]
    return Scope(bundle, tuple(alerts), tuple(every), everything=service is None and alert is None)


def _subject(name: str, services: Iterable[Service]) -> str:
    of_alerts = {alert.id for service in services for alert in service.alerts}
    ids = of_alerts | {slo.id for service in services for slo in service.slos}
    found = sorted(id_ for id_ in ids if name in {id_, id_.partition("/")[2]})
    if len(found) > 1:
        raise UsageError(f'several are called "{name}"; name one of them: {", ".join(found)}')
    if not found:
        raise UsageError(f'no alert or objective is called "{name}"; {choose(name, ids)}')
    return found[0]


def prove(scope: Scope, out: Path, tools: Generation, track: Track) -> ProofResult:
    """Prove a tree as it stands; raises `UsageError` where there is none."""
    if not (out / naming.ALERTMANAGER).is_file() and not (out / "prometheus").is_dir():
        raise UsageError(f'{out} holds nothing to prove; run "watchbill generate", or name another folder by --out')
    done = track("proofs", promtests.number_of_jobs(scope.proofs) + OF_ROUTING)
    with tempfile.TemporaryDirectory(prefix="watchbill-") as folder, ThreadPoolExecutor(OF_ROUTING) as beside:
        # These wait for other programs most of the time; meanwhile rules are read, and promtool runs.
        waiting = [beside.submit(step, done) for step in _of_routing(scope, out, tools, Path(folder))]
        found = [*_of_rules(scope, out, tools, Path(folder), done)]
        checked = [entry for step in waiting for entry in step.result()]
    found += [finding for finding in checked if isinstance(finding, Finding)]
    held = {(proof.subject, case) for proof in scope.proofs for case in proof.cases}
    held |= {(case.subject, case.case) for case in checked if isinstance(case, Proven)}
    held -= {(finding.subject, finding.case) for finding in found}
    found += _unproven(scope)
    proven = tuple(Proven(subject, case) for subject, case in sorted(held))
    return ProofResult(proven, tuple(sorted(set(found))), len(scope.proofs))


def _of_rules(scope: Scope, out: Path, tools: Generation, folder: Path, done: Done) -> Iterable[Finding]:
    """Prove the rules by promtool, and look for what is missing."""
    spoken_of = {file for proof in scope.proofs for file in proof.rule_files}
    emitted = read_rules(out, only=None if scope.everything else spoken_of)
    yield from _inventory(scope, emitted, out)
    jobs = promtests.plan(scope.proofs, emitted)
    said = promtests.run(tools.promtool, jobs, folder, done)
    for job in jobs:
        if job.name in said:
            for failure in promtests.failures(job, said[job.name]):
                yield Finding(failure.proof.subject, failure.case, failure.text)


def _inventory(scope: Scope, emitted: Emitted, out: Path) -> Iterable[Finding]:
    """Look for what is missing; for what is too much only where everything is looked at."""
    subjects = {proof.subject for proof in scope.proofs}
    every = inventory.rules(scope.bundle, emitted)
    yield from (finding for finding in every if scope.everything or finding.subject in subjects)
    yield from inventory.tests(scope.proofs, out, others=scope.everything)


def _of_routing(scope: Scope, out: Path, tools: Generation, folder: Path) -> Iterable[Step]:
    """Give the steps that prove where alerts go, and what mutes them."""
    place = out / naming.ALERTMANAGER
    fault = ""
    try:
        content: Any = load(place)
    except (ValueError, yaml.YAMLError, OSError) as error:
        fault = f"{naming.ALERTMANAGER}: {str(error).partition(chr(10))[0]}"
    else:
        if not isinstance(content, dict):
            fault = f"{naming.ALERTMANAGER} is empty"
    if fault:
        return (lambda _: [Finding(routing.SUBJECT, "can be read", fault)],)
    return partial(_routes, scope, place, content, tools.amtool), partial(_muting, scope, content, tools, folder)


def _routes(scope: Scope, place: Path, content: Any, tool: Path, done: Done) -> list[Finding | Proven]:
    asked = tuple(routing.questions(scope.bundle, scope.alerts))
    if scope.everything:
        asked += tuple(routing.of_platform(scope.bundle))
    found = [*routing.findings(tool, place, asked, content)]
    done(1)
    return [*found, *(Proven(question.subject, question.case) for question in asked)]


def _muting(scope: Scope, content: Any, tools: Generation, folder: Path, done: Done) -> list[Finding | Proven]:
    pairs = tuple(inhibition.pairs(scope.bundle, scope.alerts))
    found = [*inhibition.findings(tools.alertmanager, content, pairs, folder)] if pairs else []
    done(1)
    return [*found, *(Proven(pair.subject, pair.case) for pair in pairs)]


def _unproven(scope: Scope) -> Iterable[Finding]:
    """Refuse a proof without a case, and an alert without a proof: nothing that runs no check proves anything."""
    for proof in scope.proofs:
        if not proof.cases:
            yield Finding(proof.subject, proof.name, "runs no case")
    with_proof = {proof.subject for proof in scope.proofs}
    for alert in scope.alerts:
        if alert.id not in with_proof:
            yield Finding(alert.id, "is proven", "has no proof")
    if not scope.proofs:
        yield Finding(routing.SUBJECT, "is proven", "nothing was proven")
