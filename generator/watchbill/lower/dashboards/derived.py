"""Make a panel for an alert that leads to one which nobody wrote: it shows what the alert's condition judges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from watchbill.conditions import Condition
from watchbill.model.signals import Signal
from watchbill.promql import compared
from watchbill.quantity import Unit
from watchbill.views import View, kinds
from watchbill.views.promql import UNITS
from watchbill.views.rate import UNITS as PERIODS

Fields = Mapping[str, Any]


def view_of(condition: Condition, signal: Signal) -> View:
    """Show what a condition judges, as the view that fits its kind."""
    kind, fields = _VIEWS[condition.kind](condition, signal)
    model = kinds()[kind]
    return model.model_construct(kind=kind, by=getattr(condition, "per", ()), **fields)


def _same(kind: str, *names: str) -> Callable[[Any, Signal], tuple[str, Fields]]:
    return lambda condition, _: (kind, {name: getattr(condition, name) for name in names})


def _metrics(kind: str, *names: str) -> Callable[[Any, Signal], tuple[str, Fields]]:
    return lambda condition, _: (
        kind,
        {"metrics": (condition.metric,), **{name: getattr(condition, name) for name in names}},
    )


def _error_ratio(condition: Any, _: Signal) -> tuple[str, Fields]:
    bad = (condition.bad,) if condition.bad is not None else ()
    return "share", {"metric": condition.metric, "bad": bad, "errors": condition.errors}


def _event_rate(condition: Any, _: Signal) -> tuple[str, Fields]:
    period = next(word for word, unit in PERIODS.items() if unit is condition.above.unit)
    return "rate", {"metrics": (condition.metric,), "where": condition.where, "period": period}


def _quantile(condition: Any, _: Signal) -> tuple[str, Fields]:
    return "quantiles", {"metrics": (condition.metric,), "quantiles": (condition.quantile,)}


def _level(condition: Any, _: Signal) -> tuple[str, Fields]:
    worst = "max" if condition.above is not None else "min"
    across = "sum" if condition.across == "sum" else worst
    return "level", {"metrics": (condition.metric,), "where": condition.where, "across": across}


def _retention(condition: Any, _: Signal) -> tuple[str, Fields]:
    return "age", {"metric": condition.oldest}


def _promql(condition: Any, signal: Signal) -> tuple[str, Fields]:
    """Show the side of the author's comparison that is compared with a number."""
    threshold = condition.threshold(signal)
    unit = threshold.unit if threshold is not None else Unit.COUNT
    name = next((word for word, known in UNITS.items() if known.dimension is unit.dimension), "count")
    exact = next((word for word, known in UNITS.items() if known is unit), name)
    own = condition.own_grouping(signal)
    legend = " ".join(f"{{{{{label}}}}}" for label in own) or signal.title
    return "promql", {"expr": compared(condition.expr), "unit_": exact, "legend_": legend}


_VIEWS: Mapping[str, Callable[[Any, Signal], tuple[str, Fields]]] = {
    "error_ratio": _error_ratio,
    "event_rate": _event_rate,
    "latency_quantile": _quantile,
    "latency_mean": _same("mean", "metric"),
    "saturation": _same("saturation", "used", "free", "limit", "where"),
    "level": _level,
    "hit_ratio_below": _same("hit_ratio", "hits", "misses"),
    "surge": _metrics("rate"),
    "drop": _metrics("rate"),
    "growth": _metrics("level"),
    "probe_failing": _same("up", "metric"),
    "retention": _retention,
    "promql": _promql,
}
