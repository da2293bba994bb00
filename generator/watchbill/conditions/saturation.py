"""How much of a limited thing is in use."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import ClassVar, Literal

from watchbill.conditions.base import INSTANCE, Condition, DefaultView, capitalised, class_matchers, per_words
from watchbill.conditions.example_series import (
    Group,
    PhaseLevels,
    below_and_above,
    by_class,
    counters,
    firing_labels,
    gauges,
    groups,
    shares_of_time,
    steady,
    still_false,
)
from watchbill.errors import nearest
from watchbill.language.base import Diagnostics
from watchbill.language.fields import ClassName, DurationText, KeyName, Ratio
from watchbill.model.alerts import Direction, Display, Reading, Symptom, Threshold
from watchbill.model.examples import Example, ExampleSeries, Firing
from watchbill.model.signals import Limit, Metric, MetricType, Signal
from watchbill.promql import aggregate, over
from watchbill.quantity import Dimension, Duration, TimeScale, Unit, decimal_text, words

_SMALLEST_LIMIT = Decimal(100)  # of a limit that is itself a metric, in example series


class Saturation(Condition):
    """More than a share of a limit is used.

    What is measured is either in use (`used`) or left (`free`). The limit is the signal's: a number that
    the service cannot export (memory, cores), or a metric (a pool's size). Counters of time, such as CPU
    seconds, are read as a rate. Free time alone needs no limit: each series, such as a core's, can be free
    for one second a second at most, so that their mean is a share.
    """

    usage: ClassVar[str] = """\
signals:
  process: {profile: process, limits: {memory: 512MiB}}
alerts:
  own:
    MemoryFull:
      signal: process
      kind: saturation
      used: resident
      limit: memory
      per: [instance]
      above: 90%
      for: 5m
      severity: P0
      summary: An instance is about to run out of memory
      action: Restart it; then look for what grew
"""
    symptom: ClassVar[Symptom | None] = Symptom.USE

    kind: Literal["saturation"]
    used: KeyName | None = None
    """The metric of what is in use, by its key in the profile; exactly one of `used` and `free` is written."""
    free: KeyName | None = None
    """The metric of what is left; exactly one of `used` and `free` is written."""
    limit: KeyName | None = None
    """The signal's limit that it is measured against."""
    where: ClassName | None = None
    """Only the series of this class of the profile."""
    above: Ratio
    """Fires where more than this share is in use; more than 0%, less than 100%."""
    window: DurationText = Duration.parse("5m")
    """The time over which a counter's rate is taken; a gauge is read as it is."""

    @property
    def _side(self) -> str:
        return "free" if self.free is not None else "used"

    def _measured(self, signal: Signal) -> Metric:
        return signal.metrics[self.free or self.used or ""]

    def _limit(self, signal: Signal) -> Limit | None:
        return signal.limits.get(self.limit) if self.limit is not None else None

    def roles(self, signal: Signal) -> dict[str, str]:
        """Read what is used or free, and the limit where that is a metric."""
        limit = self._limit(signal)
        measured = {field: role for field in ("used", "free") if (role := getattr(self, field)) is not None}
        return measured | ({"limit": limit.metric} if limit and limit.metric else {})

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require a known limit, and check the number limit against one instance, which is what it is true of."""
        super().check(signal, diagnostics)
        if self.check_one_of(diagnostics, "used", "free"):
            metric = self.check_type(signal, diagnostics, self._side, MetricType.GAUGE, MetricType.COUNTER)
            self.check_class(signal, diagnostics, "where", metric=self.free or self.used or "")
            if metric is not None and self.limit is None:
                self._check_without_limit(metric, diagnostics)
        limit = self._limit(signal)
        if self.limit is not None and limit is None:
            what = f'signal "{signal.key}" does not say what limit "{self.limit}" is'
            todo = f'add "limits: {{{self.limit}: …}}" to the signal'
            if (match := nearest(self.limit, signal.limits)) is not None:
                todo = f'use "{match}" in the alert, or {todo}'
            diagnostics.add(signal.origin.span, "signal/missing-limit", what, todo)
        elif limit is not None and limit.number is not None and INSTANCE not in self.per:
            what = f'limit "{self.limit}" is a number for one instance, but the use of all instances is added up'
            diagnostics.add(self.span("limit"), "condition/needs-per-instance", what, 'add "per: [instance]"')
        self.check_share(diagnostics, "above", self.above)

    def _check_without_limit(self, metric: Metric, diagnostics: Diagnostics) -> None:
        counts_time = metric.type is MetricType.COUNTER and metric.unit.dimension is Dimension.TIME
        if self.free is None or not counts_time:
            what = "a share needs a limit, unless it is one of free time"
            diagnostics.add(
                self.span(self._side), "signal/missing-limit", what, 'add "limit: …", one of the signal\'s limits'
            )

    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Divide what is used by the limit; what is free is taken off the whole."""
        labels, metric, limit = self.grouping(signal), self._measured(signal), self._limit(signal)
        series = signal.select(metric, *class_matchers(signal, self.where))
        if metric.type is MetricType.COUNTER:
            series = over("rate", series, scale(self.window))
        if limit is None:
            share = aggregate("avg", labels, series)
        elif limit.metric:
            # a limit of 0 means that there is none, and is not used up by the first connection
            whole = f"({aggregate('sum', labels, signal.select(signal.metrics[limit.metric]))} > 0)"
            share = f"{aggregate('sum', labels, series)} / {whole}"
        else:
            share = f"{aggregate('sum', labels, series)} / {decimal_text(_number(limit))}"
        used = f"1 - {share}" if self.free is not None else share
        return f"{used} > {decimal_text(self.above.to(Unit.RATIO))}"

    def sentence(self, signal: Signal) -> str:
        """Name the limit, with its number where it has one."""
        metric, limit = self._measured(signal), self._limit(signal)
        over_window = f" over {self.window.words()}" if metric.type is MetricType.COUNTER else ""
        per = per_words(self, signal)
        whole = _whole_words(signal, metric, limit)
        if self.free is None:
            where = f" ({self.where})" if self.where else ""
            return f"{capitalised(metric.noun)}{where}{per}: above {self.above} of {whole}{over_window}"
        how = f" (not {self.where})" if self.where else ""
        return f"More than {self.above} of {whole}{per} is in use{how}{over_window}"

    def threshold(self, signal: Signal) -> Threshold:
        """Draw the ratio."""
        return Threshold.at(self.above, Unit.RATIO, Direction.ABOVE)

    def lines(self, signal: Signal) -> tuple[Threshold, ...]:
        """Give the share, and what that is of a gauge whose limit is a number."""
        share, limit, metric = self.threshold(signal), self._limit(signal), self._measured(signal)
        if self.free is not None or limit is None or limit.number is None or metric.type is not MetricType.GAUGE:
            return (share,)
        return (share, Threshold(share.value * limit.number, metric.unit, Direction.ABOVE, self.above))

    def reading(self, signal: Signal) -> Reading:
        """Show the share."""
        return Reading(Display.PERCENT, " in use")

    def default_view(self, signal: Signal) -> DefaultView:
        """Show the share."""
        return DefaultView("saturation", {name: getattr(self, name) for name in ("used", "free", "limit", "where")})

    def example(self, signal: Signal, scale: TimeScale) -> Example:
        """Use a tenth less or more than the threshold of a limit that all instances share three to one."""
        below, above = below_and_above(self.above.to(Unit.RATIO), ceiling=Decimal(1))
        used = PhaseLevels(self.above.to(Unit.RATIO) / 4, below, above)
        shares = used if self.free is None else PhaseLevels(1 - used.healthy, 1 - used.just_below, 1 - used.firing)
        series = tuple(s for group in groups(self, signal) for s in self._series(signal, group, shares))
        window = scale(self.window) if self._measured(signal).type is MetricType.COUNTER else Duration(0)
        firing = Firing(firing_labels(self, signal), above)
        rises = still_false(used, self.above.to(Unit.RATIO), window)
        return Example(series, (firing,), history=window, settles=window, clears=window, rises=rises)

    def _series(self, signal: Signal, group: Group, shares: PhaseLevels) -> Iterable[ExampleSeries]:
        metric, limit = self._measured(signal), self._limit(signal)
        if limit is None:
            yield from shares_of_time(signal, metric, group, shares, where=self.where)
            return
        whole = _SMALLEST_LIMIT if limit.metric else _number(limit)
        spread = counters if metric.type is MetricType.COUNTER else gauges
        for own, phase_levels in by_class(signal, self.where, shares.scaled(whole)):
            yield from spread(signal, metric, group, phase_levels, own=own)
        if limit.metric:
            yield from gauges(signal, signal.metrics[limit.metric], group, steady(whole))


def _number(limit: Limit) -> Decimal:
    if limit.number is None:
        raise ValueError(f"limit {limit.name} is a metric")
    return limit.number


def _whole_words(signal: Signal, metric: Metric, limit: Limit | None) -> str:
    if limit is None:
        return metric.noun
    return signal.metrics[limit.metric].noun if limit.metric else _limit_words(limit, metric.unit)


def _limit_words(limit: Limit, unit: Unit) -> str:
    return f"the limit of {words.sized(_number(limit)) if unit is Unit.BYTES else decimal_text(_number(limit))}"
