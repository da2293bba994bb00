from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from watchbill import library
from watchbill.conditions import kinds
from watchbill.errors import UsageError
from watchbill.language import schema
from watchbill.source import Document, read_tree

ROOT = Path(__file__).parents[3]
KINDS = {"platform.yaml": "platform", "services": "service", "profiles": "profile", "packs": "pack", "drills": "drill"}


def plain(value: object) -> Any:
    match value:
        case dict():
            return {key: plain(entry) for key, entry in value.items()}
        case list():
            return [plain(entry) for entry in value]
        case Decimal():
            return float(value)
    return value


def shipped() -> list[tuple[str, Document]]:
    documents = [*read_tree(ROOT / "specs"), *library.documents("profiles"), *library.documents("packs")]
    found = []
    for document in documents:
        part = next(part for part in reversed(document.pointer.split("/")) if part in KINDS)
        found.append((KINDS[part], document))
    return found


@cache
def built(kind: str) -> dict[str, Any]:
    return schema.schema(kind)


def validator(kind: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(built(kind))


SHIPPED = shipped()


@pytest.mark.parametrize(("kind", "document"), [pytest.param(*entry, id=entry[1].pointer) for entry in SHIPPED])
def test_shipped_specs_fit_the_schema_that_editors_use(kind: str, document: Document) -> None:
    validator(kind).validate(plain(document.data))


OURS = [entry for entry in SHIPPED if entry[1].pointer.startswith("watchbill/") or "core-api" in entry[1].pointer]


@pytest.mark.parametrize(("kind", "document"), [pytest.param(*entry, id=entry[1].pointer) for entry in OURS])
def test_shipped_specs_name_their_schema_in_the_first_line(kind: str, document: Document) -> None:
    assert document.text.splitlines()[0].startswith("# yaml-language-server: $schema=../")
    assert document.text.splitlines()[0].endswith(f"/out/schema/{kind}.json")


def test_schemas_are_valid_schemas() -> None:
    for name in schema.DOCUMENTS:
        jsonschema.Draft202012Validator.check_schema(built(name))


ALERT = {
    "signal": "http",
    "kind": "error_ratio",
    "metric": "requests",
    "bad": "5xx",
    "above": "1%",
    "for": "5m",
    "severity": "Info",
    "summary": "Too many errors",
}


def alert(**changes: object) -> dict[str, Any]:
    return {
        "service": "shop",
        "title": "Shop",
        "team": "backend",
        "target": {"job": "shop"},
        "signals": {"http": {"profile": "http-server"}},
        "alerts": {"own": {"TooManyErrors": {**ALERT, **changes}}},
    }


def diagnostics(document: dict[str, Any]) -> list[str]:
    return [error.message for error in validator("service").iter_errors(document)]


def test_a_good_service_has_no_fault() -> None:
    assert diagnostics(alert()) == []


@pytest.mark.parametrize(
    "changes",
    [{"kind": "error_rate"}, {"abvoe": "1%"}, {"above": 1}, {"severity": "P2"}, {"for": "5 min"}, {"quantile": "p99"}],
)
def test_an_editor_sees_what_the_compiler_would_refuse(changes: dict[str, object]) -> None:
    assert diagnostics(alert(**changes)) != []


def test_every_kind_of_condition_has_its_keys_in_the_schema() -> None:
    branches = schema.schema("service")["$defs"]["AlertSpec"]["allOf"]
    assert [branch["if"]["properties"]["kind"]["const"] for branch in branches] == sorted(kinds())


def test_an_unknown_kind_of_document_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match='"servise"; use "service"'):
        schema.schema("servise")
