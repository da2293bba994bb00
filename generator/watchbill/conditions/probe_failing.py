"""A check from outside that fails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import ClassVar, Literal

from watchbill.conditions.base import Condition, DefaultView, capitalised
from watchbill.conditions.example_series import (
    Group,
    PhaseLevels,
    firing_labels,
    groups,
    lone_gauge,
    steady,
    still_false,
)
from watchbill.language.base import Diagnostics, StrictBool
from watchbill.language.fields import DurationText, KeyName
from watchbill.model.alerts import Symptom
from watchbill.model.examples import Example, ExampleSeries, Firing
from watchbill.model.signals import UP, MetricType, Signal
from watchbill.promql import aggregate, over, selector
from watchbill.quantity import Duration, TimeScale

PASSING, FAILING = Decimal("0.6"), Decimal("0.4")  # shares of probes that succeed: just enough, and just too few


class ProbeFailing(Condition):
    """At least half of the probes of a window fail; one prober that gets through is enough to be quiet.

    Half, since a check that fails two times of three would else never stay failed for long.
    `or_unreachable` counts a target that cannot be scraped as failing too: an exporter that dies with
    the host of its database takes the gauge with it.
    """

    usage: ClassVar[str] = """\
signals:
  health: {profile: probe}
alerts:
  own:
    HealthCheckFailing:
      signal: health
      kind: probe_failing
      metric: success
      for: 1m
      severity: P0
      summary: The service does not answer its health check
      action: See whether the process runs, and what it logged last
"""
    symptom: ClassVar[Symptom | None] = Symptom.PROBE

    kind: Literal["probe_failing"]
    metric: KeyName
    """The gauge that is 1 while the check succeeds, by its key in the profile."""
    window: DurationText = Duration.parse("1m")
    """The time of which half must fail."""
    or_unreachable: StrictBool = False
    """Whether a target that cannot be scraped counts as failing too."""

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read one gauge of 0 and 1."""
        return {"metric": self.metric}

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a gauge."""
        super().check(signal, diagnostics)
        self.check_type(signal, diagnostics, "metric", MetricType.GAUGE)

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Compare the best prober's share of successes with a half."""
        probes = [signal.select(signal.metrics[self.metric])]
        if self.or_unreachable:
            probes.append(selector(UP.name, signal.matchers))
        means = (over("avg_over_time", probe, scale(self.window)) for probe in probes)
        return " or ".join(f"{aggregate('max', self.grouping(signal), mean)} <= 0.5" for mean in means)

    def sentence(self, signal: Signal) -> str:
        """Name what is probed."""
        noun = capitalised(signal.metrics[self.metric].noun)
        unreachable = ", or its target cannot be scraped" if self.or_unreachable else ""
        return f"{noun} fails in half of the probes or more over {self.window.words()}{unreachable}"

    def default_view(self, signal: Signal) -> DefaultView:
        """Show whether it succeeds."""
        return DefaultView("up", {"metric": self.metric})

    def example(self, signal: Signal, scale: TimeScale) -> Example:
        """Let most probes of the group at fault fail; its target stays reachable, or else is not."""
        window = scale(self.window)
        firing = Firing(firing_labels(self, signal), FAILING)

        def failing(*, probed: bool) -> Example:
            series = (s for group in groups(self, signal) for s in self._series(signal, group, probed=probed))
            rises = still_false(PhaseLevels(Decimal(1), PASSING, FAILING), Decimal("0.5"), window)
            return Example(tuple(series), (firing,), history=window, settles=window, clears=window, rises=rises)

        alternatives = (failing(probed=False),) if self.or_unreachable else ()
        return replace(failing(probed=True), alternatives=alternatives)

    def _series(self, signal: Signal, group: Group, *, probed: bool) -> Iterable[ExampleSeries]:
        fails, stays = PhaseLevels(Decimal(1), PASSING, FAILING), steady(1)
        yield lone_gauge(signal, signal.metrics[self.metric], group, fails if probed else stays)
        if self.or_unreachable:
            yield lone_gauge(signal, UP, group, stays if probed else fails)
