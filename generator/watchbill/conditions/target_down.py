"""A target that Prometheus cannot scrape. No author writes this kind: every service gets it (ADR 0016)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import ClassVar

from watchbill.conditions.base import INSTANCE, Condition, DefaultView
from watchbill.conditions.example_series import ONE, TWO, PhaseLevels, still_false
from watchbill.conditions.probe_failing import FAILING, PASSING
from watchbill.model.alerts import Display, Reading
from watchbill.model.examples import Example, ExampleSeries, Firing, SamplePattern
from watchbill.model.signals import UP, Signal
from watchbill.promql import aggregate, over
from watchbill.quantity import Duration, TimeScale

JOB = "job"
UP_ALWAYS = Decimal(1)
SHORTEST_WINDOW = Duration.parse("5m")  # longer than a restart's back-off, so that a crash loop does not flap


class TargetDown(Condition):
    """At least half of the scrapes of a window fail: of a target that is dead, or that answers only sometimes.

    The signal's matchers select the targets of `jobs`, sorted.
    """

    lineless: ClassVar[str] = "a target is up or it is down"

    kind: str = "target_down"
    jobs: tuple[str, ...]
    window: Duration

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read what Prometheus itself writes at each scrape (docs, "Jobs and instances")."""
        return {"up": UP.role}

    def own_grouping(self, signal: Signal) -> tuple[str, ...]:
        """Watch each target by itself."""
        return (INSTANCE, JOB)

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Compare the share of successful scrapes with a half."""
        share = over("avg_over_time", signal.select(UP), scale(self.window))
        return f"{aggregate('min', self.grouping(signal), share)} <= 0.5"

    def sentence(self, signal: Signal) -> str:
        """Name the share."""
        return f"Half of the scrapes of a target or more fail over {self.window.words()}"

    def reading(self, signal: Signal) -> Reading:
        """Show the share that succeeds."""
        return Reading(Display.PERCENT, " of them succeed")

    def default_view(self, signal: Signal) -> DefaultView | None:
        """Leave it to the built-in panel of all targets."""
        return None

    def example(self, signal: Signal, scale: TimeScale) -> Example:
        """Let most scrapes of one target fail; its neighbour, other jobs on its machine, and others' change nothing."""
        window = scale(self.window)
        firing = Firing(((INSTANCE, ONE), (JOB, self.jobs[0])), FAILING)
        rises = still_false(PhaseLevels(UP_ALWAYS, PASSING, FAILING), Decimal("0.5"), window)
        series = tuple(self._targets(signal))
        return Example(series, (firing,), history=window, settles=window, clears=window, rises=rises)

    def _targets(self, signal: Signal) -> Iterable[ExampleSeries]:
        yield _target(self.jobs[0], ONE, (UP_ALWAYS, PASSING, FAILING))
        yield _target(self.jobs[0], TWO, (UP_ALWAYS, UP_ALWAYS, UP_ALWAYS))
        for job in self.jobs[1:]:
            yield _target(job, ONE, (UP_ALWAYS, UP_ALWAYS, UP_ALWAYS))
        if any(matcher.label == JOB for matcher in signal.matchers):
            yield _target(f"{max(self.jobs, key=len)}-of-others", ONE, (FAILING, FAILING, FAILING))


def _target(job: str, instance: str, ups: tuple[Decimal, Decimal, Decimal]) -> ExampleSeries:
    healthy, below, above = (SamplePattern(level=up) for up in ups)
    return ExampleSeries(UP.name, ((INSTANCE, instance), (JOB, job)), healthy, below, above)
