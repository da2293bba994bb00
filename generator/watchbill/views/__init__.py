"""What a panel can show: one file per kind of view, found by its `kind`."""

from __future__ import annotations

import sys
from functools import cache

from watchbill.language.kinds import find_kinds
from watchbill.views.base import View


@cache
def kinds() -> dict[str, type[View]]:
    """Map every kind's name to its class."""
    return find_kinds(sys.modules[__name__], View)  # type: ignore[type-abstract]  # looks for its subclasses


__all__ = ["View", "kinds"]
