"""Drill one alert, in the way that suits it."""

from __future__ import annotations

from pathlib import Path

from watchbill.drill.record import Record
from watchbill.drill.single import Drill, seconds
from watchbill.drill.slow import BurnDrill, SlowDrill
from watchbill.drill.stack import Scaled, Setting
from watchbill.drill.watch import Say
from watchbill.drill.watchdog import WatchdogDrill
from watchbill.model.alerts import Alert

SLOW_SECONDS = 60.0  # what takes longer to show is written down as a history


def drill(id_: str, scaled: Scaled, setting: Setting, folder: Path, say: Say) -> Record:
    """Drill one alert in a folder of its own."""
    service, alert = next((s, a) for s in scaled.bundle.services for a in s.alerts if a.id == id_)
    return kind_of(alert)(alert, service, scaled, setting).run(folder, say)


def kind_of(alert: Alert) -> type[Drill]:
    """Choose how an alert is drilled."""
    witness = alert.rules[0].witness
    if alert.kind == "burn_rate":
        return BurnDrill
    if witness.constant:
        return WatchdogDrill
    return SlowDrill if seconds(witness.settles) > SLOW_SECONDS else Drill
