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

MANY = 1_000_000
MINUTE = Duration.parse("1m")


def entry(slo: Slo, service: Service) -> Mapping[str, Any]:
    """Give the words for an objective, for its page and for the list of all."""
    page = naming.slo_alerts(slo.name)[0]
    names = [alert.name for alert in service.alerts if alert.slo == slo.name]
    return {
        "title": slo.title,
        "name": slo.name,
        "promise": f"{exactly(slo.objective)} of {slo.events} over {slo.period.words()} are good: those {slo.good}",
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
    allowed = f"{exactly(slo.budget)} of {slo.events} may be bad: "
    time = f"{outage.words()} of a total outage in {slo.period.words()}"
    if slo.timed:
        return f"{allowed}{time}. A busy minute weighs no more than a quiet one."
    return f"{allowed}{decimal_text(slo.budget * MANY)} of a million, or {time} at even traffic."


def tiers(slo: Slo) -> Iterable[tuple[str, str]]:
    """Say what pages and what makes a ticket: a title for the first of each, and a sentence."""
    for severity, title in (("P0", "Pages"), ("P1", "Tickets")):
        own = [tier for tier in slo.tiers if tier.severity == severity]
        for index, tier in enumerate(own):
            yield "" if index else title, _tier(tier)


def _tier(tier: BurnTier) -> str:
    outage = tier.detects_after(Decimal(1))
    gone = f"{percent(tier.share)} of the budget is gone"
    # it is recorded and evaluated once a minute
    after = f"; a total outage does so after {_rounded(max(outage, MINUTE))}" if outage else ""
    said = f"above {percent(tier.above)} bad over {tier.long.words()} and over {tier.short.words()}"
    return f"{said} ({_short(tier.factor)}x; {gone} then){after}"


def floor(slo: Slo) -> str:
    """Say how many bad events there must be at least; empty where each counts."""
    if slo.timed or slo.min_bad_events <= 1:
        return ""
    number = decimal_text(slo.min_bad_events)
    few = "one failure at night wakes nobody" if slo.min_bad_events == 2 else "a few at night wake nobody"
    return f"neither a page nor a ticket before there are {number} bad {slo.events} in the long window, so that {few}."


def exactly(share: Decimal) -> str:
    """Write a share as it was stated: 99.999% is not 100%."""
    return f"{decimal_text(share * 100)}%"


def percent(share: Decimal) -> str:
    """Write a share in four digits at most."""
    return f"{_short(share * 100)}%"


def _short(number: Decimal) -> str:
    return decimal_text(Decimal(f"{number:.4g}"))


def _rounded(duration: Duration) -> str:
    """Say it in whole minutes, or seconds below two of them."""
    step = 1000 if duration.milliseconds < 120_000 else 60_000
    return Duration(-(-duration.milliseconds // step) * step).words()
