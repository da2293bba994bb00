"""The share of minutes in which a check from outside succeeds."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal

from watchbill.conditions.base import INSTANCE
from watchbill.conditions.example_series import ONE, TWO
from watchbill.language.base import Diagnostics
from watchbill.language.fields import KeyName
from watchbill.model.alerts import Symptom
from watchbill.model.examples import SliSource
from watchbill.model.signals import MetricType, Signal
from watchbill.promql import aggregate, over
from watchbill.quantity import Duration, TimeScale
from watchbill.sli.series import level, state
from watchbill.sli.timed import TimedSli

PROBED_OVER, COUNTED_OVER = Duration.parse("1m"), Duration.parse("5m")


class Probe(TimedSli):
    """A gauge of 1 and 0; a minute is bad where all targets fail in half of their probes or more."""

    symptoms: ClassVar[tuple[Symptom, ...]] = (Symptom.PROBE,)

    usage: ClassVar[str] = """\
signals:
  health: {profile: probe}
slos:
  uptime:
    title: The service answers
    signal: health
    kind: probe
    metric: success
    objective: 99.9%
    impact: Users reach nothing
    action: See whether the process runs
"""

    kind: Literal["probe"]
    metric: KeyName = "success"
    """The gauge that is 1 while the check succeeds, by its key in the profile."""

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read one gauge of 0 and 1."""
        return {"metric": self.metric}

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a gauge."""
        super().check(signal, diagnostics)
        self.check_type(signal, diagnostics, "metric", MetricType.GAUGE)

    def _probed_over(self, signal: Signal) -> Duration:
        return max(PROBED_OVER, signal.scrape_interval.times(2))

    def measured(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        """Take the best target's share of successes."""
        over_ = Duration(self._probed_over(signal).milliseconds * window.milliseconds // COUNTED_OVER.milliseconds)
        probed = over("avg_over_time", signal.select(signal.metrics[self.metric]), over_)
        return aggregate("max", labels, probed)

    def sli_source(self, signal: Signal, scale: TimeScale) -> SliSource:
        """Let the better of two targets succeed in more than half of its probes, or in less; shares of 1, not 0 and 1.

        The other is worse all the time: neither the mean nor the sum of the two tells what the better one does.
        """
        metric = signal.metrics[self.metric]
        better = state(signal, metric, {INSTANCE: ONE}, level(Decimal("0.6")), level(Decimal("0.4")))
        worse = state(signal, metric, {INSTANCE: TWO}, level(Decimal("0.3")), level(Decimal("0.3")))
        return SliSource(states=(better, worse), sees=scale(self._probed_over(signal)))

    def comparison(self, signal: Signal, window: Duration) -> str:
        """Ask for more than a half."""
        return "<= bool 0.5"

    def good(self, signal: Signal) -> str:
        """Name what is probed."""
        return f"in which {signal.metrics[self.metric].noun} succeeds"
