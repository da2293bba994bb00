"""Panels of objectives: those of each on its own, and the table of all, worst first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from watchbill import naming
from watchbill.lower.dashboards.alert_panel import AlertPanel, runbooks, shown_on
from watchbill.lower.dashboards.narrow import PLACE
from watchbill.lower.slo import Objective
from watchbill.model.alerts import Direction
from watchbill.model.burnrate import BurnTier
from watchbill.model.dashboards import RATE_INTERVAL, Column, Line, LineLevel, Look, Panel, Query, State
from watchbill.model.slo import OVERLAP, SAMPLED, Slo
from watchbill.naming import TARGET_LABELS
from watchbill.promql import Matcher, aggregate, selector
from watchbill.quantity import Duration, Quantity, Unit, decimal_text, words

FIRING = (
    State(0, "QUIET", LineLevel.GOOD),
    State(1, "PENDING", LineLevel.WARNING),
    State(2, "FIRING", LineLevel.CRITICAL),
)
BUDGET_GONE = Line(Decimal(0), LineLevel.CRITICAL, Direction.BELOW, "the budget is used up")
_DETAILS = ("Burn rate", "SLI", "Budget left", "Events", "Coverage", "Alerts")


def detail_panels(objective: Objective, alert_panels: tuple[AlertPanel, ...]) -> tuple[Panel, ...]:
    """Show one objective: how fast its budget burns first, then the indicator, the budget, and what they rest on."""
    details = _Details(objective, alert_panels)
    return (
        details.burn_rate(),
        details.indicator(),
        details.budget_left(),
        details.events(),
        details.coverage(),
        details.alerts(),
    )


class _Details:
    """The panels of one objective."""

    def __init__(self, objective: Objective, alert_panels: tuple[AlertPanel, ...]) -> None:
        self.objective = objective
        self.slo = objective.slo
        self.alert_panels = alert_panels

    def burn_rate(self) -> Panel:
        """Draw the burn rate over the windows of each tier, and a line at each tier's factor."""
        here = self._leading("Burn rate")
        windows = sorted({window for tier in self.slo.tiers for window in (tier.long, tier.short)})
        queries = tuple(self._query(self._burning(window), str(window)) for window in windows)
        lines = tuple(self._tier_line(tier, here) for tier in self.slo.tiers)
        text = (
            "How fast the error budget burns; at 1 it lasts exactly the period. A page or a ticket is sent where both "
            "windows of a tier are above its factor."
        )
        return self._panel("Burn rate", text, Unit.TIMES, queries, lines=lines, alert_panels=here)

    def _burning(self, window: Duration) -> str:
        ratio = self._recorded(naming.slo_error_ratio(window))
        return f"{ratio} / {decimal_text(self.slo.budget)}"

    def _tier_line(self, tier: BurnTier, alert_panels: Iterable[AlertPanel]) -> Line:
        said = f"{words.factor(tier.factor)} over {tier.long} and {tier.short}"
        value = Quantity(tier.factor, Unit.TIMES)
        alert_panel = next(
            (alert_panel for alert_panel in alert_panels if alert_panel.alert.severity.value == tier.severity), None
        )
        if alert_panel is None:
            return Line(tier.factor, LineLevel.INFO, Direction.ABOVE, said)
        return alert_panel.fixed(value, said)

    def indicator(self) -> Panel:
        """Draw the share of good events over the shortest and the longest window, and the objective."""
        windows = sorted({window for tier in self.slo.tiers for window in (tier.long, tier.short)})
        shown = (windows[0], windows[-1])
        queries = tuple(self._query(f"1 - {self._recorded(naming.slo_error_ratio(w))}", str(w)) for w in shown)
        objective = words.share(self.slo.objective)
        line = Line(self.slo.objective, LineLevel.GOAL, Direction.BELOW, f"objective: {objective}")
        text = f"The share of {self.slo.events} {self.slo.good}; {objective} is the objective."
        return self._panel("SLI", text, Unit.RATIO, queries, lines=(line,))

    def budget_left(self) -> Panel:
        """Draw what is left of the budget."""
        left = self._query(self._recorded(naming.SLO_BUDGET_LEFT), "left")
        text = (
            f"What is left of the error budget of the last {self.slo.period.words()}. It grows again as bad times "
            "leave the period."
        )
        return self._panel("Budget left", text, Unit.RATIO, (left,), lines=(BUDGET_GONE,))

    def events(self) -> Panel:
        """Draw good and bad events, and those that cannot be told apart."""
        here = self._leading("Events")
        per_minute = "" if self.slo.timed else f" / {OVERLAP}"
        events, errors = (self._recorded(name) for name in (naming.SLO_EVENTS, naming.SLO_ERRORS))
        noun = self.slo.events
        queries = [
            self._query(f"({events} - {errors}){per_minute}", f"good {noun}"),
            self._query(f"{errors}{per_minute}", f"bad {noun}"),
        ]
        class_label = self.objective.linked.spec.sli.class_label(self.objective.linked.signal)
        if class_label is not None:
            metric, label = class_label
            source = self.objective.linked.signal.within(*PLACE)
            bare = source.select(metric, Matcher(label, "=", ""))
            lost = aggregate("sum", TARGET_LABELS, f"rate({bare}[{RATE_INTERVAL}])")
            empty = f"a service in order exports no {noun} without the label {label}"
            queries.append(Query(f"60 * {lost}", f"{noun} without {label}", empty=empty))
        lines = (
            [
                alert_panel.fixed(Quantity(Decimal(0), Unit.PER_MINUTE), f"any without {class_label[1]}")
                for alert_panel in here
            ]
            if class_label
            else []
        )
        unit = Unit.COUNT if self.slo.timed else Unit.PER_MINUTE
        text = f"What is counted: good are {noun} {self.slo.good}."
        return self._panel("Events", text, unit, tuple(queries), lines=tuple(lines), alert_panels=here)

    def coverage(self) -> Panel:
        """Draw how much of the period was recorded, and whether the indicator is there."""
        here = self._leading("Coverage")
        there = [
            Query(f"clamp_max(count({self._recorded(name)}), 1) or vector(0)", f"{word} are recorded")
            for name, word in ((naming.SLO_EVENTS, "events"), (naming.SLO_ERRORS, "errors"))
        ]
        coverage = Query(self.objective.recorder.recorded(naming.SLO_COVERAGE), "of the period is recorded")
        lines = tuple(
            alert_panel.fixed(Quantity(Decimal(1), Unit.RATIO), "the indicator is missing below", Direction.BELOW)
            for alert_panel in here
        )
        text = "Whether the indicator is counted now, and how much of the period its history covers."
        return self._panel(
            "Coverage", text, Unit.RATIO, (*there, coverage), lines=lines, alert_panels=here, highest=Decimal(1)
        )

    def alerts(self) -> Panel:
        """Show when its alerts were pending and firing."""
        names = sorted(
            alert_panel.alert.name for alert_panel in self.alert_panels if alert_panel.alert.slo == self.slo.name
        )
        alive = f"0 * max({self.objective.recorder.recorded(naming.SLO_COVERAGE)})"
        queries = tuple(Query(f"{self._state(name)} or {alive}", name) for name in names)
        text = "When the alerts of this objective were pending and firing; nothing is shown while nothing is recorded."
        return self._panel("Alerts", text, Unit.COUNT, queries, states=FIRING)

    def _state(self, name: str) -> str:
        own = (Matcher("alertname", "=", name), Matcher("service", "=", self.slo.service), *PLACE)
        firing, pending = (
            selector("ALERTS", (*own, Matcher("alertstate", "=", state))) for state in ("firing", "pending")
        )
        return f"max(2 * {firing}) or max({pending})"

    def _recorded(self, name: str) -> str:
        own = (Matcher(label, "=", value) for label, value in self.slo.labels)
        chosen = (Matcher(label, "=~", f"${label}") for label in self.slo.grouping)
        return selector(name, (*own, *chosen, *PLACE))

    def _query(self, expr: str, word: str) -> Query:
        groups = "".join(f"{{{{{label}}}}} " for label in self.slo.grouping)
        return Query(expr, f"{groups}{word}")

    def _leading(self, word: str) -> tuple[AlertPanel, ...]:
        return shown_on(self.alert_panels, naming.SLO_DASHBOARD, naming.slo_panel(word, self.slo.title))

    def _panel(  # noqa: PLR0913 (the parts of a panel)
        self,
        word: str,
        text: str,
        unit: Unit,
        queries: tuple[Query, ...],
        *,
        lines: tuple[Line, ...] = (),
        alert_panels: tuple[AlertPanel, ...] = (),
        states: tuple[State, ...] = (),
        highest: Decimal | None = None,
    ) -> Panel:
        title = naming.slo_panel(word, self.slo.title)
        return Panel(
            id=naming.panel_id(title),
            title=title,
            text=text,
            look=Look.STATES if states else Look.LINES,
            unit=unit,
            queries=queries,
            interval=SAMPLED,
            lines=tuple(sorted(lines, key=lambda line: (line.value, line.text))),
            states=states,
            highest=highest,
            alerts=tuple(alert_panel.alert.id for alert_panel in alert_panels),
            links=runbooks(alert_panels),
        )


