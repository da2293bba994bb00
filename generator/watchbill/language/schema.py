"""JSON Schema of what authors may write, for editors."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any, get_args

from pydantic.json_schema import models_json_schema

from watchbill.errors import UsageError, choose
from watchbill.language.base import Authored
from watchbill.spec.alert import AlertSpec, alert_models
from watchbill.spec.drill import DrillSpec
from watchbill.spec.pack import PackSpec
from watchbill.spec.panel import PanelSpec, panel_models
from watchbill.spec.platform import PlatformSpec
from watchbill.spec.profile import ProfileSpec
from watchbill.spec.service import ServiceSpec
from watchbill.spec.slo import SloSpec, slo_models

DOCUMENTS: dict[str, type[Authored]] = {
    "drill": DrillSpec,
    "pack": PackSpec,
    "platform": PlatformSpec,
    "profile": ProfileSpec,
    "service": ServiceSpec,
}
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(name: str) -> dict[str, Any]:
    """Build the schema of a kind of document; raises `UsageError` for an unknown kind."""
    model = DOCUMENTS.get(name)
    if model is None:
        raise UsageError(f'there is no kind of document called "{name}"; {choose(name, DOCUMENTS)}')
    models: list[tuple[type[Authored], Any]] = [(model, "validation")]
    joined: dict[type[Authored], dict[str, type[Any]]] = {
        AlertSpec: {**alert_models()},
        PanelSpec: {**panel_models()},
        SloSpec: {**slo_models()},
    }
    models += [(kind, "validation") for kinds in joined.values() for kind in kinds.values()]
    keys, built = models_json_schema(models, by_alias=True, ref_template="#/$defs/{model}")
    definitions = built["$defs"]
    for base, kinds in joined.items():
        if base.__name__ in definitions:
            chosen = {name: keys[kind, "validation"] for name, kind in kinds.items()}
            definitions[base.__name__] = _one_of(chosen)
    _deprecate(definitions, (kind for kind, _ in models))
    _close(definitions)
    root = definitions.pop(model.__name__)
    used = _reachable(root, definitions)
    return {"$schema": DIALECT, "title": f"watchbill {name}", **_tidy({**root, "$defs": used})}


def _one_of(kinds: dict[str, Any]) -> dict[str, Any]:
    """Choose a schema by its kind, so that an editor completes just the keys of that kind."""
    return {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": list(kinds)}},
        "allOf": [
            {"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": reference}
            for kind, reference in kinds.items()
        ],
    }


def _deprecate(definitions: dict[str, Any], models: Iterable[type[Authored]]) -> None:
    """Let editors know a key's former name, and cross it out."""
    pending, seen = list(models), set[type[Authored]]()
    while pending:
        model = pending.pop()
        if model in seen:
            continue
        seen.add(model)
        pending += [part for field in model.model_fields.values() for part in _models_in(field.annotation)]
        properties = definitions.get(model.__name__, {}).get("properties", {})
        for former, present in ((old, new) for old, new in model.former().items() if new in properties):
            properties[former] = {**properties[present], "deprecated": True, "description": f'write "{present}"'}


def _models_in(annotation: Any) -> Iterable[type[Authored]]:
    """Find the models of a field's annotation, however deep it is nested."""
    if isinstance(annotation, type) and issubclass(annotation, Authored):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _close(definitions: dict[str, Any]) -> None:
    """Refuse unknown keys, as the compiler does."""
    for definition in definitions.values():
        if definition.get("type") == "object" and "allOf" not in definition:
            definition.setdefault("additionalProperties", False)


def _tidy(node: Any) -> Any:
    """Drop what says nothing to an author: nulls, which specs never hold, made-up titles, and defaults of null."""
    if isinstance(node, list):
        return [_tidy(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    if "anyOf" in node:
        choices = [entry for entry in node["anyOf"] if entry != {"type": "null"}]
        node = {**node, "anyOf": choices}
        if len(choices) == 1:
            node = {**choices[0], **{key: value for key, value in node.items() if key != "anyOf"}}
    kept = {key: value for key, value in node.items() if not (key == "default" and value is None)}
    if isinstance(kept.get("title"), str):
        del kept["title"]
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    return {key: _tidy(value) for key, value in kept.items()}


def _reachable(root: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    pending: list[Any] = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            name = str(node.get("$ref", "")).removeprefix("#/$defs/")
            if name in definitions and name not in found:
                found[name] = definitions[name]
                pending.append(definitions[name])
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return dict(sorted(found.items()))


@cache
def render() -> dict[str, str]:
    """Render the schemas that the specs' first lines name."""
    return {f"schema/{name}.json": text(name) for name in DOCUMENTS}


def text(name: str) -> str:
    """Write a schema."""
    return json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"
