"""A history that is cut short."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import ClassVar, Literal

from watchbill.conditions.base import INSTANCE, Condition, DefaultView, per_words
from watchbill.conditions.example_series import Group, PhaseLevels, groups, lone_gauge, shown, steady
from watchbill.errors import choose
from watchbill.language.base import Diagnostics
from watchbill.language.fields import KeyName
from watchbill.model.alerts import Direction, Display, Reading, Threshold
from watchbill.model.examples import Example, ExampleSeries, Firing, SamplePattern
from watchbill.model.signals import MetricType, Signal
from watchbill.promql import aggregate
from watchbill.quantity import Duration, Quantity, TimeScale, Unit, decimal_text

_STEPS = ((Unit.DAYS, "days"), (Unit.HOURS, "hours"), (Unit.MINUTES, "minutes"), (Unit.SECONDS, "seconds"))
_THIRD, _FOURTH = "app-3:8000", "app-4:8000"


class Retention(Condition):
    """Samples were deleted, although the oldest that is left is younger than a limit of the signal, in seconds.

    A young database has a short history too, and deletes nothing. The counters start again with the
    server: it notifies again at the next deletion then.
    """

    usage: ClassVar[str] = """\
signals:
  prometheus: {profile: prometheus}
alerts:
  own:
    HistoryTooShort:
      signal: prometheus
      kind: retention
      oldest: oldest
      deleted_by_age: aged_out
      deleted_by_size: cut
      limit: retention
      per: [instance]
      for: 6h
      severity: P1
      summary: Prometheus deletes samples that are still needed
      action: Give it more room on the disk
"""

    kind: Literal["retention"]
    oldest: KeyName
    """The gauge that holds the Unix time of the oldest sample, by its key in the profile."""
    deleted_by_age: KeyName
    """The counter of deletions because of age."""
    deleted_by_size: KeyName
    """The counter of deletions because of size."""
    limit: KeyName
    """The signal's limit that says how long samples must be kept."""

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read the time of the oldest sample, and what was deleted."""
        return {field: getattr(self, field) for field in ("oldest", "deleted_by_age", "deleted_by_size")}

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a time in seconds, counters, a limit that is a number, and one instance."""
        super().check(signal, diagnostics)
        oldest = self.check_type(signal, diagnostics, "oldest", MetricType.GAUGE)
        if oldest is not None and oldest.type is MetricType.GAUGE and oldest.unit is not Unit.SECONDS:
            what = f'metric "{oldest.name}" is no Unix time in seconds'
            diagnostics.add(self.span("oldest"), "metric/not-a-time", what, 'name one that is, with "unit: s"')
        for field in ("deleted_by_age", "deleted_by_size"):
            self.check_type(signal, diagnostics, field, MetricType.COUNTER)
        limit = signal.limits.get(self.limit)
        if limit is None or limit.number is None:
            known = [name for name, entry in signal.limits.items() if entry.number is not None]
            what = f'signal "{signal.key}" has no number for limit "{self.limit}"'
            diagnostics.add(
                self.span("limit"),
                "signal/missing-limit",
                what,
                choose(self.limit, known, none="add it to the signal's limits"),
            )
        if INSTANCE not in self.per:
            what = "each instance has a history of its own"
            diagnostics.add(self.span("kind"), "condition/needs-per-instance", what, 'add "per: [instance]"')

    def _kept(self, signal: Signal) -> tuple[Decimal, Unit, str]:
        """Say the limit in the largest unit in which it is a whole number."""
        seconds = signal.limits[self.limit].number or Decimal(0)
        unit, word = next((step for step in _STEPS if seconds % step[0].size == 0), _STEPS[-1])
        return seconds / unit.size, unit, word

    def _step(self, signal: Signal, scale: TimeScale) -> Decimal:
        """Measure that unit in seconds."""
        return scale(Duration(int(self._kept(signal)[1].size) * 1000)).seconds

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Compare the age of the oldest sample with the limit, where anything was deleted."""
        labels, metrics = self.grouping(signal), signal.metrics
        limit, step = self._kept(signal)[0], self._step(signal, scale)
        lowest = aggregate("max", labels, signal.select(metrics[self.oldest]))
        age = f"time() - {lowest}" if step == 1 else f"(time() - {lowest}) / {decimal_text(step)}"
        deleted = (
            f"{aggregate('sum', labels, signal.select(metrics[role]))} > 0"
            for role in (self.deleted_by_age, self.deleted_by_size)
        )
        return f"{age} < {decimal_text(limit)} and ({' or '.join(deleted)})"

    def sentence(self, signal: Signal) -> str:
        """Name the limit."""
        limit, unit, _ = self._kept(signal)
        kept = Quantity(limit, unit)
        return f"Samples were deleted, and what is left{per_words(self, signal)} goes back less than {kept}"

    def threshold(self, signal: Signal) -> Threshold:
        """Draw the limit."""
        limit, unit, _ = self._kept(signal)
        return Threshold.at(Quantity(limit, unit), unit, Direction.BELOW)

    def reading(self, signal: Signal) -> Reading:
        """Show how far the history goes back."""
        return Reading(Display.NUMBER, f" {self._kept(signal)[2]}")

    def default_view(self, signal: Signal) -> DefaultView:
        """Show how far the history goes back."""
        return DefaultView("age", {"metric": self.oldest})

    def example(self, signal: Signal, scale: TimeScale) -> Example:
        """Let two young servers begin to delete, by age and by size; a third is young only, a fourth deletes only.

        The oldest sample moves with the clock, so that its age stays what it is; promtool's clock starts at 0,
        where Unix times of the past are negative.
        """
        limit, step = self._kept(signal)[0], self._step(signal, scale)
        short, long = shown(limit * Decimal("0.9")), limit * Decimal("1.1")
        faulty, healthy = groups(self, signal)
        instances = ((faulty, (1, 0)), (_beside(faulty, healthy), (0, 1)))
        series: list[ExampleSeries] = []
        for group, deletions in instances:
            series += self._server(signal, group, (short * step, long * step), deletions)
        series += self._server(signal, _at(healthy, _THIRD), (short * step, short * step), (0, 0))
        series += self._server(signal, _at(healthy, _FOURTH), (long * step, long * step), (1, 1))
        firing = tuple(Firing(tuple(sorted(group.labels.items())), short) for group, _ in instances)
        none = Duration(0)
        return Example(tuple(series), firing, none, settles=none, clears=none)

    def _server(
        self, signal: Signal, group: Group, ages: tuple[Decimal, Decimal], deletions: tuple[int, int]
    ) -> Iterable[ExampleSeries]:
        metrics = signal.metrics
        healthy, below = (SamplePattern(Decimal(1), -age, of_clock=True) for age in ages)
        there = lone_gauge(signal, metrics[self.oldest], group, steady(0))
        yield ExampleSeries(there.metric, there.labels, healthy, below, SamplePattern(Decimal(1)))
        for role, count in zip((self.deleted_by_age, self.deleted_by_size), deletions, strict=True):
            phase_levels = PhaseLevels(Decimal(0), Decimal(count), Decimal(count)) if group.at_fault else steady(count)
            yield lone_gauge(signal, metrics[role], group, phase_levels)


def _beside(faulty: Group, healthy: Group) -> Group:
    """Put a second server beside the one at fault, with all its labels but the instance."""
    return Group({**faulty.labels, INSTANCE: healthy.labels[INSTANCE]}, at_fault=True)


def _at(group: Group, instance: str) -> Group:
    return Group({**group.labels, INSTANCE: instance}, at_fault=False)