def fastest_burning(slos: Iterable[Slo], matchers: Sequence[Matcher]) -> str:
    """Build the burn rates over the shortest long window of each objective; `or` takes the first that there is."""
    windows = sorted({min(tier.long for tier in slo.tiers) for slo in slos})
    return " or ".join(selector(naming.slo_burn_rate(window), (*matchers, *PLACE)) for window in windows)


def objectives_table(title: str, slos: Sequence[Slo], matchers: Iterable[Matcher]) -> Panel:
    """List objectives with their budgets, the worst first; of an objective per group its worst group."""
    own = tuple(matchers)
    by = ("service", "slo", "env", "cluster")
    once = "on (service, slo, sli) group_left ()"
    left = selector(naming.SLO_BUDGET_LEFT, (*own, *PLACE))
    objective = selector(naming.SLO_OBJECTIVE, own)
    budget = f"({left}) * {once} (1 - {objective})"
    minutes = " or ".join(
        f"{decimal_text(period.seconds / 60)} * ({budget} and on (service, slo, sli) "
        f"{selector(naming.SLO_INFO, (*own, Matcher('period', '=', str(period))))})"
        for period in sorted({slo.period for slo in slos})
    )
    burning = fastest_burning(slos, own)
    exhausted = selector(naming.SLO_EXHAUSTED_IN, (*own, *PLACE))
    columns = (
        ("Objective", Unit.RATIO, f"max by ({', '.join(by)}) (0 * {left} + {once} {objective})", ""),
        ("Budget left", Unit.RATIO, aggregate("min", by, left), ""),
        ("Minutes left", Unit.COUNT, aggregate("min", by, minutes), ""),
        ("Burn rate", Unit.TIMES, aggregate("max", by, burning), ""),
        ("Used up in", Unit.SECONDS, aggregate("min", by, exhausted), "a budget that is not burning lasts"),
    )
    return Panel(
        id=naming.panel_id(title),
        title=title,
        text=(
            "Every objective, the worst budget first. Minutes are those of a total outage that are left; a burn rate "
            "above 1 uses the budget up before the period ends, at the present pace in the time of the last column."
        ),
        look=Look.TABLE,
        unit=Unit.RATIO,
        queries=tuple(Query(expr, name, unit=unit, instant=True, empty=empty) for name, unit, expr, empty in columns),
        interval=SAMPLED,
        lines=(BUDGET_GONE,),
        columns=tuple(Column(label, {"slo": "SLO"}.get(label, label.capitalize())) for label in by),
        sort="Budget left",
    )
