"""Multi-window, multi-burn-rate alerting: which error ratio, over which windows, costs how much of a budget.

Source: The Site Reliability Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts". A burn rate of 1 uses up
the budget in exactly the period; a tier fires where both of its windows burn faster than its factor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from watchbill.quantity import Duration, decimal_text
from watchbill.quantity.words import rounded_share

FASTEST = Decimal("0.9")  # the highest error ratio that a tier asks for: a total outage lets some health checks pass


@dataclass(frozen=True, slots=True)
class Tier:
    """A share of the budget (0 to 1) that may be used up within `long`; `short` tells that it still goes on."""

    severity: str
    share: Decimal
    long: Duration
    short: Duration


def _tier(severity: str, share: str, long: str, short: str) -> Tier:
    return Tier(severity, Decimal(share), Duration.parse(long), Duration.parse(short))


# Table 5-6 of the source, "Recommended parameters for an SLO-based alerting configuration", and the short windows of
# a twelfth that the text after it recommends. The third stands in the text as "10 % in one day" as well.
STANDARD = (
    _tier("P0", "0.02", "1h", "5m"),
    _tier("P0", "0.05", "6h", "30m"),
    _tier("P1", "0.1", "1d", "2h"),
    _tier("P1", "0.1", "3d", "6h"),
)


@dataclass(frozen=True, slots=True)
class BurnTier:
    """A tier for one objective and period: above `factor` times the budget, which is the error ratio `above`."""

    severity: str
    share: Decimal
    long: Duration
    short: Duration
    factor: Decimal
    above: Decimal

    def exhausts_in(self, period: Duration) -> Duration:
        """Return how long the whole budget lasts at just this burn rate, whatever the traffic was before."""
        return Duration(int(period.milliseconds / self.factor))

    def detects_after(self, ratio: Decimal) -> Duration | None:
        """Return how long an error ratio must last, from a clean start, until the long window is past `above`.

        None where it never is. The short window is past it sooner, since it is shorter.
        """
        if ratio <= self.above:
            return None
        return Duration(int(self.long.milliseconds * self.above / ratio))


@dataclass(frozen=True, slots=True)
class BurnPlan:
    """The tiers that can fire, and what had to be changed or dropped, in words."""

    tiers: tuple[BurnTier, ...]
    changes: tuple[str, ...]

    @property
    def windows(self) -> tuple[Duration, ...]:
        """Every window that a tier reads, ascending."""
        return tuple(sorted({window for tier in self.tiers for window in (tier.long, tier.short)}))


def plan(tiers: Iterable[Tier], *, period: Duration, objective: Decimal) -> BurnPlan:
    """Work out factors and error ratios for a period and an objective (0 to 1), as exact decimals.

    A factor below 1 would fire while the budget lasts, so it is raised to 1. An error ratio that nothing short of
    a total outage reaches, or not even that, is lowered to `FASTEST`. Both change the share of the budget that the
    tier stands for, and notify; a tier that fits neither way is left out.
    """
    kept: list[BurnTier] = []
    changes: list[str] = []
    budget = 1 - objective
    for tier in tiers:
        wanted = tier.share * period.milliseconds / tier.long.milliseconds
        factor = min(max(wanted, Decimal(1)), FASTEST / budget)
        share = exact(factor * tier.long.milliseconds / period.milliseconds)
        if factor < 1:
            changes.append(f"no error ratio over {tier.long} uses up the budget too fast, so there is no tier for it")
            continue
        if factor > wanted:
            why = f"{rounded_share(tier.share)} of {period} within {tier.long} is no overspending"
            changes.append(f"{why}, so this tier fires at {rounded_share(share)} of the budget")
        elif factor < wanted:
            why = f"only above {rounded_share(FASTEST)} of errors, if ever,"
            why += f" {tier.long} use up {rounded_share(tier.share)}"
            changes.append(
                f"{why}, so this tier fires at {rounded_share(FASTEST)}, which is {rounded_share(share)} of the budget"
            )
        kept.append(BurnTier(tier.severity, share, tier.long, tier.short, exact(factor), exact(factor * budget)))
    return BurnPlan(tuple(kept), tuple(changes))


def exact(number: Decimal) -> Decimal:
    """Cut a quotient at 15 digits, which is all that a float64 holds, and drop trailing zeros."""
    return Decimal(decimal_text(Decimal(f"{number:.15g}")))
