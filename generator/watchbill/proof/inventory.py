"""Check the files of a tree against its specs: every rule once, no other rule, every test as it was written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

from watchbill.model.bundle import Bundle
from watchbill.model.proof import Proof
from watchbill.outputs import prometheus
from watchbill.outputs.promtests import written
from watchbill.proof.emitted import Emitted, load
from watchbill.proof.finding import Finding

RULE, TEST = "stands in the rules", "has its tests"


def rules(bundle: Bundle, emitted: Emitted) -> Iterator[Finding]:
    """Find alerts that are missing, doubled, unknown, or in a file that cannot be read."""
    wanted: Counter[tuple[str, str]] = Counter()
    owners: dict[tuple[str, str], str] = {}
    for file, alert in prometheus.places(bundle):
        key = (file, alert.name)
        wanted[key] += 1
        owners[key] = alert.id
    there = Counter((rule.file, rule.alert) for rule in emitted.rules if rule.alert)
    for file, name in sorted(wanted | there):
        found, expected = there[file, name], wanted[file, name]
        if found == expected:
            continue
        subject = owners.get((file, name), name)
        if file in emitted.unreadable:
            text = f"{file} cannot be read: {emitted.unreadable[file]}"
        elif not expected:
            text = f"alert {name} of {file} is in no spec"
        else:
            text = f"{file} holds {_rules(found)} of it, and the specs give {expected}"
        yield Finding(subject, RULE, text)


def _rules(number: int) -> str:
    return "no rule" if not number else f"{number} rule{'' if number == 1 else 's'}"


def tests(proofs: Sequence[Proof], out: Path, *, others: bool) -> Iterator[Finding]:
    """Find tests that are missing or changed, or (`others`) in no spec: promtool would prove something else by them."""
    ordered = sorted(proofs, key=lambda proof: proof.file)
    for file, group in groupby(ordered, key=lambda proof: proof.file):
        found = list(group)
        try:
            content = load(out / file)
        except FileNotFoundError:
            yield from _each(found, f"{file} is gone")
        except (ValueError, yaml.YAMLError, OSError) as error:
            yield from _each(found, f"{file} cannot be read: {str(error).partition(chr(10))[0]}")
        else:
            yield from _compare(file, found, content, others=others)


def _each(proofs: Iterable[Proof], text: str) -> Iterator[Finding]:
    for subject in sorted({proof.subject for proof in proofs}):
        yield Finding(subject, TEST, text)


def _compare(file: str, proofs: list[Proof], content: Any, *, others: bool) -> Iterator[Finding]:
    wanted: dict[str, Any] = dict(written(proofs))
    found = content if isinstance(content, dict) else {}
    heads = [{key: value for key, value in side.items() if key != "tests"} for side in (wanted, found)]
    if heads[0] != heads[1]:
        yield from _each(proofs, f"{file} loads other rules, or evaluates them at other times")
    tests_ = found.get("tests")
    by_name = {test.get("name"): test for test in tests_ if isinstance(test, dict)} if isinstance(tests_, list) else {}
    for proof, test in zip(proofs, wanted["tests"], strict=True):
        there = by_name.pop(test["name"], None)
        if there is None:
            yield Finding(proof.subject, TEST, f'{file} lacks its test "{proof.name}"')
        elif there != test:
            yield Finding(proof.subject, TEST, f'its test "{proof.name}" in {file} was changed')
    for name in by_name if others else ():
        yield Finding(str(name).partition(" ")[0], TEST, f'test "{name}" of {file} is in no spec')
