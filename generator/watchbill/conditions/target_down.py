"""A target that Prometheus cannot scrape. No author writes this kind: every service gets it (ADR 0016)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from watchbill.conditions.base import INSTANCE, Condition
from watchbill.conditions.probe_failing import UP
from watchbill.conditions.streams import ONE, TWO
from watchbill.model.alerts import Display, Reading
from watchbill.model.signals import Signal
from watchbill.model.witness import Firing, Motion, Stream, Witness
from watchbill.promql import aggregate, over
from watchbill.quantity import Duration, TimeScale

JOB = "job"
SHORTEST_WINDOW = Duration.parse("5m")  # longer than a restart's back-off, so that a crash loop does not flap


class TargetDown(Condition):
    """At least half of the scrapes of a window fail: of a target that is dead, or that answers only sometimes.

    The signal's matchers select the targets of `jobs`, sorted.
    """

    kind: str = "target_down"
    jobs: tuple[str, ...]
    window: Duration

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read what Prometheus itself writes at each scrape (docs, "Jobs and instances")."""
        return {"up": UP.role}

    def own_grouping(self, signal: Signal) -> tuple[str, ...]:
        """Judge each target by itself."""
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

    def witness(self, signal: Signal, scale: TimeScale) -> Witness:
        """Let one target die; its neighbour, the other jobs on its machine, and what is not ours change nothing."""
        window = scale(self.window)
        firing = Firing(((INSTANCE, ONE), (JOB, self.jobs[0])), Decimal(0))
        return Witness(tuple(self._targets(signal)), (firing,), history=window, settles=window, clears=window)

    def _targets(self, signal: Signal) -> Iterable[Stream]:
        yield _target(self.jobs[0], ONE, up=1, then=0)
        yield _target(self.jobs[0], TWO, up=1, then=1)
        for job in self.jobs[1:]:
            yield _target(job, ONE, up=1, then=1)
        if any(matcher.label == JOB for matcher in signal.matchers):
            yield _target(f"{max(self.jobs, key=len)}-of-others", ONE, up=0, then=0)


def _target(job: str, instance: str, *, up: int, then: int) -> Stream:
    calm, above = Motion(level=Decimal(up)), Motion(level=Decimal(then))
    return Stream(UP.name, ((INSTANCE, instance), (JOB, job)), calm, calm, above)
