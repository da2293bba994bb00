"""What surges and drops share: the rate at the same time of another day."""

from __future__ import annotations

from abc import abstractmethod
from decimal import Decimal

from watchbill.conditions.base import Condition, DefaultView, MovingLimit
from watchbill.conditions.example_series import PhaseLevels, counters, firing_labels, groups, still_false
from watchbill.language.base import Diagnostics
from watchbill.language.fields import DurationText, KeyName, Rate
from watchbill.model.alerts import Display, Reading
from watchbill.model.examples import Example, Firing
from watchbill.model.signals import MetricType, Signal
from watchbill.promql import aggregate, over
from watchbill.quantity import REAL_TIME, Duration, TimeScale, Unit, decimal_text


class AgainstBaseline(Condition):
    """Compare a counter's rate with its mean over `smooth`, `baseline` ago.

    Without that much history there is nothing to compare with, and the alert is quiet. `floor` keeps
    it quiet where rates are too small to mean anything.
    """

    kind: str
    metric: KeyName
    """The counter that is compared, by its key in the profile."""
    window: DurationText = Duration.parse("5m")
    """The time over which the present rate is taken."""
    baseline: DurationText = Duration.parse("1d")
    """How long ago the rate that it is compared with lies: `1d` for the same time of yesterday, `7d` for last week's.
    """
    smooth: DurationText = Duration.parse("1h")
    """The time over which the earlier rate is averaged, around that moment."""
    floor: Rate
    """The least rate that means anything: a surge must reach it now, a drop must start from it."""

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read one counter."""
        return {"metric": self.metric}

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a counter, and check the baseline against the past."""
        super().check(signal, diagnostics)
        self.check_type(signal, diagnostics, "metric", MetricType.COUNTER)
        if self.baseline < self.window:
            diagnostics.add(
                self.span("baseline"),
                "condition/baseline-does-not-fit",
                f"a baseline {self.baseline} ago overlaps the window",
                "use 1d or 7d",
            )
        if self.smooth < self.window:
            diagnostics.add(
                self.span("smooth"),
                "condition/baseline-does-not-fit",
                f"a baseline smoothed over {self.smooth} is noisier than the window itself",
                "use 1h",
            )

    def now(self, signal: Signal, scale: TimeScale) -> str:
        """Build the present rate."""
        series = signal.select(signal.metrics[self.metric])
        return aggregate("sum", self.grouping(signal), over("rate", series, scale(self.window)))

    def then(self, signal: Signal, scale: TimeScale) -> str:
        """Build the baseline's rate."""
        series = signal.select(signal.metrics[self.metric])
        rate = over("rate", series, scale(self.smooth), offset=scale(self.baseline))
        return aggregate("sum", self.grouping(signal), rate)

    @abstractmethod
    def limit(self, signal: Signal, scale: TimeScale) -> str:
        """Build the rate that the present one is compared with."""

    def ends(self, signal: Signal, scale: TimeScale) -> tuple[str, str]:
        """Ask whether there is data at the end and at the beginning of the baseline."""
        series, window = signal.select(signal.metrics[self.metric]), scale(self.window)
        last = scale(self.baseline)
        first = last + scale(self.smooth) - window
        end, beginning = (over("rate", series, window, offset=offset) for offset in (last, first))
        return aggregate("count", self.grouping(signal), end), aggregate("count", self.grouping(signal), beginning)

    def floor_text(self) -> str:
        """Write the floor per second, as `rate` counts."""
        return decimal_text(self.floor.to(Unit.PER_SECOND))

    def baseline_words(self) -> str:
        """Say what it is compared with."""
        return f"the rate {self.baseline.words()} earlier (mean of {self.smooth.words()})"

    def moving_limit(self, signal: Signal) -> MovingLimit:
        """Draw the limit, which moves with the baseline."""
        empty = f"there is nothing to compare with before there is a history of {self.baseline.words()}"
        return MovingLimit(self.limit(signal, REAL_TIME), Unit.PER_SECOND, empty)

    def reading(self, signal: Signal) -> Reading:
        """Show the present rate."""
        return Reading(Display.NUMBER, f" {signal.metrics[self.metric].noun}/s")

    def default_view(self, signal: Signal) -> DefaultView:
        """Show the present rate."""
        return DefaultView("rate", {"metrics": (self.metric,)})

    @abstractmethod
    def factor(self) -> Decimal:
        """Give the limit as a multiple of the baseline."""

    @abstractmethod
    def phase_levels(self) -> PhaseLevels:
        """Give the rates of the example."""

    def example(self, signal: Signal, scale: TimeScale) -> Example:
        """Let a steady flow change by a tenth less or more than the limit, after a whole baseline of history."""
        phase_levels, window = self.phase_levels(), scale(self.window)
        metric = signal.metrics[self.metric]
        series = tuple(s for group in groups(self, signal) for s in counters(signal, metric, group, phase_levels))
        history = scale(self.baseline) + scale(self.smooth)
        firing = Firing(firing_labels(self, signal), phase_levels.firing)
        return Example(
            series,
            (firing,),
            history=history,
            settles=window,
            clears=window,
            long_history=True,
            rises=still_false(phase_levels, phase_levels.healthy * self.factor(), window),
        )
