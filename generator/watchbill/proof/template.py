"""Write the frame of the test series that an alert of kind promql must bring."""

from __future__ import annotations

from watchbill.errors import UsageError
from watchbill.naming import RESERVED_LABELS, TARGET_LABELS
from watchbill.promql import PromQLError, literals, selections

FILL_IN = "FILL-IN"  # no pattern and no number, so that the frame is refused until a person has thought about it


def template(expr: str) -> str:
    """Write an `example:` with a series for each selector; raises `UsageError` where this is not PromQL."""
    try:
        found = dict.fromkeys(selections(expr))
    except PromQLError as error:
        raise UsageError(f"this is not PromQL: {error}") from None
    lines = [
        "example:",
        f"  value: {FILL_IN}    # what the expression gives while it is past the limit",
        "  labels: {}        # of the alert, beside the target's, where an aggregation keeps more",
        "  history: 10m      # healthy, before the expression can be evaluated",
        "  settles: 10m      # until the fault is seen wholly",
        "  clears: 10m       # until the end of the fault is seen",
        "  series:           # a gauge's level (5), a counter's increase (+2.5/s), both (5+0.1/s), or gone",
    ]
    reserved = RESERVED_LABELS | set(TARGET_LABELS) | {"job"}
    for selection in found:
        own = {m.label: literals(m)[0] for m in selection.matchers if not m.op.startswith("!")}
        labels = ", ".join(f'{label}: "{value}"' for label, value in own.items() if label not in reserved)
        lines.append(f"    - metric: {selection.metric or FILL_IN}")
        lines += [f"      labels: {{{labels}}}"] if labels else []
        lines += [f"      {phase}: {FILL_IN}" for phase in ("healthy", "just_below", "firing")]
    return "\n".join(lines)
