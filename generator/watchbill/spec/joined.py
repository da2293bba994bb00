"""Read a flat mapping whose keys are those of its role (an alert, an objective) and of its kind (ADR 0004)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationInfo, create_model

from watchbill.errors import choose
from watchbill.language.base import Authored, collector, problem
from watchbill.language.kinds import Statement
from watchbill.source import Map, span_of

Role = TypeVar("Role", bound=Authored)


def join(role: type[Role], kinds: Mapping[str, type[Statement]], suffix: str) -> dict[str, type[Role]]:
    """Join a role's fields with each kind's."""
    models: dict[str, type[Role]] = {}
    for name, kind in kinds.items():
        bases: Any = (role, kind)
        models[name] = create_model(f"{kind.__name__}{suffix}", __base__=bases, __doc__=kind.__doc__)
    return models


def read_joined(data: Any, models: Mapping[str, type[Role]], info: ValidationInfo, *, noun: str, of: str) -> Any:
    """Validate a mapping by the model of its kind, so that every fault keeps its line.

    `noun` is what it is ("an alert"), `of` what its kind is of ("condition").
    """
    if not isinstance(data, Map):
        raise problem("spec/wrong-type", f"{noun} is a mapping", "write its keys below its name")
    kind = data.get("kind")
    if kind is None:
        what = f"the {noun.partition(' ')[2]} does not say what kind of {of} it has"
        raise problem("spec/missing-key", what, f'add "kind: …": {", ".join(sorted(models))}')
    if not isinstance(kind, str) or kind not in models:
        collector(info).add(
            span_of(data, ["kind"]), "spec/unknown-kind", f'kind "{kind}" is unknown', choose(str(kind), models)
        )
        return None
    return models[kind].model_validate(data, context=info.context)
