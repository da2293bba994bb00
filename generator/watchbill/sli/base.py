"""What every kind of service level indicator gives: what is counted, what of it is bad, and the words for both."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from watchbill.errors import choose
from watchbill.language.base import Authored, Diagnostics
from watchbill.language.fields import KeyName
from watchbill.language.kinds import Statement
from watchbill.model.alerts import Alert, Symptom
from watchbill.model.examples import SliSource
from watchbill.model.signals import Metric, Signal
from watchbill.naming import RESERVED_LABELS, TARGET_LABELS
from watchbill.quantity import Duration, TimeScale


class Sli(Statement):
    """An indicator: a share of events, or of minutes, that are good."""

    timed: ClassVar[bool] = False
    """Whether minutes are counted, not events: each is good or bad as a whole, whatever happened in it."""

    zero_filled: ClassVar[bool] = False
    """Whether a series of errors that is not there means that there were none, wherever there are events."""

    symptoms: ClassVar[tuple[Symptom, ...]] = ()
    """What alerts watch that tell of the same fault, if they read the same metric."""

    @abstractmethod
    def total(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        """Build the PromQL that counts what happened in a window, by `labels`.

        Of a timed indicator: 1 where the minute can be evaluated, whatever the window.
        """

    @abstractmethod
    def errors(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        """Build the PromQL that counts what was bad in a window, by `labels`; of a timed one 0 or 1."""

    def ratio(self, signal: Signal, window: Duration, labels: tuple[str, ...], *, zero: str) -> str:
        """Build the PromQL of the share that was bad in a window; `zero` is 0 wherever there are events."""
        errors = self.errors(signal, window, labels)
        filled = f"({errors} or {zero})" if self.zero_filled else f"({errors})"
        return f"{filled} / ({self.total(signal, window, labels)} > 0)"

    @abstractmethod
    def sli_source(self, signal: Signal, scale: TimeScale) -> SliSource | None:
        """Give the series that are counted, as they are while all is good and while all is bad.

        Computed from what the author says, never from the expressions. None where no test file can write such series.
        """

    @abstractmethod
    def event(self, signal: Signal) -> str:
        """Name what is counted, in plural: `requests`, `minutes`."""

    @abstractmethod
    def good(self, signal: Signal) -> str:
        """Say which of it is good, to follow its noun: `that do not end in a 5xx`."""

    def class_label(self, signal: Signal) -> tuple[Metric, str] | None:
        """Name the counter and its label that tells good from bad; None where no label does."""
        return None

    def suppresses(self, alert: Alert, signal: Signal) -> bool:
        """Say whether an alert on the indicator's signal tells of what the objective's page tells of."""
        return alert.symptom in self.symptoms and bool(set(alert.metrics) & set(self.roles(signal).values()))


def check_per(per: tuple[KeyName, ...], slo: Authored, signal: Signal, diagnostics: Diagnostics) -> None:
    """Check the labels that an indicator is evaluated by, one by one, against those of its signal."""
    for index, role in enumerate(per):
        if role in per[:index]:
            diagnostics.add(
                slo.span("per", index), "spec/duplicate-entry", f'"{role}" stands here twice', "remove one of them"
            )
        elif role not in signal.labels:
            what = f'"{role}" is not a label of signal "{signal.key}"'
            diagnostics.add(slo.span("per", index), "label/unknown", what, choose(role, signal.labels))
        elif signal.labels[role] in RESERVED_LABELS | {"slo", "sli", "le", "quantile"}:
            what = f'label "{signal.labels[role]}" has a meaning of its own here'
            diagnostics.add(
                slo.span("per", index),
                "label/reserved",
                what,
                "rename it in the scrape configuration and in the signal",
            )


def grouping(per: tuple[str, ...], signal: Signal) -> tuple[str, ...]:
    """List the labels that every recording keeps, target labels first."""
    return (*TARGET_LABELS, *sorted(signal.labels[role] for role in per))
