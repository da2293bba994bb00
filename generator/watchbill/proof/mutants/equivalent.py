"""Mutants that change nothing that anybody could see, each argued: they are no failure of the proofs."""

from __future__ import annotations

from watchbill.promql import selections
from watchbill.proof.mutants.expressions import JOINED, NULLIFIED, ONLY_WHERE
from watchbill.proof.mutants.rules import RuleMutant


def argument(mutant: RuleMutant) -> str | None:
    """Argue why a mutant is the same rule in other words; None where it is not."""
    return next(filter(None, (argue(mutant) for argue in ARGUMENTS)), None)


def _joined(mutant: RuleMutant) -> str | None:
    if mutant.what.endswith(JOINED):
        return "both operands are joined by that label, and the other one still asks for its value"
    return None


def _only_where(mutant: RuleMutant) -> str | None:
    if mutant.what.endswith(ONLY_WHERE):
        return "what stands right of `and` says for which labels there is a series, whatever its value"
    return None


def _nullified(mutant: RuleMutant) -> str | None:
    if mutant.what.endswith(NULLIFIED):
        return "times zero, it says where there are events, and what it is divided by asks that again"
    return None


def _single(mutant: RuleMutant) -> str | None:
    if mutant.what == "max to min" and "BudgetBurn" in mutant.subject:
        return "of each group there is one recorded series, which is its own highest and lowest"
    return None


def _carried(mutant: RuleMutant) -> str | None:
    """Argue that what is made of recorded series carries their labels, which the rule says a second time."""
    expr, label = str(mutant.rule.content["expr"]), _dropped_label(mutant)
    read = selections(expr)
    carries = all(any(m.label == label and m.op == "=" for m in selection.matchers) for selection in read)
    if label and mutant.record and read and carries and " by " not in expr:
        return "all series that are read carry this label with this value, and the expression keeps it"
    return None


def _placed(mutant: RuleMutant) -> str | None:
    """Argue that an absence, which is asked for by place, has the place from its rule and from its series."""
    labels, by_place = mutant.rule.content.get("labels", {}), "by (cluster, env)" in mutant.content["expr"]
    for label in ("cluster", "env"):
        if mutant.what == f"label {label} dropped from by" and label in labels:
            return "the rule itself writes this label with the same value"
        if mutant.what == f"label {label} dropped" and label in labels and by_place:
            return "the series has this label with the same value"
    return None


def _absent(mutant: RuleMutant) -> str | None:
    expr = str(mutant.rule.content["expr"])
    if mutant.what == "max to min" and "absent(" in expr and " - " not in expr:
        return "absent gives 1 or nothing, and all aggregations of ones are 1"
    return None


def _dropped_label(mutant: RuleMutant) -> str:
    word, _, rest = mutant.what.partition(" ")
    label, _, dropped = rest.partition(" ")
    return label if word == "label" and dropped == "dropped" else ""


ARGUMENTS = (_joined, _only_where, _nullified, _single, _carried, _placed, _absent)
