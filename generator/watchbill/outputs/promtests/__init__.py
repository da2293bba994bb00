"""promtool tests: every alert and every objective, proven by files that promtool runs without us.

Read by: promtool (`test rules`), without watchbill.

Checked by: `watchbill prove`; with `--mutants` it breaks rules on purpose, and the tests must notice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import PurePosixPath

from watchbill.model.bundle import Bundle, Service
from watchbill.model.proof import AlertCheck, Proof, SampleCheck
from watchbill.outputs.promtests import alerts, burns, recordings
from watchbill.outputs.promtests.clock import clock
from watchbill.words.yamltext import Plain, dump

__all__ = ["clock", "names_of_cases", "proofs", "render", "tested", "written"]


def proofs(service: Service, *, only: str | None = None) -> tuple[Proof, ...]:
    """List the proofs of a service: those of its alerts, in their order, and those of its objectives.

    With `only` those of one alert or objective, by id.
    """
    slos = {slo.name: slo for slo in service.slos}
    found: list[Proof] = []
    for alert in service.alerts:
        if only in {None, alert.id}:
            found += alerts.proofs(alert, service)
            found += burns.proofs(alert, slos[alert.slo], service) if alert.kind == "burn_rate" else ()
    for slo in service.slos:
        if only in {None, slo.id}:
            found += recordings.proofs(slo, service)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Tested:
    """The test files of a bundle, the cases of each alert and objective by id, and how many tests there are."""

    files: Mapping[str, str]
    cases: Mapping[str, list[str]]
    tests: int


def tested(bundle: Bundle) -> Tested:
    """Write a test file for each area and step of each service; several targets ask for it, one after the other."""
    return _tested(_Same(bundle))


def render(bundle: Bundle) -> dict[str, str]:
    """Render the test files."""
    return dict(tested(bundle).files)


class _Same:
    """A bundle as itself, which is not compared by what it holds."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.bundle is other.bundle

    def __hash__(self) -> int:
        return id(self.bundle)


@lru_cache(maxsize=1)
def _tested(same: _Same) -> Tested:
    files: dict[str, str] = {}
    cases: dict[str, list[str]] = {}
    tests = 0
    for service in same.bundle.services:
        ordered = sorted(proofs(service), key=lambda proof: proof.file)
        cases |= names_of_cases(ordered)
        tests += len(ordered)
        for file, of_file in groupby(ordered, key=lambda proof: proof.file):
            files[file] = dump(written(list(of_file)), source=service.origin.document)
    return Tested(files, cases, tests)


def written(of_file: list[Proof], folder: str = "../rules") -> dict[str, Plain]:
    """Write proofs that share their rules and their steps as one document; rules lie in `folder`."""
    first = of_file[0]
    groups = list(dict.fromkeys(group for proof in of_file for group in proof.groups))
    return {
        "rule_files": [f"{folder}/{PurePosixPath(file).name}" for file in first.rule_files],
        "evaluation_interval": str(first.evaluation),
        **({"group_eval_order": groups} if groups else {}),  # else promtool takes them in any order
        "tests": [_test(proof) for proof in of_file],
    }


def _test(proof: Proof) -> Plain:
    test: dict[str, Plain] = {
        "name": f"{proof.subject} {proof.name}",
        "interval": str(proof.interval),
        "input_series": [{"series": entry.series, "values": entry.values} for entry in proof.inputs],
    }
    if proof.alerts:
        test["alert_rule_test"] = [_alert_check(check) for check in proof.alerts]
    if proof.samples:
        test["promql_expr_test"] = [_sample_check(check) for check in proof.samples]
    return test


def _without_name(labels: Mapping[str, str]) -> dict[str, str]:
    """Leave out what promtool adds by itself, since it asks for the alerts of one name."""
    return {label: value for label, value in labels.items() if label != "alertname"}


def _alert_check(check: AlertCheck) -> Plain:
    written_: dict[str, Plain] = {"eval_time": str(check.at), "alertname": check.alert}
    if check.fired:
        written_["exp_alerts"] = [
            {"exp_labels": _without_name(fired.labels), "exp_annotations": dict(fired.annotations)}
            for fired in check.fired
        ]
    return written_


def _sample_check(check: SampleCheck) -> Plain:
    samples: list[Plain] = [{"labels": labels, "value": int(value)} for labels, value in check.samples]
    return {"expr": check.expr, "eval_time": str(check.at), **({"exp_samples": samples} if samples else {})}


def names_of_cases(found: Iterable[Proof]) -> dict[str, list[str]]:
    """Name the cases of each alert and objective, by id, sorted."""
    names: dict[str, set[str]] = {}
    for proof in found:
        names.setdefault(proof.subject, set()).update(proof.cases)
    return {subject: sorted(cases) for subject, cases in names.items()}
