"""What every kind of service level indicator gives: what is counted, what of it is bad, and the words for both."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, get_args

from watchbill.authoring import Authored, Faults
from watchbill.errors import choose
from watchbill.fields import KeyName
from watchbill.model.alerts import Alert
from watchbill.model.signals import Metric, MetricType, Signal
from watchbill.naming import RESERVED_LABELS, TARGET_LABELS
from watchbill.quantity import Duration, Quantity, QuantityError, Unit


class Sli(Authored):
    """An indicator: a share of events, or of minutes, that are good.

    The linker calls `check` before anything else; the other methods may rely on what it accepted.
    """

    timed: ClassVar[bool] = False
    """Whether minutes are counted, not events: each is good or bad as a whole, whatever happened in it."""

    zero_filled: ClassVar[bool] = False
    """Whether a series of errors that is not there means that there were none, wherever there are events."""

    covered_kinds: ClassVar[tuple[str, ...]] = ()
    """The kinds of alert conditions that tell of the same fault, if they read the same metric."""

    kind: str

    @classmethod
    def kind_names(cls) -> tuple[str, ...]:
        """Return the word that authors write after `kind:`; none for a class that kinds only share."""
        return get_args(cls.model_fields["kind"].annotation)

    @abstractmethod
    def roles(self, signal: Signal) -> dict[str, str]:
        """Map each field that names a metric to the role it names; these metrics must be exported."""

    def check(self, signal: Signal, faults: Faults) -> None:
        """Judge the indicator against its signal; faults carry the author's line."""
        for field, role in self.roles(signal).items():
            if role not in signal.metrics:
                what = f'profile "{signal.profile}" has no metric "{role}"'
                faults.add(self.span(field), what, choose(role, signal.metrics))

    @abstractmethod
    def total(self, signal: Signal, window: Duration, labels: tuple[str, ...]) -> str:
        """Build the PromQL that counts what happened in a window, by `labels`.

        Of a timed indicator: 1 where the minute can be judged, whatever the window.
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
    def event(self, signal: Signal) -> str:
        """Name what is counted, in plural: `requests`, `minutes`."""

    @abstractmethod
    def good(self, signal: Signal) -> str:
        """Say which of it is good, to follow its noun: `that do not end in a 5xx`."""

    def told_by(self, signal: Signal) -> tuple[Metric, str] | None:
        """Name the counter and its label that tells good from bad; None where no label does."""
        return None

    def covers(self, alert: Alert, signal: Signal) -> bool:
        """Say whether an alert on the indicator's signal tells of what the objective's page tells of."""
        return alert.kind in self.covered_kinds and bool(set(alert.metrics) & set(self.roles(signal).values()))

    # What the kinds share.

    def check_type(self, signal: Signal, faults: Faults, field: str, *types: MetricType) -> Metric | None:
        """Hold the metric that `field` names to a type; None where it is missing or of another type."""
        metric = signal.metrics.get(self.roles(signal).get(field, ""))
        if metric is None or metric.type in types:
            return metric
        what = f'metric "{metric.name}" is a {metric.type}, and {self.kind} needs a {" or ".join(types)}'
        faults.add(self.span(field), what, f'name another metric in "{field}"')
        return None

    def check_class(self, signal: Signal, faults: Faults, field: str, *, metric: str) -> None:
        """Hold the class that `field` names to those of the profile, and its label to the metric's."""
        name = getattr(self, field)
        if name is None:
            return
        if name not in signal.classes:
            faults.add(
                self.span(field), f'profile "{signal.profile}" has no class "{name}"', choose(name, signal.classes)
            )
            return
        label = signal.classes[name].matcher.label
        carried = {signal.labels[role] for role in signal.metrics[metric].labels} if metric in signal.metrics else set()
        if carried and label not in carried:
            what = f'class "{name}" is told by label "{label}", which metric "{signal.metrics[metric].name}" lacks'
            faults.add(self.span(field), what, "name another class, or the metric that carries it")

    def check_unit(self, faults: Faults, field: str, quantity: Quantity, unit: Unit) -> bool:
        """Hold a quantity to the dimension of a metric's unit."""
        try:
            quantity.to(unit)
        except QuantityError as error:
            faults.add(self.span(field), error.what, error.todo)
            return False
        return True


def check_per(per: tuple[KeyName, ...], slo: Authored, signal: Signal, faults: Faults) -> None:
    """Hold the labels that an indicator is judged by one by one to those of its signal."""
    for index, role in enumerate(per):
        if role in per[:index]:
            faults.add(slo.span("per", index), f'"{role}" stands here twice', "remove one of them")
        elif role not in signal.labels:
            what = f'"{role}" is not a label of signal "{signal.key}"'
            faults.add(slo.span("per", index), what, choose(role, signal.labels))
        elif signal.labels[role] in RESERVED_LABELS | {"slo", "sli", "le", "quantile"}:
            what = f'label "{signal.labels[role]}" has a meaning of its own here'
            faults.add(slo.span("per", index), what, "rename it in the scrape configuration and in the signal")


def grouping(per: tuple[str, ...], signal: Signal) -> tuple[str, ...]:
    """List the labels that every recording keeps, target labels first."""
    return (*TARGET_LABELS, *sorted(signal.labels[role] for role in per))
