"""What is written to `out/`: one file or folder for each output, found by its `render`, a pure function of the Bundle.

An output is imported when it is rendered, since who proves one alert needs no dashboard's library. What has no
`render` helps the others to write.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from watchbill.model.bundle import Bundle


def render(bundle: Bundle) -> dict[str, str]:
    """Render every output; paths are relative to `out/`, sorted. Raises ValueError where two write one path."""
    tree: dict[str, str] = {}
    writers: dict[str, str] = {}
    for module in pkgutil.iter_modules(__path__):
        output = import_module(f"{__name__}.{module.name}")
        if not hasattr(output, "render"):
            continue
        for path, text in output.render(bundle).items():
            if path in tree:
                raise ValueError(f"the outputs {writers[path]} and {module.name} both write {path}")
            tree[path], writers[path] = text, module.name
    return dict(sorted(tree.items()))
