"""The words for objectives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from watchbill import naming
from watchbill.model.bundle import Service
from watchbill.model.burnrate import BurnTier
from watchbill.model.slo import Slo
from watchbill.quantity import Duration, decimal_text
from watchbill.quantity.words import factor, roughly, rounded_share, share

MANY = 1_000_000
MINUTE = Duration.parse("1m")


def entry(slo: Slo, service: Service) -> Mapping[str, Any]:
    """Give the words for an objective, for its page and for the list of all."""
    page = naming.slo_alerts(slo.name)[0]
    names = [alert.name for alert in service.alerts if alert.slo == slo.name]
    return {
        "title": slo.title,
        "name": slo.name,
        "promise": f"{share(slo.objective)} of {slo.events} over {slo.period.words()} are good: those {slo.good}",
        "budget": budget(slo),
        "tiers": list(tiers(slo)),
        "floor": floor(slo),
        "pages": page in names,
        "alerts": names,
        "series": f'{naming.SLO_BUDGET_LEFT}{{service="{slo.service}",slo="{slo.name}"}}',
    }


def budget(slo: Slo) -> str:
    """Say what may be bad, as a share, as a number, and as time."""
    outage = Duration(int(slo.period.milliseconds * slo.budget) // 1000 * 1000)
    allowed = f"{share(slo.budget)} of {slo.events} may be bad: "
    time = f"{outage.words()} of a total outage in {slo.period.words()}"
    if slo.timed:
        return f"{allowed}{time}. A busy minute weighs no more than a quiet one."
    return f"{allowed}{decimal_text(slo.budget * MANY)} of a million, or {time} at even traffic."


def tiers(slo: Slo) -> Iterable[tuple[str, str]]:
    """Say what pages and what makes a ticket: a title for the first of each, and a sentence."""
    for severity, title in (("P0", "Pages"), ("P1", "Tickets")):
        own = [tier for tier in slo.tiers if tier.severity == severity]
        for index, tier in enumerate(own):
            yield "" if index else title, _tier(tier, slo.period)


def _tier(tier: BurnTier, period: Duration) -> str:
    outage = tier.detects_after(Decimal(1))
    lasts = f"the whole budget in {roughly(tier.exhausts_in(period))}"
    # it is recorded and evaluated once a minute
    after = f"; a total outage does so after {roughly(max(outage, MINUTE))}" if outage else ""
    said = f"above {rounded_share(tier.above)} bad over {tier.long.words()} and over {tier.short.words()}"
    return f"{said} ({factor(tier.factor)}, {lasts}){after}"


def floor(slo: Slo) -> str:
    """Say how many bad events there must be at least; empty where each counts."""
    if slo.timed or slo.min_bad_events <= 1:
        return ""
    number = decimal_text(slo.min_bad_events)
    few = "one failure at night wakes nobody" if slo.min_bad_events == 2 else "a few at night wake nobody"
    return f"neither a page nor a ticket before there are {number} bad {slo.events} in the long window, so that {few}."
