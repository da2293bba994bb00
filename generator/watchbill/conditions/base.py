"""What every kind of condition gives: expression, sentence, threshold, reading and example."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from watchbill.errors import DiagnosticLevel, Span, choose
from watchbill.language.base import Diagnostics
from watchbill.language.fields import KeyName
from watchbill.language.kinds import Statement
from watchbill.model.alerts import Reading, Symptom, Threshold
from watchbill.model.examples import Example
from watchbill.model.signals import Metric, MetricType, Signal
from watchbill.naming import RESERVED_LABELS, TARGET_LABELS
from watchbill.promql import Matcher
from watchbill.quantity import Dimension, Duration, Quantity, TimeScale, Unit, decimal_text

INSTANCE = "instance"  # a target label that every series has; any condition may keep it


@dataclass(frozen=True, slots=True)
class DefaultView:
    """A view as an author would write it: its kind (a file in `views/`) and its other keys, `by` left out."""

    kind: str
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MovingLimit:
    """A limit that moves: the PromQL of it, the unit of its value, and why it may give nothing."""

    expr: str
    unit: Unit
    empty: str


class Condition(Statement):
    """A statement that is true where an alert shall fire."""

    symptom: ClassVar[Symptom | None] = None
    """What it watches, by which objectives and built-in panels know it: a member of `model.alerts.Symptom`.

    EVENTS for a count of events or a share of them, QUANTILE, MEAN, LEVEL for where a gauge stands, USE for a share of
    a limit, PROBE for a check from outside, ABSENCE for series that are gone, which then mute what reads them. None
    where it is something else, such as how many series there are, or how fast something changes.
    """

    authored: ClassVar[bool] = False
    """Whether its expression is the author's own PromQL, whose series may carry labels that no signal knows."""

    lineless: ClassVar[str] = ""
    """Why its panel may show no line, where it gives neither a threshold nor a moving limit."""

    per_environment: ClassVar[bool] = False
    """Whether the condition must be asked for each environment by name, as absence must."""

    heartbeat: ClassVar[bool] = False
    """Whether it is true all the time, so that its silence shows that nobody is notified any more."""

    per: tuple[KeyName, ...] = ()
    """The labels whose values are watched one by one, by their keys in the profile; `instance` always works. Without it
    all series are watched together.
    """

    @property
    def shown_by(self) -> tuple[KeyName, ...]:
        """List the labels whose values its panel shows one by one: what it judges or compares one by one."""
        return self.per

    def check(self, signal: Signal, diagnostics: Diagnostics) -> None:
        """Check the condition against its signal; diagnostics carry the author's line."""
        super().check(signal, diagnostics)
        metrics = [signal.metrics[role] for role in self.roles(signal).values() if role in signal.metrics]
        for index, role in enumerate(self.per):
            if role in self.per[:index]:
                diagnostics.add(
                    self.span("per", index), "spec/duplicate-entry", f'"{role}" stands here twice', "remove one of them"
                )
            if not self._check_label(index, role, signal, diagnostics):
                continue
            for metric in metrics:
                self._check_carries(metric, role, self.span("per", index), diagnostics)
        for field in ("window", "hold"):
            window = getattr(self, field, None)
            if isinstance(window, Duration):
                self._check_window(field, window, signal, diagnostics)

    def _check_label(self, index: int, role: str, signal: Signal, diagnostics: Diagnostics) -> bool:
        known = (INSTANCE, *signal.labels)
        if role not in known:
            diagnostics.add(
                self.span("per", index),
                "label/unknown",
                f'"{role}" is not a label of signal "{signal.key}"',
                choose(role, known),
            )
            return False
        if signal.labels.get(role, role) in RESERVED_LABELS:
            what = f'label "{signal.labels[role]}" would overwrite a label of the alert itself'
            diagnostics.add(
                self.span("per", index),
                "label/reserved",
                what,
                "rename it in the scrape configuration and in the signal",
            )
        return True

    def _check_carries(self, metric: Metric, role: str, span: Span, diagnostics: Diagnostics) -> None:
        if role != INSTANCE and role not in metric.labels:
            diagnostics.add(
                span,
                "label/not-on-metric",
                f'metric "{metric.name}" carries no label "{role}"',
                choose(role, metric.labels, none="remove it"),
            )

    def _check_window(self, field: str, window: Duration, signal: Signal, diagnostics: Diagnostics) -> None:
        shortest = signal.scrape_interval.times(4)
        if window < shortest:
            what = (
                f"a window of {window} holds fewer than four samples at a scrape interval of {signal.scrape_interval}"
            )
            diagnostics.add(self.span(field), "condition/window-too-short", what, f"use {shortest} or more")

    @abstractmethod
    def expression(self, signal: Signal, scale: TimeScale) -> str:
        """Build the PromQL that is true where the alert shall fire."""

    @abstractmethod
    def sentence(self, signal: Signal) -> str:
        """Say in English when it is true, without a full stop: `More than 1% of requests are 5xx over 5m`."""

    @abstractmethod
    def default_view(self, signal: Signal) -> DefaultView | None:
        """Say what the panel shows that is made where nobody wrote one; None where nothing is to be seen.

        It is written as an author would write the view in a panel. What is watched one by one is shown one by one:
        lowering sets the view's `by` to the condition's `per`. The other views aggregate by these labels; `promql`
        only names its series by them, so its expression must keep them itself, as `own_grouping` lists them. No view
        counts series; where that is watched, give a `promql` view.
        """

    def threshold(self, signal: Signal) -> Threshold | None:
        """Give the line to draw on a panel; None where there is no such line.

        `lower/dashboards/default_view.py` checks it, and names the file of a condition that breaks a rule:

        - Its unit has the dimension of what the default view shows (a view of seconds can draw 500 ms, not 5%).
        - It is not below 0, where panels begin; where the view shows a share, it is not above 1.
        - It stands first in `lines`.
        - Where it is None, a limit that moves, a view with words for its values, or `lineless` takes its place.
        """
        return None

    def lines(self, signal: Signal) -> tuple[Threshold, ...]:
        """Give the same line in every dimension in which a panel may show what is watched, the threshold first."""
        threshold = self.threshold(signal)
        return () if threshold is None else (threshold,)

    def moving_limit(self, signal: Signal) -> MovingLimit | None:
        """Give the limit to draw where it is no fixed line, since it changes with time; the signal is narrowed."""
        return None

    def reading(self, signal: Signal) -> Reading | None:
        """Say how the expression's value reads; None where the value says nothing."""
        return None

    @abstractmethod
    def example(self, signal: Signal, scale: TimeScale) -> Example:
        """Give series that show the condition false, nearly true, true and recovering."""

    # What the kinds share.

    def grouping(self, signal: Signal) -> tuple[str, ...]:
        """List the labels that every aggregation keeps, target labels first."""
        return (*TARGET_LABELS, *self.own_grouping(signal))

    def own_grouping(self, signal: Signal) -> tuple[str, ...]:
        """List the labels that it keeps beside the target labels, by their real names."""
        return tuple(sorted(signal.labels.get(role, role) for role in self.per))

    def check_type(self, signal: Signal, diagnostics: Diagnostics, field: str, *types: MetricType) -> Metric | None:
        """Check the metric that `field` names against a type; no condition reads native histograms."""
        metric = super().check_type(signal, diagnostics, field, *types)
        return self.require_classic(metric, diagnostics, field)

    def check_class(self, signal: Signal, diagnostics: Diagnostics, field: str, *, metric: str) -> None:
        """Check the class that `field` names against what it can tell; its label is not watched one by one."""
        super().check_class(signal, diagnostics, field, metric=metric)
        telling = signal.classes.get(getattr(self, field) or "")
        roles = [role for role in self.per if telling is not None and signal.labels.get(role) == telling.matcher.label]
        if roles:
            name = getattr(self, field)
            what = f'class "{name}" is recognised by label "{roles[0]}", so nothing can be watched by it one by one'
            diagnostics.add(self.span("per"), "label/cannot-group", what, f'remove "{roles[0]}" from "per"')

    def check_share(self, diagnostics: Diagnostics, field: str, share: Quantity) -> None:
        """Require a share that can be exceeded, but is not always."""
        ratio = share.to(Unit.RATIO)
        if ratio <= 0:
            diagnostics.add(
                self.span(field),
                "condition/threshold-makes-no-sense",
                f"a share above {share} is reached by next to nothing",
                "write more than 0%",
            )
        elif ratio >= 1:
            diagnostics.add(
                self.span(field),
                "condition/threshold-makes-no-sense",
                f"a share can never be above {share}",
                "write less than 100%",
            )

    def check_one_of(self, diagnostics: Diagnostics, first: str, second: str) -> bool:
        """Require exactly one of two fields."""
        given = [field for field in (first, second) if getattr(self, field) is not None]
        if len(given) == 1:
            return True
        if given:
            what, todo = f'"{first}" and "{second}" exclude each other', "remove one of the two"
            last = max(given, key=list(self.node).index)  # in an override, the one that it adds
            diagnostics.add(self.span(last, key=True), "spec/either-or", what, todo)
        else:
            diagnostics.add(
                self.span("kind"),
                "spec/either-or",
                f'{self.kind} needs either "{first}" or "{second}"',
                "write one of the two",
            )
        return False

    def warn(self, diagnostics: Diagnostics, field: str, code: str, what: str, todo: str) -> None:
        """Note something that compiles, but that its author would want to know."""
        diagnostics.add(self.span(field), code, what, todo, level=DiagnosticLevel.WARNING)


