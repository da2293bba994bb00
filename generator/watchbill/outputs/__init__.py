"""What is written to `out/`: one file per kind of output, each a pure function of the Bundle.

A target is imported when it is rendered, since who proves one alert needs no dashboard's library.
"""

from __future__ import annotations

from importlib import import_module

from watchbill.model.bundle import Bundle

OUTPUTS = ("prometheus", "promtests", "alertmanager", "grafana", "board", "docs", "evidence", "catalog")


def render(bundle: Bundle) -> dict[str, str]:
    """Render every target; paths are relative to `out/`, sorted."""
    tree: dict[str, str] = {}
    for name in OUTPUTS:
        target = import_module(f"{__name__}.{name}")
        for path, text in target.render(bundle).items():
            if path in tree:
                raise ValueError(f"two targets write {path}")
            tree[path] = text
    return dict(sorted(tree.items()))
