"""Objectives are proven whatever windows a platform chooses for its tiers."""

from __future__ import annotations

from pathlib import Path

import pytest

import spectree
from watchbill.tools import GENERATIONS

SLO = """\
slos:
  orders:
    {title: Orders, signal: kit, kind: availability, bad: 5xx, objective: 99%, period: 14d, impact: Users suffer,
     action: Look at it}
  up:
    {title: Up, signal: kit, kind: probe, objective: 99%, period: 14d, impact: Users suffer, action: Look at it}
alerts:
"""
LOAD = "signal: kit, kind: level, metric: load, above: 5, for: 5m, severity: Info, summary: High"
PAGE = "{{severity: P0, budget: {}%, long: {}, short: {}}}"
TICKET = "{{severity: P1, budget: 10%, long: {}, short: {}}}"
TIERS = {
    "days-only": [TICKET.format("1d", "2h")],
    "one-short-window": [TICKET.format("1d", "5m")],
    "odd-lengths": [PAGE.format(5, "2h", "7m"), TICKET.format("11h", "50m")],
    "shared-window": [PAGE.format(2, "1h", "5m"), PAGE.format(5, "6h", "1h")],
}


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("name", sorted(TIERS))
def test_any_tiers_are_proven(name: str, generation: str, tmp_path: Path) -> None:
    service = spectree.service({"LoadHigh": LOAD}).replace("alerts:\n", SLO)
    platform = spectree.PLATFORM + f"slo: {{tiers: [{', '.join(TIERS[name])}]}}\n"
    specs = spectree.write_tree(tmp_path, {"services/shop.yaml": service, "platform.yaml": platform})
    assert spectree.run_promtool(spectree.compile_tree(specs), tmp_path / "out", generation, area="slo") == ""
