"""What is written to `out/`: one file or folder for each output, found by its `render`, a pure function of the Bundle.

An output is imported when it is rendered, since who proves one alert needs no dashboard's library. What only helps
others to write does not stand here: it would be taken for an output that misspells `render`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from watchbill.model.bundle import Bundle


def modules() -> Iterator[tuple[str, ModuleType]]:
    """Import every output, by its name; raises TypeError for a file that is none."""
    for entry in pkgutil.iter_modules(__path__):
        module = import_module(f"{__name__}.{entry.name}")
        if not callable(getattr(module, "render", None)):
            where = f"watchbill/outputs/{entry.name}"
            raise TypeError(f'{where} has no function "render"; write it, or move what helps others to watchbill/words')
        yield entry.name, module


def render(bundle: Bundle) -> dict[str, str]:
    """Render every output; paths are relative to `out/`, sorted. Raises ValueError where two write one path."""
    tree: dict[str, str] = {}
    writers: dict[str, str] = {}
    for name, output in modules():
        for path, text in output.render(bundle).items():
            if path in tree:
                raise ValueError(f"the outputs {writers[path]} and {name} both write {path}")
            tree[path], writers[path] = text, name
    return dict(sorted(tree.items()))
