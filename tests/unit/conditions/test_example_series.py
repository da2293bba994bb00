from __future__ import annotations

import re
from pathlib import Path

import pytest

import spectree
from condition_cases import CASES, services
from watchbill.conditions import kinds
from watchbill.model.alerts import Alert
from watchbill.outputs.promtests import alerts, notation
from watchbill.outputs.promtests.clock import LONG, Clock
from watchbill.quantity import Duration, TimeScale
from watchbill.tools import GENERATIONS

FAST = TimeScale(60)
FAST_STEPS = Clock(Duration(250), Duration(250))


def test_every_kind_has_cases() -> None:
    assert set(CASES) == set(kinds())


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("kind", CASES)
def test_every_alert_fires_on_its_example_and_stays_quiet_below(tmp_path: Path, kind: str, generation: str) -> None:
    specs = spectree.write_tree(tmp_path, services(kind))
    assert spectree.run_promtool(spectree.compile_tree(specs), tmp_path / "out", generation, area="own") == ""


@pytest.fixture
def _fast_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write tests in steps that are a sixtieth of the usual ones, and let series end at once.

    A series that ends outlives its last sample by promtool's lookback of 5m, which no option scales; where there is no
    series at all, nobody need wait for that.
    """
    written = notation.values

    def clock(alert: Alert) -> Clock:
        long = any(rule.example.long_history for rule in alert.rules)
        return Clock(FAST(LONG.sample), FAST(LONG.evaluation)) if long else FAST_STEPS

    monkeypatch.setattr(alerts, "clock", clock)
    monkeypatch.setattr(alerts, "LOOKBACK", FAST(alerts.LOOKBACK))
    monkeypatch.setattr(
        notation,
        "values",
        lambda *arguments: re.sub(r"_x(\d+)", lambda gone: f"stale _x{int(gone[1]) - 1}", written(*arguments)),
    )


@pytest.mark.usefixtures("_fast_clock")
@pytest.mark.parametrize("kind", CASES)
def test_examples_hold_sixty_times_as_fast(tmp_path: Path, kind: str) -> None:
    specs = spectree.write_tree(tmp_path, services(kind))
    assert spectree.run_promtool(spectree.compile_tree(specs, scale=FAST), tmp_path / "out", "newest", area="own") == ""
