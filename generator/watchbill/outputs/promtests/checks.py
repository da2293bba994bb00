"""Checks of recorded numbers: a tenth of a percent at most from the truth, with exactly the right labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Context, Decimal

from watchbill import naming
from watchbill.model.proof import Input, Proof, SampleCheck
from watchbill.model.slo import Slo
from watchbill.outputs.promtests import notation
from watchbill.outputs.promtests.clock import Clock
from watchbill.promql import Matcher, selector
from watchbill.quantity import Duration, decimal_text

CLOSE = "0.001"
NOTHING = "0.000000001"
FLOAT = Context(prec=15)
MINUTE_MS = 60_000
LOUD = Decimal(7777)

Labels = Mapping[str, str]


def select(name: str, labels: Labels) -> str:
    """Select one recorded series by all of its labels."""
    return selector(name, (Matcher(label, "=", value) for label, value in labels.items()))


def close(case: str, expr: str, labels: Labels, value: Decimal, at: int) -> SampleCheck:
    """Check an expression against a number, at a minute; `labels` are those of its result."""
    if value:
        checked = f"abs({expr} / {decimal_text(FLOAT.plus(value))} - 1) < bool {CLOSE}"
    else:
        checked = f"abs({expr}) < bool {NOTHING}"
    return SampleCheck(case, Duration(at * MINUTE_MS), checked, ((notation.series("", labels), Decimal(1)),))


def sound(case: str, slo: Slo, at: int) -> SampleCheck:
    """Ask whether any of an objective's series is NaN or infinite; sums of such are so too."""
    own = ",".join(str(Matcher(label, "=", value)) for label, value in slo.labels)
    each = f'sum by (__name__) ({{__name__=~"slo:.+",{own}}})'
    expr = f"count({each}) - count({each} > -Inf < Inf)"
    return SampleCheck(case, Duration(at * MINUTE_MS), expr, (("{}", Decimal(0)),))


def of_others(slo: Slo, names: Iterable[str], place: Labels, *, before: int, samples: int) -> Iterator[Input]:
    """Record the same of an objective of another service, name or definition; none of it is this one's."""
    own = dict(slo.labels)
    for label, value in own.items():
        for name in names:
            labels = {**own, **place, label: f"{value}-of-others"}
            gap = f"_x{before} " if before else ""
            yield Input(notation.series(name, labels), gap + notation.stretch(LOUD, Decimal(0), samples))


def recordings_proof(
    slo: Slo, name: str, clock: Clock, *, inputs: tuple[Input, ...], samples: tuple[SampleCheck, ...]
) -> Proof:
    """Put a test of an objective's recordings into the file of its steps."""
    return Proof(
        subject=slo.id,
        name=name,
        file=naming.test_file(slo.service, f"{naming.slo_area(slo.name)}.recordings", str(clock.evaluation)),
        rule_files=tuple(naming.slo_rule_file(slo.service, slo.name, part) for part in ("events", "windows")),
        alert="",
        groups=tuple(naming.slo_group(slo.service, slo.name, group.part) for group in slo.groups),
        interval=clock.sample,
        evaluation=clock.evaluation,
        inputs=inputs,
        samples=samples,
    )
