"""Tell what became of mutants: sentences for people, objects for scripts."""

from __future__ import annotations

from collections import Counter
from typing import Any

from watchbill.proof.mutants.score import Score


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
