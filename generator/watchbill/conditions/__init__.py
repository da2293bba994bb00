"""What an alert can be about: one file per kind of condition, found by its `kind`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from watchbill.conditions.base import Condition


@cache
def kinds() -> dict[str, type[Condition]]:
    """Map every kind's name to its class, by looking into the modules of this package."""
    found: dict[str, type[Condition]] = {}
    for entry in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{entry.name}")
        for cls in vars(module).values():
            if isinstance(cls, type) and issubclass(cls, Condition) and cls.__module__ == module.__name__:
                found |= dict.fromkeys(cls.kind_names(), cls)
    return dict(sorted(found.items()))


__all__ = ["Condition", "kinds"]
