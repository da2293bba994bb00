"""Read the rules of an emitted tree as they stand, whoever wrote them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from watchbill.model.proof import Proof

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C extension is optional
RULES, TESTS = "prometheus/rules", "prometheus/tests"

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EmittedRule:
    """One rule with its place: the file below the tree, and its group."""

    file: str
    group: str
    content: Content

    @property
    def alert(self) -> str:
        """The alert's name; empty for a recording."""
        return str(self.content.get("alert", ""))


@dataclass(frozen=True, slots=True)
class Emitted:
    """The rules of a tree in their order; `unreadable` says of a file why it cannot be read."""

    rules: tuple[EmittedRule, ...]
    unreadable: Mapping[str, str]

    def needed(self, proof: Proof) -> tuple[EmittedRule, ...]:
        """List the rules that a proof speaks of: an alert's, or those of its groups."""
        return tuple(
            rule
            for rule in self.rules
            if rule.file in proof.rule_files
            and (rule.alert == proof.alert if proof.alert else rule.group in proof.groups)
        )


def document(rules: Iterable[EmittedRule], order: Sequence[str] = ()) -> dict[str, Any]:
    """Write rules as a file of their own, in their groups."""
    groups: dict[str, list[Content]] = {group: [] for group in order}
    for rule in rules:
        groups.setdefault(rule.group, []).append(rule.content)
    return {"groups": [{"name": name, "rules": content} for name, content in groups.items()]}


def read_rules(out: Path, *, only: Container[str] | None = None) -> Emitted:
    """Read the rule files of a tree, or those that `only` holds."""
    found: list[EmittedRule] = []
    unreadable: dict[str, str] = {}
    for path in sorted((out / RULES).glob("*.yml")):
        file = f"{RULES}/{path.name}"
        if only is not None and file not in only:
            continue
        try:
            found += _rules(file, load(path))
        except (ValueError, yaml.YAMLError, OSError) as error:
            unreadable[file] = str(error).partition("\n")[0]
    return Emitted(tuple(found), unreadable)


def load(path: Path) -> Any:
    """Read a YAML file; raises `yaml.YAMLError`, `ValueError` or `OSError`."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 (a safe loader)


def _rules(file: str, content: Any) -> Iterator[EmittedRule]:
    groups = content.get("groups") if isinstance(content, dict) else None
    for group in groups if isinstance(groups, list) else []:
        rules = group.get("rules") if isinstance(group, dict) else None
        for rule in rules if isinstance(rules, list) else []:
            if not isinstance(rule, dict):
                raise yaml.YAMLError("a rule is not a mapping")
            yield EmittedRule(file, str(group.get("name", "")), rule)
