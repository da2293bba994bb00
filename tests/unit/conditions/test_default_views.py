"""What a condition brings to dashboards, and that the author of a new one hears which rule it breaks."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

import spectree
from condition_cases import CASES
from watchbill.conditions.base import DefaultView, MovingLimit
from watchbill.link import link
from watchbill.link.linked import LinkedAlert
from watchbill.lower.dashboards.default_view import ConditionError, default_view
from watchbill.model.alerts import Direction, Threshold
from watchbill.model.bundle import Bundle
from watchbill.model.dashboards import Panel
from watchbill.quantity import Quantity, Unit
from watchbill.source import read_tree


def panel(bundle: Bundle, title: str) -> Panel:
    (found,) = (
        p for service in bundle.services for d in service.dashboards for p in d.all_panels() if p.title == title
    )
    return found


def linked(folder: Path, inside: str) -> LinkedAlert:
    text = spectree.service({"Case": f"{inside}, signal: kit, severity: Info, summary: Wrong"})
    files = {"services/shop.yaml": text, "platform.yaml": spectree.PLATFORM_WITH_HEARTBEAT}
    (alert,) = link(read_tree(spectree.write_tree(folder, files))).services[0].alerts
    return alert


@pytest.mark.parametrize(("kind", "case"), [(kind, case) for kind, cases in CASES.items() for case in cases])
def test_every_condition_keeps_the_rules_of_its_threshold(tmp_path: Path, kind: str, case: str) -> None:
    alert = linked(tmp_path, f"kind: {kind}, {case}")
    default_view(alert.spec.condition, alert.signal)


@pytest.mark.parametrize("kind", CASES)
def test_a_default_view_is_one_that_an_author_could_write(tmp_path: Path, kind: str) -> None:
    inside = f"kind: {kind}, {CASES[kind][0]}"
    alert = linked(tmp_path / "linked", inside)
    written = alert.spec.condition.default_view(alert.signal)
    if written is None:
        return
    fields = {key: list(value) if isinstance(value, tuple) else value for key, value in written.fields.items()}
    given = {key: value for key, value in fields.items() if value not in (None, [])}
    entry = {"title": "Written", "signal": "kit", "help": "x", "dashboard": "own", "kind": written.kind, **given}
    own = yaml.safe_dump({"dashboards": {"own": [entry | ({"by": list(alert.spec.condition.per)})]}})
    text = spectree.service({"Case": f"{inside}, signal: kit, severity: Info, summary: Wrong, dashboard: own"}) + own
    bundle = spectree.compile_tree(spectree.write_tree(tmp_path, {"services/shop.yaml": text}))
    made, same = panel(bundle, "Case"), panel(bundle, "Written")
    assert set(same.queries) <= set(made.queries)
    assert made.unit is same.unit


# Each rule, broken by a condition that is sound but for that.

LOAD = "kind: level, metric: load, above: 5, for: 5m"


def at(value: str, unit: Unit) -> Threshold:
    return Threshold(Decimal(value), unit, Direction.ABOVE, Quantity(Decimal(value), unit))


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "another dimension": (
        {"threshold": at("5", Unit.SECONDS)},
        'its threshold is a time such as 500ms or 2s, and its default view "level" shows a plain number such as 5;',
    ),
    "below nothing": ({"threshold": at("-5", Unit.COUNT)}, "its threshold is -5, and panels begin at 0; refuse it"),
    "more than the whole": (
        {
            "threshold": at("1.5", Unit.RATIO),
            "default_view": DefaultView("share", {"metric": "requests", "bad": ("5xx",)}),
        },
        "its threshold is 1.5 of a share, which ends at 1; refuse it",
    ),
    "not first": ({"lines": ()}, "its threshold does not stand first in its lines; put it there"),
    "no line": ({"threshold": None}, "its panel shows neither a line nor words for its values; give a threshold or"),
    "no view": ({"default_view": None}, "it has a threshold, and no view to draw it in; give a default view"),
    "no such view": (
        {"default_view": DefaultView("levels", {})},
        'its default view "levels" is unknown; choose one of',
    ),
    "no such key": (
        {"default_view": DefaultView("level", {"metric": "load"})},
        'its default view "level" has no key "metric"; choose one of: across, metrics, only, where',
    ),
    "no key": ({"default_view": DefaultView("level", {})}, 'its default view "level" needs "metrics"; give it'),
    "a limit that is not seen": (
        {"threshold": None, "moving_limit": MovingLimit("vector(1)", Unit.PER_SECOND, "it is new")},
        "its moving limit is a rate such as 10/min or 0.5/s, which its default view does not show; give a view of that",
    ),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_the_author_of_a_condition_that_breaks_a_rule_is_reported(tmp_path: Path, rule: str) -> None:
    changes, message = BROKEN[rule]
    alert = linked(tmp_path, LOAD)
    condition = alert.spec.condition
    methods: dict[str, Any] = {name: lambda _, __, value=value: value for name, value in changes.items()}
    broken: Any = type("Broken", (type(condition),), methods)
    with pytest.raises(ConditionError) as raised:
        default_view(broken.model_construct(**vars(condition)), alert.signal)
    assert str(raised.value).startswith(f"watchbill/conditions/level.py: {message}")
