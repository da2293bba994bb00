"""How much of a limited thing is in use."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from watchbill.authoring import Faults
from watchbill.conditions.base import INSTANCE, Condition, capitalised, class_matchers, per_words
from watchbill.conditions.streams import (
    Course,
    Group,
    below_and_above,
    by_class,
    counters,
    firing_labels,
    gauges,
    groups,
    steady,
)
from watchbill.errors import nearest
from watchbill.fields import ClassName, DurationText, KeyName, Ratio
from watchbill.model.alerts import Direction, Display, Reading, Threshold
from watchbill.model.signals import Limit, MetricType, Signal
from watchbill.model.witness import Firing, Stream, Witness
from watchbill.promql import aggregate, over
from watchbill.quantity import Duration, Quantity, TimeScale, Unit, decimal_text

_SMALLEST_LIMIT = Decimal(100)  # of a limit that is itself a metric, in witnesses


class Saturation(Condition):
    """More than a share of a limit is used.

    The limit is the signal's: a number that the service cannot export (memory, cores), or a metric
    (a pool's size). Counters of time in use, such as CPU seconds, are read as a rate.
    """

    kind: Literal["saturation"]
    used: KeyName
    limit: KeyName
    where: ClassName | None = None
    above: Ratio
    window: DurationText = Duration.parse("5m")

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read what is used, and the limit where that is a metric."""
        limit = signal.limits.get(self.limit)
        return {"used": self.used} | ({"limit": limit.metric} if limit and limit.metric else {})

    def check(self, signal: Signal, faults: Faults) -> None:
        """Hold it to a known limit, and a number limit to one instance, which is what it is true of."""
        super().check(signal, faults)
        self.check_type(signal, faults, "used", MetricType.GAUGE, MetricType.COUNTER)
        self.check_class(signal, faults, "where", metric=self.used)
        limit = signal.limits.get(self.limit)
        if limit is None:
            what = f'signal "{signal.key}" does not say what limit "{self.limit}" is'
            todo = f'add "limits: {{{self.limit}: …}}" to the signal'
            if (match := nearest(self.limit, signal.limits)) is not None:
                todo = f'use "{match}" in the alert, or {todo}'
            faults.add(signal.origin.span, what, todo)
        elif limit.number is not None and INSTANCE not in self.per:
            what = f'limit "{self.limit}" is a number for one instance, but the use of all instances is added up'
            faults.add(self.span("limit"), what, 'add "per: [instance]"')
        self.check_share(faults, "above", self.above)

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Divide what is used by the limit."""
        labels = self.grouping(signal)
        metric, limit = signal.metrics[self.used], signal.limits[self.limit]
        used = signal.select(metric, *class_matchers(signal, self.where))
        if metric.type is MetricType.COUNTER:
            used = over("rate", used, scale(self.window))
        # a limit of 0 means that there is none, and is not used up by the first connection
        whole = (
            f"({aggregate('sum', labels, signal.select(signal.metrics[limit.metric]))} > 0)"
            if limit.metric
            else decimal_text(_number(limit))
        )
        return f"{aggregate('sum', labels, used)} / {whole} > {decimal_text(self.above.to(Unit.RATIO))}"

    def sentence(self, signal: Signal) -> str:
        """Name the limit, with its number where it has one."""
        metric, limit = signal.metrics[self.used], signal.limits[self.limit]
        whole = signal.metrics[limit.metric].noun if limit.metric else _limit_words(limit, metric.unit)
        over_window = f" over {self.window.words()}" if metric.type is MetricType.COUNTER else ""
        where = f" ({self.where})" if self.where else ""
        noun = capitalised(metric.noun) + where + per_words(self, signal)
        return f"{noun}: above {self.above} of {whole}{over_window}"

    def threshold(self, signal: Signal) -> Threshold:
        """Draw the ratio."""
        return Threshold(self.above.to(Unit.RATIO), Unit.RATIO, Direction.ABOVE)

    def reading(self, signal: Signal) -> Reading:
        """Show the share."""
        return Reading(Display.PERCENT, " in use")

    def witness(self, signal: Signal, scale: TimeScale) -> Witness:
        """Use a tenth less or more than the threshold of a limit that all instances share three to one."""
        below, above = below_and_above(self.above.to(Unit.RATIO), ceiling=Decimal(1))
        limit = signal.limits[self.limit]
        whole = _SMALLEST_LIMIT if limit.metric else _number(limit)
        shares = Course(self.above.to(Unit.RATIO) / 4, below, above)
        streams = tuple(
            stream
            for group in groups(self, signal)
            for stream in self._streams(signal, group, shares.scaled(whole), whole)
        )
        window = scale(self.window) if signal.metrics[self.used].type is MetricType.COUNTER else Duration(0)
        return Witness(streams, (Firing(firing_labels(self, signal), above),), window, window, window)

    def _streams(self, signal: Signal, group: Group, used: Course, whole: Decimal) -> Iterable[Stream]:
        metric, limit = signal.metrics[self.used], signal.limits[self.limit]
        spread = counters if metric.type is MetricType.COUNTER else gauges
        for own, course in by_class(signal, self.where, used):
            yield from spread(signal, metric, group, course, own=own)
        if limit.metric:
            yield from gauges(signal, signal.metrics[limit.metric], group, steady(whole))


def _number(limit: Limit) -> Decimal:
    if limit.number is None:
        raise ValueError(f"limit {limit.name} is a metric")
    return limit.number


def _limit_words(limit: Limit, unit: Unit) -> str:
    number = _number(limit)
    if unit is Unit.BYTES:
        for larger in (Unit.GIBIBYTES, Unit.MEBIBYTES, Unit.GIGABYTES, Unit.MEGABYTES):
            quantity = Quantity(number / larger.size, larger)
            if quantity.number == quantity.number.to_integral_value():
                return f"the limit of {quantity}"
    return f"the limit of {decimal_text(number)}"
