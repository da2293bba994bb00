"""What the kinds share that evaluate minutes instead of events."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from watchbill.model.signals import Signal
from watchbill.quantity import Duration
from watchbill.sli.base import Sli


class TimedSli(Sli):
    """An indicator of time: each minute in which it can be evaluated is good or bad."""

    timed: ClassVar[bool] = True

    @abstractmethod
    def measured(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        """Build the PromQL of the value that is evaluated, by `labels`; nothing where it cannot be.

        `window` is five minutes, or less under a time scale.
        """

    @abstractmethod
    def comparison(self, signal: Signal, window: Duration) -> str:
        """Build what makes a value bad: `> bool 0`; `window` is as above."""

    def total(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        """Count the minute, if it can be evaluated: NaN equals nothing, and is left out."""
        value = self.measured(signal, window, labels)
        return f"({value} == bool {value}) > 0"

    def errors(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        """Count the minute as bad, or not."""
        value = self.measured(signal, window, labels)
        return f"({value} == {value}) {self.comparison(signal, window)}"

    def event(self, signal: Signal) -> str:
        """Count minutes."""
        return "minutes"
