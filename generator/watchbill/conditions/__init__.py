"""What an alert can be about: one file per kind of condition, found by its `kind`."""

from __future__ import annotations

import sys
from functools import cache

from watchbill.conditions.base import Condition
from watchbill.language.kinds import find_kinds


@cache
def kinds() -> dict[str, type[Condition]]:
    """Map every kind's name to its class."""
    return find_kinds(sys.modules[__name__], Condition)  # type: ignore[type-abstract]  # looks for its subclasses


__all__ = ["Condition", "kinds"]
