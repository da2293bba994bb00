"""What we ship, read and compiled once for all tests of a process; nobody changes what these give.

A test that changes something copies it first, or reads the file itself.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from watchbill.model.bundle import Bundle
from watchbill.pipeline import compile_specs

ROOT = Path(__file__).parents[1]
SPECS, OUT = ROOT / "specs", ROOT / "out"


def parsed(text: str) -> Any:
    """Parse YAML by the C extension, which takes a seventh of the time."""
    return yaml.load(text, Loader=yaml.CSafeLoader)


@cache
def bundle() -> Bundle:
    """Compile the specs and the prose beside them."""
    return compile_specs(SPECS).bundle


@cache
def catalogue() -> dict[str, Any]:
    """Read the catalogue."""
    loaded: dict[str, Any] = json.loads((OUT / "catalog.json").read_text(encoding="utf-8"))
    return loaded


@cache
def alerts() -> dict[str, dict[str, Any]]:
    """Read the catalogue's alerts, by id."""
    return {alert["id"]: alert for alert in catalogue()["alerts"]}


@cache
def file(path: str) -> Any:
    """Read a YAML file of the checkout."""
    return parsed((ROOT / path).read_text(encoding="utf-8"))


@cache
def services() -> dict[str, dict[str, Any]]:
    """Read the specs of the services, by name."""
    return {path.stem: file(f"specs/services/{path.name}") for path in sorted((SPECS / "services").glob("*.yaml"))}


@cache
def rules() -> tuple[dict[str, Any], ...]:
    """Read the rules of all files, in their order; each tells its `file` and `group` too."""
    paths = sorted((OUT / "prometheus/rules").glob("*.rules.yml"))
    return tuple(
        {**rule, "group": group["name"], "file": path.name}
        for path in paths
        for group in file(str(path.relative_to(ROOT)))["groups"]
        for rule in group["rules"]
    )


@cache
def tests() -> tuple[dict[str, Any], ...]:
    """Read the promtool tests of all files, in their order."""
    paths = sorted((OUT / "prometheus/tests").glob("*.test.yml"))
    return tuple(test for path in paths for test in file(str(path.relative_to(ROOT)))["tests"])


def firings() -> list[tuple[str, dict[str, str]]]:
    """List what the promtool tests expect to fire: an alert's id, and all of its labels."""
    checks = [check for test in tests() for check in test.get("alert_rule_test", [])]
    return [
        (f"{expected['exp_labels']['service']}/{check['alertname']}", expected["exp_labels"])
        for check in checks
        for expected in check.get("exp_alerts", [])
    ]
