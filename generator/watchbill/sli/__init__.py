"""What a service level objective can be about: one file per kind of indicator, found by its `kind`."""

from __future__ import annotations

import sys
from functools import cache

from watchbill.language.kinds import find_kinds
from watchbill.sli.base import Sli


@cache
def kinds() -> dict[str, type[Sli]]:
    """Map every kind's name to its class."""
    return find_kinds(sys.modules[__name__], Sli)  # type: ignore[type-abstract]  # looks for its subclasses


__all__ = ["Sli", "kinds"]
