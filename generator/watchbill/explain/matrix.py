"""Show on a terminal, or to a script, who is woken by what."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from watchbill.model.bundle import Bundle
from watchbill.words.receivers import Aside, Row, asides, quiet_words, rows


def text(bundle: Bundle) -> str:
    """Write a table for each team, then what goes another way."""
    lines = ["Who is woken by what", ""]
    places = max(len(environment.name) for environment in bundle.platform.environments)
    for team, own in groupby(rows(bundle), key=lambda row: row.team):
        lines.append(f"{team.title} ({team.name})")
        lines += [line for row in own for line in _row(row, places)]
        lines.append("")
    lines += _other(asides(bundle))
    quiet = [quiet_words(bundle, quiet) for quiet in bundle.platform.quiet_times]
    return "\n".join([*lines, *([""] if quiet else []), *quiet])


def as_json(bundle: Bundle) -> dict[str, Any]:
    """Give the same as data."""
    table = [
        {
            "team": row.team.name,
            "severity": row.severity.value,
            "alerts": [alert.id for alert in row.alerts],
            "notified": dict(row.notified),
        }
        for row in rows(bundle)
    ]
    others = [
        {
            "what": aside.what,
            "alerts": None if aside.alerts is None else [alert.id for alert in aside.alerts],
            "notified": aside.notified,
        }
        for aside in asides(bundle)
    ]
    quiet = [quiet_words(bundle, quiet) for quiet in bundle.platform.quiet_times]
    return {"matrix": table, "others": others, "quiet_times": quiet}


def _row(row: Row, places: int) -> list[str]:
    count = f"{len(row.alerts)} alert{'' if len(row.alerts) == 1 else 's'}"
    heads = [f"{row.severity.value:<5} {count:<10}", *[" " * 16] * (len(row.notified) - 1)]
    return [
        f"  {head} {place:<{places}}  {notified}"
        for head, (place, notified) in zip(heads, row.notified.items(), strict=True)
    ]


def _other(found: tuple[Aside, ...]) -> list[str]:
    width = max(len(aside.what) for aside in found)
    lines = ["Everything else"]
    for aside in found:
        lines.append(f"  {aside.what:<{width}}  {aside.notified}")
        if aside.alerts is not None:
            names = ", ".join(alert.id for alert in aside.alerts) or "none now"
            lines.append(f"  {'':<{width}}  {names}")
    return lines
