"""Make the view that a condition brings, and check the rules that `Condition.threshold` lists."""

from __future__ import annotations

from typing import Any

from watchbill.conditions import Condition
from watchbill.conditions.base import DefaultView
from watchbill.model.alerts import Threshold
from watchbill.model.signals import Signal
from watchbill.views import View, kinds


class ConditionError(TypeError):
    """A condition's file breaks a rule; a mistake in the code, never in a spec."""

    def __init__(self, condition: Condition, what: str, todo: str) -> None:
        # An alert's class joins its fields and its condition's; the kind is written in the condition's own file.
        own = next(cls for cls in type(condition).__mro__ if "kind" in vars(cls).get("__annotations__", {}))
        path = own.__module__.replace(".", "/")
        super().__init__(f"{path}.py: {what}; {todo}")


def default_view(condition: Condition, signal: Signal) -> View | None:
    """Make what a condition is seen by where nobody wrote a panel; None where nothing is to be seen.

    Raises `ConditionError` where the condition's view is none that an author could write, or where the condition
    breaks a rule that `Condition.threshold` lists.
    """
    written = condition.default_view(signal)
    view = None if written is None else _made(condition, written)
    _check(condition, signal, view)
    return view


def _made(condition: Condition, written: DefaultView) -> View:
    model = kinds().get(written.kind)
    if model is None:
        raise ConditionError(
            condition, f'its default view "{written.kind}" is unknown', f"choose one of: {', '.join(kinds())}"
        )
    names = {field.alias or name: name for name, field in model.model_fields.items()}
    own = names.keys() - {"kind", "by"}
    for key in written.fields:
        if key not in own:
            what = f'its default view "{written.kind}" has no key "{key}"'
            raise ConditionError(condition, what, f"choose one of: {', '.join(sorted(own))}")
    for key in own - written.fields.keys():
        if model.model_fields[names[key]].is_required():
            raise ConditionError(condition, f'its default view "{written.kind}" needs "{key}"', "give it")
    fields: dict[str, Any] = {names[key]: value for key, value in written.fields.items()}
    return model.model_construct(**fields, kind=written.kind, by=condition.shown_by)


def _check(condition: Condition, signal: Signal, view: View | None) -> None:
    threshold, lines = condition.threshold(signal), condition.lines(signal)
    if lines[:1] != (() if threshold is None else (threshold,)):
        raise ConditionError(condition, "its threshold does not stand first in its lines", "put it there")
    if threshold is None:
        _check_without_line(condition, signal, view)
    elif view is None:
        raise ConditionError(condition, "it has a threshold, and no view to draw it in", "give a default view")
    else:
        _check_line(condition, threshold, view, signal)


def _check_without_line(condition: Condition, signal: Signal, view: View | None) -> None:
    limit = condition.moving_limit(signal)
    if limit is not None:
        if view is None or limit.unit.dimension is not view.unit(signal).dimension:
            what = f"its moving limit is {limit.unit.dimension.value}, which its default view does not show"
            raise ConditionError(condition, what, "give a view of that")
    elif not condition.lineless and (view is None or not view.states(signal)):
        what = "its panel shows neither a line nor words for its values"
        raise ConditionError(condition, what, 'give a threshold or a moving limit, or say in "lineless" why not')


def _check_line(condition: Condition, threshold: Threshold, view: View, signal: Signal) -> None:
    unit = view.unit(signal)
    if threshold.unit.dimension is not unit.dimension:
        what = f'its threshold is {threshold.unit.dimension.value}, and its default view "{view.kind}" shows'
        raise ConditionError(
            condition, f"{what} {unit.dimension.value}", "give the threshold in what the view shows, or another view"
        )
    if threshold.value < 0:
        raise ConditionError(condition, f"its threshold is {threshold.value}, and panels begin at 0", "refuse it")
    if view.share and threshold.value * threshold.unit.size > 1:
        raise ConditionError(condition, f"its threshold is {threshold.value} of a share, which ends at 1", "refuse it")
