"""Turn an objective into what the Bundle holds of it: its recordings, and the signal that these are."""

from __future__ import annotations

from dataclasses import dataclass

from watchbill import naming
from watchbill.link.linked import LinkedService, LinkedSlo
from watchbill.lower.recordings import Recorder
from watchbill.model.pages import Citation
from watchbill.model.signals import Metric, MetricType, Signal
from watchbill.model.slo import Slo
from watchbill.promql import Matcher
from watchbill.quantity import TimeScale, Unit, words
from watchbill.sli.base import grouping


@dataclass(frozen=True, slots=True)
class Objective:
    """An objective as it is emitted, and its recorded series as a signal, whose key is the subject of its alerts."""

    slo: Slo
    signal: Signal
    recorder: Recorder
    linked: LinkedSlo


def lower_slo(linked: LinkedSlo, service: LinkedService, scale: TimeScale) -> Objective:
    """Lower one objective, with all durations in expressions under `scale`."""
    spec, signal = linked.spec, linked.signal
    objective = spec.objective.to(Unit.RATIO)
    labels = grouping(spec.per, signal)
    own = {"service": service.spec.service, "slo": linked.name}
    draft = Recorder(
        sli=spec.sli,
        signal=signal,
        plan=linked.plan,
        objective=objective,
        period=spec.period,
        grouping=labels,
        most_groups=spec.groups.number,
        per=bool(spec.per),
        labels=tuple(own.items()),
        info=_info(linked, service),
        scale=scale,
    )
    identity = (*own.items(), ("sli", naming.definition(draft.definition())))
    recorder = draft.named(identity)
    slo = Slo(
        name=linked.name,
        service=service.spec.service,
        title=spec.title,
        kind=spec.sli.kind,
        signal=signal.key,
        objective=objective,
        period=spec.period,
        timed=spec.sli.timed,
        events=spec.sli.event(signal),
        good=spec.sli.good(signal),
        min_bad_events=spec.min_bad_events.number,
        tiers=linked.plan.tiers,
        grouping=labels[len(naming.TARGET_LABELS) :],
        labels=identity,
        series=_series(linked),
        groups=recorder.groups(),
        roles=tuple(sorted(set(spec.sli.roles(signal).values()))),
        sli_source=spec.sli.sli_source(signal, scale),
        cites=tuple(Citation(name, spec.span("adr", index)) for index, name in enumerate(spec.adr)),
        origin=linked.origin,
    )
    return Objective(slo, _recorded(linked, service, identity), recorder, linked)


def _info(linked: LinkedSlo, service: LinkedService) -> tuple[tuple[str, str], ...]:
    """Label the one series that may change its labels without breaking a history."""
    spec = linked.spec
    return tuple(
        sorted(
            {
                "title": spec.title,
                "team": service.spec.team,
                "objective": words.share(spec.objective.to(Unit.RATIO)),
                "period": str(spec.period),
                "kind": spec.sli.kind,
            }.items()
        )
    )


def _series(linked: LinkedSlo) -> dict[str, str]:
    """Map what each series holds to its name; windows and tiers differ between objectives."""
    plan = linked.plan
    ratios = {f"error_ratio_{window}": naming.slo_error_ratio(window) for window in plan.windows}
    burns = {f"burn_rate_{tier.long}": naming.slo_burn_rate(tier.long) for tier in plan.tiers}
    fixed = {
        "heartbeat": naming.SLO_HEARTBEAT,
        "events": naming.SLO_EVENTS,
        "errors": naming.SLO_ERRORS,
        "events_once": naming.SLO_EVENTS_ONCE,
        "errors_once": naming.SLO_ERRORS_ONCE,
        "events_period": naming.SLO_PERIOD_EVENTS,
        "errors_period": naming.SLO_PERIOD_ERRORS,
        "error_ratio_period": naming.SLO_PERIOD_RATIO,
        "coverage": naming.SLO_COVERAGE,
        "budget_left": naming.SLO_BUDGET_LEFT,
        "budget_left_events": naming.SLO_BUDGET_LEFT_EVENTS,
        "time_to_exhaustion": naming.SLO_EXHAUSTED_IN,
        "objective": naming.SLO_OBJECTIVE,
        "info": naming.SLO_INFO,
    }
    return fixed | ratios | burns


def _recorded(linked: LinkedSlo, service: LinkedService, identity: tuple[tuple[str, str], ...]) -> Signal:
    """Make the signal of an objective's recorded series; alerts, texts and tests treat it as any other."""
    metrics = {
        role: Metric(role, name, MetricType.GAUGE, Unit.COUNT, "Recorded by Prometheus", role.replace("_", " "))
        for role, name in _series(linked).items()
    }
    source = linked.signal
    roles = {role: source.labels[role] for role in linked.spec.per}
    return Signal(
        service=service.spec.service,
        key=linked.name,
        profile="slo",
        title=linked.spec.title,
        matchers=tuple(Matcher(label, "=", value) for label, value in sorted(identity)),
        metrics=metrics,
        labels=roles,
        examples={role: source.examples[role] for role in linked.spec.per},
        classes={},
        limits={},
        excluded={},
        presence=(),
        scrape_interval=source.scrape_interval,
        origin=linked.origin,
    )
