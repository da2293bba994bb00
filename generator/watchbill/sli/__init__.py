"""What a service level objective can be about: one file per kind of indicator, found by its `kind`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from watchbill.sli.base import Sli


@cache
def kinds() -> dict[str, type[Sli]]:
    """Map every kind's name to its class, by looking into the modules of this package."""
    found: dict[str, type[Sli]] = {}
    for entry in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{entry.name}")
        for cls in vars(module).values():
            if isinstance(cls, type) and issubclass(cls, Sli) and cls.__module__ == module.__name__:
                found |= dict.fromkeys(cls.kind_names(), cls)
    return dict(sorted(found.items()))


__all__ = ["Sli", "kinds"]
