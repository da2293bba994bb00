"""An objective's identity: what keeps its history, and what begins a new one; and how much it stores."""

from __future__ import annotations

from pathlib import Path

import pytest

from spectree import PLATFORM, compile_tree, service, write_tree
from watchbill.model.alerts import MAX_GROUP_RULES
from watchbill.model.slo import Slo
from watchbill.quantity import TimeScale

RETAINED = PLATFORM.replace("{team: backend}", "{team: backend, retention: 90d}")
SLO = "title: Speed, signal: kit, kind: latency, within: 250ms, objective: 99%, impact: A, action: B"


def lowered(folder: Path, slo: str, *, spec: str = "", scale: int = 1) -> Slo:
    alert = "signal: kit, kind: level, metric: load, above: 5, for: 5m, severity: Info, summary: High"
    text = (spec or service({"LoadHigh": alert})).replace("alerts:", f"slos:\n  speed: {{{slo}}}\nalerts:")
    specs = write_tree(folder, {"platform.yaml": RETAINED, "services/shop.yaml": text})
    (found,) = compile_tree(specs, scale=TimeScale(scale)).services[0].slos
    return found


@pytest.mark.parametrize(
    "changed",
    [
        SLO.replace("Speed", "Something else"),
        SLO.replace("99%", "95%"),
        SLO + ", period: 28d",
        SLO + ", page: false",
        SLO + ", min_bad_events: 50",
    ],
)
def test_an_edit_of_labels_or_of_the_target_keeps_the_history(tmp_path: Path, changed: str) -> None:
    assert lowered(tmp_path / "a", changed).labels == lowered(tmp_path / "b", SLO).labels


@pytest.mark.parametrize(
    "changed",
    [SLO.replace("250ms", "500ms"), SLO.replace("latency,", "latency, metric: duration_ms,").replace("250", "500")],
)
def test_a_changed_definition_begins_a_history_of_its_own(tmp_path: Path, changed: str) -> None:
    before, after = dict(lowered(tmp_path / "a", SLO).labels), dict(lowered(tmp_path / "b", changed).labels)
    assert (before["service"], before["slo"]) == (after["service"], after["slo"])
    assert before["sli"] != after["sli"]


def test_a_time_scale_shortens_the_rules_and_keeps_identity_and_names(tmp_path: Path) -> None:
    usual, quick = lowered(tmp_path / "a", SLO), lowered(tmp_path / "b", SLO, scale=60)
    assert (usual.labels, usual.series) == (quick.labels, quick.series)
    exprs = {rule.record: rule.expr for group in quick.groups for rule in group.rules}
    assert "[5s]" in exprs["slo:events:sum"]
    assert "[12h:5s]" in exprs["slo:errors:period"]
    assert [str(group.interval) for group in quick.groups] == ["1s", "1s", "2s"]


def test_an_objective_stores_at_most_25_series_in_groups_of_at_most_20_rules(tmp_path: Path) -> None:
    slo = lowered(tmp_path, SLO)
    records = [rule.record for group in slo.groups for rule in group.rules]
    assert len(records) == len(set(records)) == len(slo.series) == 25
    assert max(len(group.rules) for group in slo.groups) <= MAX_GROUP_RULES
    assert set(records) == set(slo.series.values())


@pytest.mark.parametrize(
    ("sli", "usual", "quick"),
    [
        ("kind: probe", "[1m]", "[1s]"),
        ("kind: freshness, metric: oldest, within: 1h", "time() - 3600", "time() - 60"),
        ("kind: threshold, metric: duration, quantile: p50, at_most: 1s", "[5m]", "[5s]"),
    ],
)
def test_a_time_scale_shortens_what_minutes_are_judged_by(tmp_path: Path, sli: str, usual: str, quick: str) -> None:
    slo = SLO.replace("kind: latency, within: 250ms", sli)
    for scale, expected in ((1, usual), (60, quick)):
        events = lowered(tmp_path / str(scale), slo, scale=scale).groups[0]
        assert expected in {rule.record: rule.expr for rule in events.rules}["slo:errors:sum"]