def class_matchers(signal: Signal, name: str | None) -> tuple[Matcher, ...]:
    """Return the matcher of a class; none for None."""
    return () if name is None else (signal.classes[name].matcher,)


def capitalised(noun: str) -> str:
    """Begin a sentence with a noun, and leave the rest of it alone: `CPU cores` stays so."""
    return noun[:1].upper() + noun[1:]


def with_floor(expr: str, counted: str, floor: Quantity | None) -> str:
    """Ask for a least number of events as well, where there is a floor."""
    return expr if floor is None else f"{expr} and {counted} >= {decimal_text(floor.number)}"


def floor_words(floor: Quantity | None, events: str = "of them") -> str:
    """Say the floor in brackets; empty where there is none."""
    return "" if floor is None else f" (at least {floor} {events})"


def floor_number(floor: Quantity | None) -> Decimal:
    """Return how many events an example needs at least."""
    return floor.number if floor else Decimal(1)


def listed(words: Sequence[str], conjunction: str) -> str:
    """Write a list in English: `a, b or c`."""
    *rest, last = words
    return f"{', '.join(rest)} {conjunction} {last}" if rest else last


def exceed(unit: Unit) -> str:
    """Say how events exceed a limit: what is timed takes more than it, anything else is above it."""
    return "take more than" if unit.dimension is Dimension.TIME else "are above"


def per_words(condition: Condition, signal: Signal) -> str:
    """Say what is watched one by one, by its label: ` per endpoint`; empty where all is watched together."""
    labels = [signal.labels.get(role, role) for role in condition.per]
    return f" per {' and '.join(labels)}" if labels else ""
