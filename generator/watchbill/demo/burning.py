"""Let an objective's events go bad while a stack runs, so that its budget burns too fast."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from watchbill.drill.fault import Fault, Homes, rule_at, sli_source
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Service
from watchbill.model.examples import ExampleSeries, SamplePattern
from watchbill.model.slo import Slo
from watchbill.stack.world import Place, Target

EVENTS = Decimal(500)  # a second, so that also a small share of them is soon as many as a floor asks for
KIND = "burn_rate"


def burning(alert: Alert, service: Service, place: Place, known: Sequence[Target]) -> Fault:
    """Move the raw series of an alert's objective; a `ToolError` says that nobody knows which these are."""
    slo = service.slo(alert.slo)
    given, bad = sli_source(slo), _share(alert, slo)
    counted = [
        ExampleSeries(each.metric, each.labels, *(_flow(each.good),) * 2, _flow(each.good * (1 - bad) + each.bad * bad))
        for each in given.counters
    ]
    stood = [ExampleSeries(each.metric, each.labels, each.good, each.good, each.bad) for each in given.states]
    homes = Homes(service.signal(slo.signal), place, known, (*counted, *stood))
    series = tuple(each for example_series in (*counted, *stood) for each in homes.series(example_series))
    return Fault(alert, place, rule_at(alert, place).example, tuple(homes.made_up), series, expected=())


def _share(alert: Alert, slo: Slo) -> Decimal:
    """Choose what share of events is bad: enough for the alert's tiers, too little for any above."""
    own = max(tier.above for tier in slo.tiers if tier.severity == alert.severity.value)
    return (own + min((tier.above for tier in slo.tiers if tier.above > own), default=Decimal(1))) / 2


def _flow(events: Decimal) -> SamplePattern:
    return SamplePattern(slope=EVENTS * events)
