"""Score the proofs by mutants of rules, routes and inhibition, and list what survived."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchbill import naming
from watchbill.model.bundle import Bundle
from watchbill.proof import inhibition, routing
from watchbill.proof.emitted import load, read_rules
from watchbill.proof.mutants import routes, rules
from watchbill.proof.mutants.equivalent import argument
from watchbill.proof.mutants.routes import ConfigMutant
from watchbill.proof.mutants.rules import Court, RuleMutant
from watchbill.proof.mutants.run import survivors
from watchbill.proof.run import Scope
from watchbill.tools import Generation

BAR = 0.97
Mutant = RuleMutant | ConfigMutant
Done = Callable[[int], None]
Track = Callable[[str, int], Done]


@dataclass(frozen=True, slots=True)
class Score:
    """How many mutants were run, what survived, and of which survivors it is argued that they change nothing."""

    run: int
    survivors: tuple[str, ...]
    argued: tuple[tuple[str, str], ...]

    @property
    def share(self) -> float:
        """The share that was found, of those that change anything; 0 to 1."""
        counted = self.run - len(self.argued)
        return 1 - len(self.survivors) / counted if counted else 0.0


def score(scope: Scope, out: Path, tools: Generation, track: Track, *, number: int | None, seed: int) -> Score:
    """Run a seeded sample of the mutants of a tree, or all of them."""
    bundle, emitted = scope.bundle, read_rules(out)
    content: Any = load(out / naming.ALERTMANAGER)
    of_rules = [m for m in rules.every_mutant(bundle, emitted) if scope.everything or m.subject in _subjects(scope)]
    every: list[Mutant] = [*of_rules, *(routes.every_mutant(content) if scope.everything else ())]
    chosen = sample(every, number, seed)
    some = [mutant for mutant in chosen if isinstance(mutant, RuleMutant)]
    left: list[Mutant] = [
        *survivors(tools.promtool, some, Court(scope.proofs, emitted), track("mutants of rules", len(some))),
        *_of_config([m for m in chosen if isinstance(m, ConfigMutant)], scope, content, tools, track),
    ]
    reasons = [(str(mutant), _argued(mutant, bundle)) for mutant in left]
    argued = tuple((name, reason) for name, reason in reasons if reason)
    return Score(len(chosen), tuple(name for name, reason in reasons if not reason), argued)


def sample(mutants: Sequence[Mutant], number: int | None, seed: int) -> list[Mutant]:
    """Choose some, the same for the same seed, in their order; None is all of them."""
    if number is None or number >= len(mutants):
        return list(mutants)
    chosen = random.Random(seed).sample(range(len(mutants)), number)  # noqa: S311 (no secret: the same every time)
    return [mutants[index] for index in sorted(chosen)]


def _of_config(
    mutants: Sequence[ConfigMutant], scope: Scope, content: Any, tools: Generation, track: Track
) -> list[Mutant]:
    bundle = scope.bundle
    of_routes = [mutant for mutant in mutants if not mutant.inhibits]
    of_inhibition = [mutant for mutant in mutants if mutant.inhibits]
    left: list[Mutant] = []
    if of_routes:
        asked = (*routing.questions(bundle, bundle.alerts), *routing.of_platform(bundle))
        done = track("mutants of routes", len(of_routes))
        left += routes.route_survivors(tools.amtool, of_routes, asked, content, done)
    if of_inhibition:
        pairs = inhibition.pairs(bundle, bundle.alerts)
        done = track("mutants of inhibition", len(of_inhibition))
        left += routes.inhibition_survivors(tools.alertmanager, of_inhibition, pairs, content, done)
    return left


def _argued(mutant: Mutant, bundle: Bundle) -> str | None:
    return argument(mutant) if isinstance(mutant, RuleMutant) else routes.argument(mutant, bundle)


def _subjects(scope: Scope) -> set[str]:
    return {proof.subject for proof in scope.proofs}


def text(found: Score, bar: float) -> str:
    """List what survived, and what it is argued of; then the score."""
    lines = [f"survived: {name}" for name in found.survivors]
    reasons = Counter(reason for _, reason in found.argued)
    lines += [f"changes nothing, {number} times: {reason}" for reason, number in reasons.most_common()]
    counted = found.run - len(found.argued)
    killed = counted - len(found.survivors)
    share = f"{found.share:.1%} ({bar:.0%} at least)"
    lines.append(f"{killed} of {counted} mutants found, {share}; {len(found.argued)} more change nothing")
    return "\n".join(lines)


def as_json(found: Score, bar: float) -> dict[str, Any]:
    """Turn a score into plain values."""
    argued = [{"mutant": name, "reason": reason} for name, reason in found.argued]
    return {"run": found.run, "share": found.share, "bar": bar, "survivors": list(found.survivors), "argued": argued}
