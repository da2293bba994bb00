"""Run mutants: in rounds, likeliest killer first, on all cores; what no proof finds has survived."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from watchbill.proof import promtests
from watchbill.proof.mutants.rules import Court, RuleMutant
from watchbill.proof.promtests import Job

AT_ONCE = 240  # their files lie side by side for as long as they run
BATCH = 20  # files in one process
Done = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class _Trial:
    """A mutant, and the rounds of jobs that are still to come."""

    mutant: RuleMutant
    rounds: tuple[tuple[Job, ...], ...]


def survivors(tool: Path, mutants: Sequence[RuleMutant], court: Court, done: Done) -> list[RuleMutant]:
    """Run the proofs of each mutant until one fails; gives those that none found."""
    left: list[RuleMutant] = []
    for start in range(0, len(mutants), AT_ONCE):
        some = mutants[start : start + AT_ONCE]
        trials = [_Trial(mutant, court.jobs(f"{number:04}", mutant)) for number, mutant in enumerate(some)]
        over: list[_Trial] = []
        while trials:
            over += [trial for trial in trials if not trial.rounds]
            trials = _next_round(tool, [trial for trial in trials if trial.rounds])
        left += [trial.mutant for trial in over]
        done(len(some))
    return left


def _next_round(tool: Path, trials: Sequence[_Trial]) -> list[_Trial]:
    """Run the next jobs of all trials at once; what was found is out."""
    jobs = [job for trial in trials for job in trial.rounds[0]]
    with tempfile.TemporaryDirectory(prefix="watchbill-") as folder:
        failed = promtests.run(tool, jobs, Path(folder), lambda _: None, batch=BATCH)
    return [
        _Trial(trial.mutant, trial.rounds[1:])
        for trial in trials
        if not any(job.name in failed for job in trial.rounds[0])
    ]
