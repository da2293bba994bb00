"""What conditions and indicators share: a typed statement about a signal, distinguished by its kind."""

from __future__ import annotations

import importlib
import pkgutil
from abc import abstractmethod
from types import ModuleType
from typing import ClassVar, TypeVar, get_args

from watchbill.errors import choose
from watchbill.language.base import Authored, Diagnostics
from watchbill.model.signals import Metric, MetricType, Signal
from watchbill.quantity import Quantity, QuantityError, Unit


class Statement(Authored):
    """A typed statement about a signal.

    The linker calls `check` before anything else; the other methods may rely on what it accepted.
    """

    usage: ClassVar[str]
    """Lines of a service's file that use this kind; the reference compiles and shows them, and tests prove them."""

    kind: str

    @classmethod
    def kind_names(cls) -> tuple[str, ...]:
        """Return the word that authors write after `kind:`; none for a class that kinds only share."""
        return get_args(cls.model_fields["kind"].annotation)

    @abstractmethod
    def roles(self, signal: Signal) -> dict[str, str]:
        """Map each field that names a metric to the role it names; these metrics must be exported."""

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Check the statement against its signal; diagnostics carry the author's line."""
        for field, role in self.roles(signal).items():
            if role not in signal.metrics:
                what = f'profile "{signal.profile}" has no metric "{role}"'
                diagnostics.add(self.span(field), "profile/unknown-name", what, choose(role, signal.metrics))

    def check_type(self, signal: Signal, diagnostics: Diagnostics, field: str, *types: MetricType) -> Metric | None:
        """Check the metric that `field` names against a type; None where it is missing or of another type."""
        metric = signal.metrics.get(self.roles(signal).get(field, ""))
        if metric is None or metric.type in types:
            return metric
        what = f'metric "{metric.name}" is a {metric.type}, and {self.kind} needs a {" or ".join(types)}'
        diagnostics.add(self.span(field), "metric/wrong-type", what, f'name another metric in "{field}"')
        return None

    def require_classic(self, metric: Metric | None, diagnostics: Diagnostics, field: str) -> Metric | None:
        """Refuse a native histogram, which has no series for its buckets; None where it is one."""
        if metric is None or not metric.native:
            return metric
        what = f'metric "{metric.name}" is a native histogram, which {self.kind} cannot read'
        diagnostics.add(
            self.span(field),
            "metric/native-histogram",
            what,
            "make it an objective of kind latency, or let the service export buckets",
        )
        return None

    def check_class(self, signal: Signal, diagnostics: Diagnostics, field: str, *, metric: str) -> None:
        """Check the class that `field` names against those of the profile, and its label against the metric's."""
        name = getattr(self, field)
        if name is None:
            return
        if name not in signal.classes:
            what = f'profile "{signal.profile}" has no class "{name}"'
            diagnostics.add(self.span(field), "profile/unknown-name", what, choose(name, signal.classes))
            return
        labels = {signal.labels[role] for role in signal.metrics[metric].labels} if metric in signal.metrics else set()
        label = signal.classes[name].matcher.label
        if labels and label not in labels:
            carrier = signal.metrics[metric].name
            what = f'class "{name}" is recognised by label "{label}", which metric "{carrier}" does not carry'
            diagnostics.add(
                self.span(field), "label/not-on-metric", what, "name another class, or the metric that carries it"
            )

    def check_unit(self, diagnostics: Diagnostics, field: str, quantity: Quantity, unit: Unit) -> bool:
        """Check a quantity against the dimension of a metric's unit."""
        try:
            quantity.to(unit)
        except QuantityError as error:
            diagnostics.add(self.span(field), "quantity/wrong-unit", error.what, error.todo)
            return False
        return True


Kind = TypeVar("Kind", bound=Statement)


def find_kinds(package: ModuleType, base: type[Kind]) -> dict[str, type[Kind]]:
    """Map every kind's name to its class, by looking into the modules of a package."""
    found: dict[str, type[Kind]] = {}
    for entry in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{entry.name}")
        for cls in vars(module).values():
            if isinstance(cls, type) and issubclass(cls, base) and cls.__module__ == module.__name__:
                _require_usage(cls)
                found |= dict.fromkeys(cls.kind_names(), cls)
    return dict(sorted(found.items()))


def _require_usage(cls: type[Statement]) -> None:
    """Tell the author of a new kind that its page of the reference needs an example."""
    if cls.kind_names() and not hasattr(cls, "usage"):
        path = cls.__module__.replace(".", "/")
        raise TypeError(f'{path}.py: {cls.__name__} has no "usage"; give lines of a service\'s file that use it')
