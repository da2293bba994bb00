"""The alerts of an objective: its budget burns too fast, its indicator is missing, its events cannot be told apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from watchbill import naming
from watchbill.conditions.base import listed
from watchbill.conditions.example_series import Group, PhaseLevels, below_and_above, counters, steady
from watchbill.lower.dashboards import AlertPanel
from watchbill.lower.recordings import patience
from watchbill.lower.slo import Objective
from watchbill.model.alerts import Alert, AnnotationQuery, Display, Reading, Rule, Severity, Stage, Symptom
from watchbill.model.bundle import Environment, Platform
from watchbill.model.burnrate import BurnTier
from watchbill.model.examples import GONE, LOOKBACK, Example, ExampleSeries, Firing, SamplePattern
from watchbill.model.signals import Metric, Signal
from watchbill.model.slo import OVERLAP, STEPPED_FROM
from watchbill.naming import TARGET_LABELS
from watchbill.promql import Matcher, aggregate, over, pretty
from watchbill.quantity import Duration, TimeScale, decimal_text, words

UNLABELLED_OVER = UNLABELLED_FOR = Duration.parse("5m")
BUDGET_LEFT, EXHAUSTED_IN = Decimal("0.42"), Decimal(93784)  # in example series: 42%, 1d 2h 3m 4s


def slo_alerts(
    objective: Objective,
    others: Iterable[Alert],
    environments: Iterable[Environment],
    *,
    platform: Platform,
    scale: TimeScale,
) -> tuple[AlertPanel, ...]:
    """List an objective's alerts: a page and a ticket for its tiers, and what tells that it is blind.

    `others` are the service's own alerts, of which the page covers those that read what the indicator reads.
    """
    slo = objective.slo
    page, ticket, missing, unlabelled = naming.slo_alerts(slo.name)
    found: list[AlertPanel] = []

    def add(alert: Alert, word: str, signal: Signal = objective.signal) -> None:
        found.append(AlertPanel(alert, signal, naming.SLO_DASHBOARD, naming.slo_panel(word, slo.title)))

    for name, severity in ((page, Severity.P0), (ticket, Severity.P1)):
        tiers = tuple(tier for tier in slo.tiers if tier.severity == severity.value)
        if tiers:
            burn = _burn(objective, name, severity, tiers, scale)
            if severity is Severity.P0:
                kept, quiet = platform.keep_firing_for, _suppressed(objective, others)
                burn = replace(burn, keep_firing_for=kept, suppresses=quiet)
            add(burn, "Burn rate")
    paging_places = [environment for environment in environments if environment.pages]
    if paging_places:
        add(_missing(objective, missing, paging_places, scale), "Coverage")
    class_label = objective.linked.spec.sli.class_label(objective.linked.signal)
    if class_label is not None:
        add(_unlabelled(objective, unlabelled, *class_label, scale), "Events", objective.linked.signal)
    return tuple(found)


def _suppressed(objective: Objective, others: Iterable[Alert]) -> tuple[str, ...]:
    """Name the P1 and Info that tell of what the page tells of."""
    sli, signal = objective.linked.spec.sli, objective.linked.signal
    if objective.linked.spec.stage != "live":
        return ()
    own = set(objective.slo.grouping)  # a page of one group does not speak for the others
    here = (alert for alert in others if alert.subject == signal.key and own <= set(alert.grouping))
    quiet = (alert for alert in here if alert.severity is not Severity.P0)
    return tuple(sorted(alert.name for alert in quiet if sli.suppresses(alert, signal)))


def _burn(objective: Objective, name: str, severity: Severity, tiers: tuple[BurnTier, ...], scale: TimeScale) -> Alert:
    slo, recorder = objective.slo, objective.recorder
    burns = " or ".join(_tier(objective, tier, scale) for tier in tiers)
    expr = pretty(aggregate("max", recorder.grouping, burns))
    per = f" per {listed(slo.grouping, 'and')}" if slo.grouping else ""
    said = " or ".join(_tier_words(tier, slo.period) for tier in tiers)
    floor = "" if slo.timed else f", with at least {decimal_text(slo.min_bad_events)} bad {slo.events} in that time"
    allowed = f"{words.share(slo.budget)} of {slo.events} in {slo.period.words()}"
    return Alert(
        name=name,
        kind="burn_rate",
        service=slo.service,
        subject=slo.name,
        severity=severity,
        rules=(Rule(expr=expr, place=(), example=_burning(objective, tiers)),),
        grouping=slo.grouping,
        for_=Duration(0),
        reading=Reading(
            Display.PERCENT,
            f" of {slo.events} were bad over its long window (objective: {words.share(slo.objective)} good)",
        ),
        sentence=f"The error budget of {allowed}{per} burns faster than {said}{floor}.",
        summary=f"{slo.title}: the error budget burns {'fast' if severity is Severity.P0 else 'too fast'}",
        impact=objective.linked.spec.impact,
        action=objective.linked.spec.action,
        source="slo",
        stage=Stage(objective.linked.spec.stage),
        slo=slo.name,
        area=naming.slo_area(slo.name),
        asked=_asked(objective),
        origin=slo.origin,
    )


def _tier(objective: Objective, tier: BurnTier, scale: TimeScale) -> str:
    recorded = objective.recorder.recorded
    above = decimal_text(tier.above)
    burning = " and ".join(
        f"{recorded(naming.slo_error_ratio(window))} > {above}" for window in (tier.long, tier.short)
    )
    slo = objective.slo
    if slo.timed or not slo.min_bad_events:
        return f"({burning})"
    # Every five minutes would be cheaper for all, and a total outage would page up to five minutes later.
    bad = f"sum_over_time({recorded(naming.SLO_ERRORS)}[{scale(tier.long)}]) / {OVERLAP}"
    if tier.long >= STEPPED_FROM:
        bad = objective.recorder.stepped(naming.SLO_ERRORS_ONCE, tier.long)
    return f"({burning} and {bad} >= {decimal_text(slo.min_bad_events)})"


def _tier_words(tier: BurnTier, period: Duration) -> str:
    """Say how fast a tier is by what its rate costs; how much is gone by now depends on the traffic before."""
    lasts = words.roughly(tier.exhausts_in(period))
    return f"{words.factor(tier.factor)} over {tier.long.words()} and {tier.short.words()} (all of it in {lasts})"


def _asked(objective: Objective) -> tuple[AnnotationQuery, ...]:
    """Say how much of the budget is left, and when it will be used up."""
    matchers = objective.signal.matchers
    labels = objective.recorder.grouping
    fastest = min(tier.long for tier in objective.slo.tiers)
    return (
        AnnotationQuery(" Budget left: ", naming.SLO_BUDGET_LEFT, matchers, labels, Display.PERCENT, BUDGET_LEFT, "."),
        AnnotationQuery(
            f" At the rate of the last {fastest.words()} it is used up in ",
            naming.SLO_EXHAUSTED_IN,
            matchers,
            labels,
            Display.DURATION,
            EXHAUSTED_IN,
            ".",
        ),
    )


def _burning(objective: Objective, tiers: tuple[BurnTier, ...]) -> Example:
    """Move the recorded ratios of the first tier past its threshold, and all others just short of theirs."""
    first = tiers[0]
    below, above = below_and_above(first.above, ceiling=Decimal(1))
    phase_levels_by_window: dict[Duration, PhaseLevels] = {}
    for tier in tiers:
        for window in (tier.long, tier.short):
            phase_levels_by_window.setdefault(window, PhaseLevels(Decimal(0), tier.above * Decimal("0.9"), Decimal(0)))
    phase_levels_by_window |= dict.fromkeys((first.long, first.short), PhaseLevels(Decimal(0), below, above))
    series = {naming.slo_error_ratio(window): phase_levels for window, phase_levels in phase_levels_by_window.items()}
    series[naming.SLO_ERRORS] = steady(objective.slo.min_bad_events * OVERLAP)
    series[naming.SLO_ERRORS_ONCE] = steady(objective.slo.min_bad_events)
    series[naming.SLO_BUDGET_LEFT], series[naming.SLO_EXHAUSTED_IN] = steady(BUDGET_LEFT), steady(EXHAUSTED_IN)
    examples = {label: objective.signal.examples[role] for role, label in objective.signal.labels.items()}
    shown = [_example_series(name, examples, phase_levels) for name, phase_levels in series.items()]
    if examples:
        other = {label: f"{value}-other" for label, value in examples.items()}
        shown += [_example_series(name, other, steady(phase_levels.healthy)) for name, phase_levels in series.items()]
    firing = Firing(tuple(sorted(examples.items())), above)
    zero = Duration(0)
    return Example(tuple(shown), (firing,), history=zero, settles=zero, clears=zero)


def _example_series(name: str, labels: Mapping[str, str], phase_levels: PhaseLevels) -> ExampleSeries:
    healthy, below, above = (
        SamplePattern(level=level) for level in (phase_levels.healthy, phase_levels.just_below, phase_levels.firing)
    )
    return ExampleSeries(name, tuple(sorted(labels.items())), healthy, below, above)


def _missing(objective: Objective, name: str, environments: Iterable[Environment], scale: TimeScale) -> Alert:
    slo = objective.slo
    rules = []
    for place in ((env.name, cluster) for env in environments for cluster in env.clusters):
        there = (Matcher("env", "=", place[0]), Matcher("cluster", "=", place[1]))
        signal = objective.signal.within(*there)
        gone = " or ".join(f"absent({signal.select(signal.metrics[role])})" for role in ("events", "errors"))
        expr = pretty(aggregate("max", TARGET_LABELS, gone))
        rules.append(Rule(expr=expr, place=(("cluster", place[1]), ("env", place[0])), example=_vanishing(scale)))
    spec = objective.linked.spec
    waits = spec.missing_after or patience(slo.budget, slo.period)
    bound = f", or has more than {decimal_text(spec.groups.number)} groups" if slo.grouping else ""
    return Alert(
        name=name,
        kind="sli_missing",
        symptom=Symptom.ABSENCE,
        service=slo.service,
        subject=slo.name,
        severity=Severity.P1,
        rules=tuple(rules),
        for_=scale(waits),
        sentence=f"Nothing tells good {slo.events} from bad ones any more{bound}, and this lasts for {waits.words()}.",
        summary=f"{slo.title}: the indicator is missing",
        impact="The budget is not counted, and its page cannot fire",
        action=(
            f"Look whether the metrics of {slo.signal} are there, with the labels, values and bucket edges that the "
            "page of metrics lists; a renamed label or edge is the usual cause"
            f"{', and a new group is one too (raise groups)' if slo.grouping else ''}."
        ),
        source="slo",
        stage=Stage(objective.linked.spec.stage),
        slo=slo.name,
        area=naming.slo_area(slo.name),
        origin=slo.origin,
    )


def _vanishing(scale: TimeScale) -> Example:
    """Let the errors vanish alone, or else the events."""
    there, zero = SamplePattern(level=Decimal(1)), Duration(0)
    firing = (Firing((), Decimal(1)),)

    def without(gone: str) -> Example:
        names = (naming.SLO_EVENTS, naming.SLO_ERRORS)
        shown = tuple(ExampleSeries(name, (), there, there, GONE if name == gone else there) for name in names)
        return Example(shown, firing, history=zero, settles=scale(LOOKBACK), clears=zero, without_data=True)

    return replace(without(naming.SLO_ERRORS), alternatives=(without(naming.SLO_EVENTS),))


def _unlabelled(objective: Objective, name: str, metric: Metric, label: str, scale: TimeScale) -> Alert:
    slo, source, window = objective.slo, objective.linked.signal, scale(UNLABELLED_OVER)
    series = over("increase", source.select(metric, Matcher(label, "=", "")), window)
    phase_levels = PhaseLevels(Decimal(0), Decimal(0), Decimal(2))
    shown = tuple(counters(source, metric, Group({}, at_fault=True), phase_levels, own={label: ""}))
    example = Example(shown, (Firing((), phase_levels.firing * window.seconds),), window, window, window)
    return Alert(
        name=name,
        kind="unlabelled",
        service=slo.service,
        subject=source.key,
        severity=Severity.P1,
        rules=(Rule(expr=pretty(f"{aggregate('sum', TARGET_LABELS, series)} > 0"), place=(), example=example),),
        for_=scale(UNLABELLED_FOR),
        sentence=f"There are {slo.events} without the label {label}, and this lasts for {UNLABELLED_FOR.words()}.",
        summary=f"{slo.title}: good and bad events cannot be kept apart",
        impact="They count as good, so the objective looks better than it is",
        action=f"Find what exports {metric.name} without {label}, most likely the last deploy, and mend it.",
        source="slo",
        stage=Stage(objective.linked.spec.stage),
        slo=slo.name,
        area=naming.slo_area(slo.name),
        metrics=(metric.role,),
        origin=slo.origin,
    )
