"""Run proofs with promtool: each on the rules that it speaks of and no others, on all cores."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from os import sched_getaffinity
from pathlib import Path
from typing import Any

from watchbill.errors import ToolError
from watchbill.model.proof import AlertCheck, Proof, SampleCheck
from watchbill.outputs.promtests import written
from watchbill.proof import wording
from watchbill.proof.emitted import Emitted, document
from watchbill.verify import promtool

BATCH = 6  # files in one process, which takes 30 ms to start
_RESULT = re.compile(r"^  (?=SUCCESS|FAILED:)", re.MULTILINE)  # of each file, in their order; promtool 3 names no file
# Which file is next: "Unit Testing" of promtool 2, "Processing test file" of 3.16; part of no result.
_NEXT_FILE = re.compile(r"^(?:Unit Testing|Processing test file): .*$", re.MULTILINE)
_AT = re.compile(r"^ {4}(?:alertname: (?P<alert>[^,]+)|expr: (?P<expr>\".*\")), time: (?P<at>[^,]+),", re.MULTILINE)
_NAME = re.compile(r"^ {4}name: .*,\n", re.MULTILINE)

Done = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Job:
    """A test file with rules of its own."""

    name: str
    rules: Mapping[str, Any]
    tests: Mapping[str, Any]
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that did not hold: what was expected, and what promtool got."""

    proof: Proof
    case: str
    text: str


def plan(proofs: Iterable[Proof], emitted: Emitted) -> tuple[Job, ...]:
    """Put the proofs of each alert and objective that share their steps into a job, the longest first."""
    jobs = []
    for number, (_, group) in enumerate(groupby(sorted(proofs, key=_shared), key=_shared)):
        found = tuple(group)
        jobs.append(job(f"{number:05}", found, document(emitted.needed(found[0]), found[0].groups)))
    return tuple(sorted(jobs, key=cost, reverse=True))


def number_of_jobs(proofs: Iterable[Proof]) -> int:
    """Count the jobs that `plan` would make."""
    return len({_shared(proof) for proof in proofs})


def _shared(proof: Proof) -> tuple[str, str]:
    return proof.subject, proof.file


def job(name: str, proofs: tuple[Proof, ...], rules: Mapping[str, Any]) -> Job:
    """Write the tests of proofs that share their rules."""
    tests = {**written(list(proofs)), "rule_files": [f"{name}.rules.yml"]}
    return Job(name, rules, tests, proofs)


def cost(job_: Job) -> int:
    """Guess how long a job takes, in evaluations of all of its rules."""
    rules = sum(len(group["rules"]) for group in job_.rules["groups"])
    steps = sum(_last(proof) // proof.evaluation.milliseconds for proof in job_.proofs)
    return int(rules * steps)


def _last(proof: Proof) -> int:
    times = [check.at.milliseconds for check in proof.alerts] + [check.at.milliseconds for check in proof.samples]
    return max(times, default=0)


def cores() -> int:
    """Count the cores that this process may use."""
    return len(sched_getaffinity(0))


def run(tool: Path, jobs: Sequence[Job], folder: Path, done: Done, *, batch: int = BATCH) -> dict[str, str]:
    """Run jobs; gives what promtool says of each that fails, by name. `done` is told how many are over."""
    for job_ in jobs:
        (folder / f"{job_.name}.rules.yml").write_text(json.dumps(job_.rules), encoding="utf-8")
        (folder / f"{job_.name}.test.yml").write_text(json.dumps(job_.tests), encoding="utf-8")
    batches = [jobs[start : start + batch] for start in range(0, len(jobs), batch)]

    def run_batch(some: Sequence[Job]) -> dict[str, str]:
        said = promtool.say(tool, ["test", "rules", *(str(folder / f"{job_.name}.test.yml") for job_ in some)])
        done(len(some))
        return _said(said, some)

    with ThreadPoolExecutor(cores()) as pool:
        return {name: text for found in pool.map(run_batch, batches) for name, text in found.items()}


def _said(text: str, batch: Sequence[Job]) -> dict[str, str]:
    """Tell from promtool's words which files failed; fewer results than files mean that it broke."""
    _, *notified = _RESULT.split(_NEXT_FILE.sub("", text))
    if len(notified) != len(batch):
        raise ToolError(f"promtool ran {len(notified)} of {len(batch)} test files: {text.strip()[:300]}")
    return {job_.name: said for job_, said in zip(batch, notified, strict=True) if not said.startswith("SUCCESS")}


def failures(job_: Job, said: str) -> tuple[Failure, ...]:
    """Say which checks of a job failed, by the times that promtool names."""
    text = _NAME.sub("", said)
    found = list(_AT.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)] if found else []
    failed = []
    for match, end in zip(found, ends, strict=True):
        said_ = " ".join(text[match.end() : end].split())
        proof, case = _whose(job_, match)
        if match["expr"]:
            words = wording.of_samples(match["at"], json.loads(match["expr"]), said_)
        else:
            words = wording.of_alert(match["at"], said_)
        failed.append(Failure(proof, case, words))
    return tuple(failed) or (Failure(job_.proofs[0], "runs at all", " ".join(said.split())),)


def _whose(job_: Job, match: re.Match[str]) -> tuple[Proof, str]:
    wanted = json.loads(match["expr"]) if match["expr"] else match["alert"]
    for proof in job_.proofs:
        checks: Sequence[AlertCheck | SampleCheck] = (*proof.alerts, *proof.samples)
        for check in checks:
            said = check.alert if isinstance(check, AlertCheck) else check.expr
            if said == wanted and str(check.at) == match["at"]:
                return proof, check.case
    return job_.proofs[0], "any case"
