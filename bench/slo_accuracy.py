"""Measure how true the budget is: ten courses of 30 days in a real Prometheus, against the events that made them."""

from __future__ import annotations

import math
import sys

from report import Column, save, say, table

from accuracy import BURNS, SHOWN_FROM, Measured, run
from milliseconds import Live, check_milliseconds
from scenarios import scenarios
from watchbill.tools import GENERATIONS


def _share(number: float) -> str:
    return "none" if math.isnan(number) else f"{number:.3f}"


def _verdict(row: Measured) -> str:
    if not row.meets:
        return "misses"
    return f"cannot: {row.hidden}" if row.hidden else "meets"


def _burn_column(window: str) -> Column[Measured]:
    return Column(f"burn {window}", lambda row: _share(row.burns[window]) + ("" if window in row.shown_burns else "*"))


COLUMNS: tuple[Column[Measured], ...] = (
    Column("scenario", lambda row: row.title, left=True),
    Column("on", lambda row: row.generation, left=True),
    Column("ours", lambda row: _share(row.ratio)),
    Column("raw (Pyrra)", lambda row: _share(row.raw)),
    Column("mean of 5m (Sloth)", lambda row: _share(row.mean_of_ratios)),
    Column("left", lambda row: _share(row.budget_left)),
    Column("truly", lambda row: _share(row.budget_true)),
    *(_burn_column(window) for window in BURNS),
    Column("coverage", lambda row: f"{row.coverage:.4f}"),
    Column("bar: 2%", _verdict, left=True),
)

LIVE_COLUMNS: tuple[Column[Live], ...] = (
    Column("on", lambda row: row.generation, left=True),
    Column("error ratio", lambda row: "none" if math.isnan(row.ratio) else f"{row.ratio:.3f}"),
    Column("truly", lambda row: f"{row.true_ratio:.3f}"),
    Column("bar: 2%", lambda row: "meets" if row.meets else "misses", left=True),
)


def main() -> int:
    """Print the tables, and write them down; 1 where a bar is missed."""
    found = run(scenarios(), 30, say=say)
    say("accuracy: scraping milliseconds")
    live = [check_milliseconds(generation) for generation in GENERATIONS]
    print("Accuracy: the error ratio of 30 days, divided by the true one; budget left, shown and true; burn rates by")
    print(f"the true ones. *: fewer than {SHOWN_FROM} errors in the window, too few for a bar of 2%.")
    print(table(COLUMNS, found))
    print("\nA limit of 500 ms, on a histogram in milliseconds that was scraped just now:")
    print(table(LIVE_COLUMNS, live))
    save("slo-accuracy", {"scenarios": found, "milliseconds": live})
    return 0 if all(row.meets for row in found) and all(row.meets for row in live) else 1


if __name__ == "__main__":
    sys.exit(main())
