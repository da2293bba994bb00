"""Narrow signals to what a reader has chosen: an environment, a cluster, and labels that alerts lead with."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from watchbill.conditions.base import INSTANCE
from watchbill.lower.dashboards.alert_panel import AlertPanel
from watchbill.model.bundle import Environment
from watchbill.model.dashboards import Panel, Variable
from watchbill.model.signals import UP, Signal
from watchbill.naming import TARGET_LABELS
from watchbill.promql import Matcher, selector

# One environment at a time: numbers of staging must never be read as production's.
PLACE = (Matcher("cluster", "=~", "$cluster"), Matcher("env", "=", "$env"))


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a dashboard's variables choose: `labels` beside the place; `targets` is the signal of what is scraped."""

    environments: tuple[Environment, ...]
    labels: tuple[str, ...]
    targets: Signal

    def __call__(self, signal: Signal) -> Signal:
        """Narrow a signal."""
        own = (Matcher(INSTANCE, "=~", f"${INSTANCE}"),) if INSTANCE in self.labels else ()
        roles = {role: label for role, label in signal.labels.items() if label in self.labels}
        chosen = {role: Matcher(label, "=~", f"${label}") for role, label in roles.items()}
        return replace(signal.within(*PLACE, *own), chosen=chosen)

    def variables(self, alert_panels: Iterable[AlertPanel]) -> tuple[Variable, ...]:
        """List the variables; Prometheus knows the values of labels, the spec those of places."""
        found = list(places(self.environments))
        carriers = {label: alert_panel for alert_panel in alert_panels for label in alert_panel.alert.grouping}
        for label in self.labels:
            series = selector(UP.name, self.targets.within(*PLACE).matchers)
            if label in carriers and label not in {INSTANCE, "job"}:
                series = _carrying(label, carriers[label]) or series
            found.append(Variable(label, label, query=f"label_values({guard(series)}, {label})", every=True))
        return tuple(found)


def _carrying(label: str, alert_panel: AlertPanel) -> str:
    """Select a metric of an alert that carries a label; nothing where only the author's PromQL knows it."""
    signal = alert_panel.signal.within(*PLACE)
    roles = {role for role, name in signal.labels.items() if name == label}
    metrics = (m for m in signal.metrics.values() if m.role in alert_panel.alert.metrics and roles & set(m.labels))
    metric = next(metrics, None)
    return "" if metric is None else signal.select(metric, suffix=metric.type_suffix)


def places(environments: Iterable[Environment]) -> tuple[Variable, Variable]:
    """Make the variables of the place; an environment that pages comes first."""
    known = sorted(environments, key=lambda environment: not environment.pages)
    clusters = sorted({cluster for environment in known for cluster in environment.clusters})
    return (
        Variable("env", "Environment", tuple(environment.name for environment in known)),
        Variable("cluster", "Cluster", tuple(clusters), every=True),
    )


def labels_of(alert_panels: Iterable[AlertPanel]) -> tuple[str, ...]:
    """List the labels that alerts lead with, the instance first."""
    found = {label for alert_panel in alert_panels for label in alert_panel.alert.grouping} - set(TARGET_LABELS)
    return tuple(sorted(found | {INSTANCE}, key=lambda label: (label != INSTANCE, label)))


def guarded(panel: Panel) -> Panel:
    """Keep Grafana from reading variables in what an author wrote."""
    return replace(panel, queries=tuple(replace(query, expr=guard(query.expr)) for query in panel.queries))


def guard(expr: str) -> str:
    """Write `$` by its number in every string of an expression that is not a variable of ours.

    A variable of ours is the whole value of the label that it is named for. Grafana would put its own values in for
    whatever else looks like one, and knows no escape; PromQL does.
    """
    return _STRING.sub(lambda found: found[0] if found["ours"] else _plain(found[0]), expr)


_STRING = re.compile(r'(?P<ours>\b(?P<label>\w+)=~?"\$(?P=label)")|"(?:[^"\\]|\\.)*"')


def _plain(literal: str) -> str:
    return literal.replace("$", "\\x24").replace("[[", "[\\x5b")
