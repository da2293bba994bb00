"""What is written to `out/`: one file per kind of output, each a pure function of the Bundle."""

from __future__ import annotations

from watchbill.model.bundle import Bundle
from watchbill.targets import alertmanager, board, catalog, docs, evidence, grafana, prometheus, promtests

TARGETS = (
    prometheus.render,
    promtests.render,
    alertmanager.render,
    grafana.render,
    board.render,
    docs.render,
    evidence.render,
    catalog.render,
)

TARGETS = (
    prometheus.render,
    promtests.render,
    alertmanager.render,
    grafana.render,
    board.render,
    docs.render,
    evidence.render,
    catalog.render,
)


def render(bundle: Bundle) -> dict[str, str]:
    """Render every target; paths are relative to `out/`, sorted."""
    tree: dict[str, str] = {}
    for target in TARGETS:
        for path, text in target(bundle).items():
            if path in tree:
                raise ValueError(f"two targets write {path}")
            tree[path] = text
    return dict(sorted(tree.items()))
