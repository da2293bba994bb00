"""How much of a limited thing is in use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from watchbill.language.base import Diagnostics
from watchbill.language.fields import ClassName, KeyName
from watchbill.model.dashboards import Query
from watchbill.model.signals import Metric, MetricType, Signal
from watchbill.quantity import Unit, decimal_text
from watchbill.views.base import View, rate


class Saturation(View):
    """The share of a limit that is in use (`used`), or that is not left (`free`); see the condition of that name."""

    share: ClassVar[bool] = True

    usage: ClassVar[str] = """\
signals:
  process: {profile: process, limits: {memory: 512MiB}}
dashboards:
  own:
    - title: Memory in Use
      signal: process
      kind: saturation
      used: resident
      limit: memory
      by: [instance]
      help: At 100% the instance is killed.
"""

    kind: Literal["saturation"]
    used: KeyName | None = None
    """The metric of what is in use, by its key in the profile; exactly one of `used` and `free` is written."""
    free: KeyName | None = None
    """The metric of what is left."""
    limit: KeyName | None = None
    """The signal's limit that it is measured against."""
    where: ClassName | None = None
    """Only the series of this class of the profile."""

    @property
    def _measured(self) -> str:
        return self.free or self.used or ""

    def reads(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """Read what is used or free; a limit that is a metric is the signal's matter."""
        yield ("free" if self.free is not None else "used",), self._measured

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require one side, and a limit that the signal has."""
        if (self.used is None) == (self.free is None):
            diagnostics.add(
                self.span("kind"),
                "spec/either-or",
                'a saturation needs either "used" or "free"',
                "write one of the two",
            )
            return
        super().check(signal, diagnostics)
        self.hold_to(signal, diagnostics, MetricType.GAUGE, MetricType.COUNTER)
        self.check_class(signal, diagnostics, "where", metric=self._measured)
        if self.limit is not None and self.limit not in signal.limits:
            what = f'signal "{signal.key}" does not say what limit "{self.limit}" is'
            todo = f'add "limits: {{{self.limit}: …}}" to the signal, or drop the panel'
            diagnostics.add(signal.origin.span, "signal/missing-limit", what, todo)
        elif self.limit is None and self.free is None:
            diagnostics.add(
                self.span("kind"),
                "signal/missing-limit",
                "a share needs a limit, unless it is one of free time",
                'add "limit: …"',
            )

    def unit(self, signal: Signal) -> Unit:
        """Give a ratio."""
        return Unit.RATIO

    def queries(self, signal: Signal) -> tuple[Query, ...]:
        """Divide by the limit; what is free is taken off the whole."""
        metric: Metric = signal.metrics[self._measured]
        series = self.series(signal, self._measured, self.where)
        series = rate(series) if metric.type is MetricType.COUNTER else series
        limit = signal.limits[self.limit] if self.limit is not None else None
        if limit is None:
            share = self.grouped("avg", signal, series)
        elif limit.metric:
            whole = self.grouped("sum", signal, self.series(signal, limit.metric))
            share = f"{self.grouped('sum', signal, series)} / ({whole} > 0)"
        else:
            share = f"{self.grouped('sum', signal, series)} / {decimal_text(limit.number or metric.unit.size)}"
        word = "" if self.by else metric.noun
        return (Query(f"1 - {share}" if self.free is not None else share, self.legend(signal, word)),)
