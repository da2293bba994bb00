"""How much of what is asked for a cache answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from watchbill.language.base import Diagnostics
from watchbill.language.fields import KeyName
from watchbill.model.dashboards import Query
from watchbill.model.signals import MetricType, Signal
from watchbill.quantity import Unit
from watchbill.views.base import View, rate


class HitRatio(View):
    """Hits in all look-ups."""

    share: ClassVar[bool] = True

    usage: ClassVar[str] = """\
signals:
  cache: {profile: cache}
dashboards:
  own:
    - title: Cache Hit Ratio
      signal: cache
      kind: hit_ratio
      hits: hits
      misses: misses
      help: It drops when keys change or the cache is emptied.
"""

    kind: Literal["hit_ratio"]
    hits: KeyName
    """The counter of hits, by its key in the profile."""
    misses: KeyName
    """The counter of misses, by its key in the profile."""

    def reads(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """Read hits and misses."""
        yield ("hits",), self.hits
        yield ("misses",), self.misses

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Require counters."""
        super().check(signal, diagnostics)
        self.hold_to(signal, diagnostics, MetricType.COUNTER)

    def unit(self, signal: Signal) -> Unit:
        """Give a ratio."""
        return Unit.RATIO

    def queries(self, signal: Signal) -> tuple[Query, ...]:
        """Divide hits by look-ups; hits that were never counted read as none."""
        hits, misses = (
            self.grouped("sum", signal, rate(self.series(signal, role))) for role in (self.hits, self.misses)
        )
        hits = f"({hits} or 0 * {misses})"
        return (Query(f"{hits} / ({hits} + {misses} > 0)", self.legend(signal, "hit rate")),)
