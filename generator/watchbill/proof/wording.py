"""Say what promtool found in a sentence: what should have been, and what differs."""

from __future__ import annotations

import re

_PAIR = re.compile(r'(?P<name>[A-Za-z_][A-Za-z0-9_]*)="(?P<value>(?:[^"\\]|\\.)*)"')
_LONGEST = 60  # characters of a value that are shown
_AGAINST = re.compile(r"abs\((?P<series>.+) / (?P<value>[0-9.]+) - 1\) < bool (?P<close>[0-9.]+)")


def of_alert(at: str, said: str) -> str:
    """Compare an alert that was expected with the one that came: `said` holds `exp:[…]` and `got:[…]`."""
    expected, _, got = said.partition("got:")
    if "Labels:" not in got:
        return f"at {at} it should fire, and does not"
    if "Labels:" not in expected:
        return f"at {at} nothing should fire, and it does, with {_shown(_pairs(got))}"
    return f"at {at} {_changes(expected, got)}"


def _changes(expected: str, got: str) -> str:
    before, after = _pairs(expected), _pairs(got)
    changed = [
        f"{name} is {_short(after.get(name))}, not {_short(before.get(name))}"
        for name in sorted(before | after)
        if before.get(name) != after.get(name)
    ]
    return "; ".join(changed) or f"others fire than should: {_shown(after)}"


def of_samples(at: str, expr: str, said: str) -> str:
    """Say which expression does not hold, and of a recorded number how far it is off."""
    expected, _, got = (part.strip() for part in said.removeprefix("exp:").partition("got:"))
    nothing = got == "nil"
    if expr.startswith("ALERTS{"):
        return f"at {at} {'it should be firing, and is not' if nothing else _changes(expected, got)}"
    against = _AGAINST.fullmatch(expr)
    if against is not None:
        wanted = f"{float(against['value']):.6g}, give or take {float(against['close']):.1%}"
        return f"at {at} {against['series']} should be {wanted}, and {'is not there' if nothing else 'is not'}"
    return f"at {at} {expr} should give {expected}, and gives {got}"


def _pairs(text: str) -> dict[str, str]:
    return {match["name"]: match["value"] for match in _PAIR.finditer(text)}


def _shown(pairs: dict[str, str]) -> str:
    own = {name: value for name, value in pairs.items() if " " not in value and "/" not in value}
    return "{" + ", ".join(f'{name}="{value}"' for name, value in own.items()) + "}"


def _short(value: str | None) -> str:
    if value is None:
        return "missing"
    return f'"{value}"' if len(value) <= _LONGEST else f'"{value[: _LONGEST - 1]}…"'
