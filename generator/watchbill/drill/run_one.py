"""Drill one alert, or play one drill of the specs, in the way that it needs."""

from __future__ import annotations

from pathlib import Path

from watchbill.drill.record import Record
from watchbill.drill.scenario import Scenario
from watchbill.drill.scenario_restarts import AlertmanagerRestarts, PrometheusRestarts
from watchbill.drill.single import Drill, seconds
from watchbill.drill.slow import BurnDrill, SlowDrill, SlowScenario
from watchbill.drill.watch import Say
from watchbill.drill.watchdog import WatchdogDrill
from watchbill.model import drills
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle
from watchbill.model.drills import Server
from watchbill.model.examples import Example
from watchbill.stack.running import Scaled, Setting

SLOW_SECONDS = 60.0  # what takes longer to show is written down as a history
# Prometheus finds its targets 5 s after it has started, whatever the scale: no window of five minutes may be as short.
RESTART_SCALE = 30


def drill(id_: str, scaled: Scaled, setting: Setting, folder: Path, say: Say) -> Record:
    """Drill one alert in a folder of its own; what fails is noted, and the rest goes on."""
    alert = scaled.bundle.alert(id_)
    return kind_of(alert)(alert, scaled.bundle.service(alert.service), scaled, setting).run(folder, say)


def play(given: drills.Drill, scaled: Scaled, setting: Setting, folder: Path, say: Say) -> Record:
    """Play a drill of the specs in a folder of its own; what fails is noted, and the rest goes on."""
    return scenario_of(given, scaled.bundle)(given, scaled, setting).run(folder, say)


def scale_of(given: drills.Drill, divisor: int) -> int:
    """Run a drill that restarts Prometheus slower than the others."""
    return min(divisor, RESTART_SCALE) if given.restart is Server.PROMETHEUS else divisor


def kind_of(alert: Alert) -> type[Drill]:
    """Choose how an alert is drilled."""
    example = alert.rules[0].example
    if alert.kind == "burn_rate":
        return BurnDrill
    if example.constant:
        return WatchdogDrill
    return SlowDrill if _is_slow(example) else Drill


def scenario_of(given: drills.Drill, bundle: Bundle) -> type[Scenario]:
    """Choose how a drill of the specs is played."""
    if given.restart is not None:
        return {Server.PROMETHEUS: PrometheusRestarts, Server.ALERTMANAGER: AlertmanagerRestarts}[given.restart]
    slow = any(_is_slow(bundle.alert(id_).rules[0].example) for id_ in given.breaks)
    return SlowScenario if slow and given.flaps is None else Scenario


def _is_slow(example: Example) -> bool:
    return seconds(example.settles) > SLOW_SECONDS
