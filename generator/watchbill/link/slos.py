"""Resolve a service's objectives: their signals, and the tiers that can tell of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from watchbill.errors import DiagnosticLevel, choose
from watchbill.language.base import Diagnostics
from watchbill.link.linked import LinkedSlo
from watchbill.model.burnrate import BurnPlan, Tier, plan
from watchbill.model.origin import Origin
from watchbill.model.signals import Signal
from watchbill.naming import TARGETS, camel, slo_alerts
from watchbill.quantity import Duration, Unit
from watchbill.sli.base import check_per
from watchbill.spec.platform import PlatformSpec
from watchbill.spec.service import ServiceSpec
from watchbill.spec.slo import SloSpec

COUNTED_OVER, SLOWEST_SCRAPE = Duration.parse("5m"), Duration.parse("75s")  # four scrapes in each count
RAREST_SCRAPE = Duration.parse("1m")  # of what is evaluated by the minute
SHORTEST, LONGEST = Duration.parse("7d"), Duration.parse("90d")


def link_slos(
    spec: ServiceSpec, document: str, signals: Mapping[str, Signal], platform: PlatformSpec, diagnostics: Diagnostics
) -> tuple[LinkedSlo, ...]:
    """Resolve them in the order of their names; what is wrong goes to `diagnostics`."""
    found = []
    _check_names(spec, diagnostics)
    for name, slo in sorted(spec.slos.items()):
        signal = signals.get(slo.signal)
        if slo.signal not in spec.signals:
            what, todo = f'signal "{slo.signal}" is unknown', choose(slo.signal, spec.signals)
            diagnostics.add(slo.span("signal"), "signal/unknown", what, todo)
        tiers = _check_fields(slo, platform, diagnostics)
        if signal is None or tiers is None:
            continue
        slo.sli.check(signal, diagnostics)
        check_per(slo.per, slo, signal, diagnostics)
        _check_bounds(slo, diagnostics)
        _check_scrape(slo, signal, diagnostics)
        found.append(LinkedSlo(name, slo, signal, tiers, Origin(spec.span("slos", name, key=True), document)))
    return tuple(found)


def made_for_objectives(slos: Iterable[LinkedSlo]) -> dict[str, str]:
    """Map the alerts that objectives get to what they are of."""
    return {alert: f'objective "{slo.name}"' for slo in slos for alert in slo_alerts(slo.name)}


def _check_names(spec: ServiceSpec, diagnostics: Diagnostics) -> None:
    """Refuse names that something else of the service has, or whose alerts something else would have."""
    seen: dict[str, str] = {}
    for name in sorted(spec.slos):
        span = spec.span("slos", name, key=True)
        if name in {*spec.signals, TARGETS}:
            what = f'"{name}" is the name of a signal already'
            diagnostics.add(span, "spec/name-taken", what, "rename it: both are subjects of alerts")
        if (other := seen.setdefault(camel(name), name)) != name:
            what = f'"{other}" and "{name}" would share their alerts'
            diagnostics.add(span, "alert/duplicate", what, "rename one of them")


def _check_bounds(slo: SloSpec, diagnostics: Diagnostics) -> None:
    """Refuse bounds that bound nothing."""
    if slo.groups.number < 1 or (slo.wrote("groups") and not slo.per):
        todo = "write how many groups there may be, or remove it" if slo.per else 'remove it, or add "per"'
        diagnostics.add(slo.span("groups"), "slo/bounds-nothing", "this bounds nothing", todo)
    if slo.min_bad_events.number % 1:
        what = "events are counted in whole numbers"
        diagnostics.add(slo.span("min_bad_events"), "quantity/not-a-count", what, "round it")
    if slo.sli.timed and slo.wrote("min_bad_events"):
        what = f"a {slo.sli.kind} counts minutes, and each bad one is counted"
        diagnostics.add(slo.span("min_bad_events", key=True), "slo/bounds-nothing", what, "remove min_bad_events")


def _check_scrape(slo: SloSpec, signal: Signal, diagnostics: Diagnostics) -> None:
    """Refuse a signal that is scraped too rarely to see every event or minute."""
    interval = signal.scrape_interval
    if slo.sli.timed and interval > RAREST_SCRAPE:
        what, rarest = f"a scrape every {interval} is too rare to evaluate each minute by", RAREST_SCRAPE
    elif not slo.sli.timed and interval.times(4) > COUNTED_OVER:
        what = f"a scrape every {interval} is too rare for an objective, which counts over {COUNTED_OVER}"
        rarest = SLOWEST_SCRAPE
    else:
        return
    diagnostics.add(slo.span("signal"), "slo/scraped-too-rarely", what, f"scrape every {rarest} or more often")


def _check_fields(slo: SloSpec, platform: PlatformSpec, diagnostics: Diagnostics) -> BurnPlan | None:
    """Plan the tiers of an objective; `None` where it has no budget, no period or no tier that could work."""
    if not (_has_budget(slo, diagnostics) and _has_period(slo, diagnostics)):
        return None
    tiers = [tier for tier in platform.slo.burn_tiers() if slo.page or tier.severity != "P0"]
    if not tiers:
        what = "the platform has no P1 tier, so nothing would tell of this objective"
        todo = "remove page: false, or add a tier to the platform's slo.tiers"
        diagnostics.add(slo.span("page"), "slo/no-tier", what, todo)
        return None
    longest = max(tier.long for tier in tiers)
    if slo.period <= longest:
        what = f"a period of {slo.period} is not longer than the longest window, which is {longest}"
        todo = "write a longer period, or shorter windows in the platform's slo.tiers"
        diagnostics.add(slo.span("period"), "slo/wrong-period", what, todo)
        return None
    _check_retention(slo, platform.defaults.retention, diagnostics)
    return _planned(slo, tiers, diagnostics)


def _has_budget(slo: SloSpec, diagnostics: Diagnostics) -> bool:
    objective = slo.objective.to(Unit.RATIO)
    if 0 < objective < 1:
        return True
    what, todo = f"an objective of {slo.objective} is always met", "write more than 0%"
    if objective >= 1:
        what = f"an objective of {slo.objective} leaves no budget, so that every failure is a page"
        todo = "write what users need, such as 99.9%"
    diagnostics.add(slo.span("objective"), "slo/no-budget", what, todo)
    return False


def _has_period(slo: SloSpec, diagnostics: Diagnostics) -> bool:
    if SHORTEST <= slo.period <= LONGEST:
        return True
    what = f"a period of {slo.period} is not supported"
    diagnostics.add(slo.span("period"), "slo/wrong-period", what, f"write {SHORTEST} to {LONGEST}")
    return False


def _check_retention(slo: SloSpec, kept: Duration, diagnostics: Diagnostics) -> None:
    if slo.period > kept:
        what = f"a budget over {slo.period} needs samples of that time, and Prometheus keeps {kept}"
        own = "of the platform and Prometheus' own setting"
        raised = f'raise "defaults: {{retention: …}}" {own} to {slo.period} or more'
        diagnostics.add(slo.span("period"), "slo/wrong-period", what, raised)


def _planned(slo: SloSpec, tiers: Iterable[Tier], diagnostics: Diagnostics) -> BurnPlan | None:
    planned = plan(tiers, period=slo.period, objective=slo.objective.to(Unit.RATIO))
    if not planned.tiers:
        what = f"with an objective of {slo.objective} no tier can ever fire"
        todo = "write a higher objective, or longer windows in the platform's slo.tiers"
        diagnostics.add(slo.span("objective"), "slo/tier-cannot-fire", what, todo)
        return None
    for change in planned.changes:
        todo = 'nothing is to be done if that will do; else write other windows in the platform\'s "slo: {tiers: …}"'
        diagnostics.add(slo.span("objective"), "slo/tier-changed", change, todo, level=DiagnosticLevel.WARNING)
    return planned
