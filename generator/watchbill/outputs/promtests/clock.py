"""The steps of a test file: promtool knows one interval of evaluation for all of its tests."""

from __future__ import annotations

from dataclasses import dataclass

from watchbill.model.alerts import Alert
from watchbill.quantity import Duration


@dataclass(frozen=True, slots=True)
class Clock:
    """The steps of series, and of the rules' evaluation."""

    sample: Duration
    evaluation: Duration

    def up(self, duration: Duration) -> Duration:
        """Round up to whole evaluations."""
        step = self.evaluation.milliseconds
        return Duration(-(-duration.milliseconds // step) * step)


def _clock(sample: str, evaluation: str) -> Clock:
    return Clock(Duration.parse(sample), Duration.parse(evaluation))


FINE, USUAL, COARSE, LONG = _clock("15s", "15s"), _clock("30s", "30s"), _clock("1m", "1m"), _clock("1m", "2m")
MINUTES, DAYS = _clock("1m", "1m"), _clock("5m", "1d")  # of recordings: as they are evaluated, and over a period


_SAMPLES = tuple(map(Duration.parse, ("1m", "30s", "15s", "5s", "1s")))  # each divides every evaluation


def clock(alert: Alert) -> Clock:
    """Choose the coarsest steps that still show an alert's `for`: promtool evaluates every rule at each.

    Samples come closer where a window would else hold a single one, of which there is no rate.
    """
    steps = _steps(alert)
    windows = [rule.example.settles.milliseconds for rule in alert.rules if rule.example.settles.milliseconds]
    shortest = min(windows, default=steps.sample.milliseconds * 2)
    finer = (step for step in _SAMPLES if step.milliseconds * 2 <= shortest)
    return Clock(min(steps.sample, next(finer, _SAMPLES[-1])), steps.evaluation)


def _steps(alert: Alert) -> Clock:
    if any(rule.example.long_history for rule in alert.rules):
        return LONG
    if alert.for_ >= Duration.parse("10m"):
        return COARSE
    return USUAL if alert.for_ >= Duration.parse("5m") else FINE
