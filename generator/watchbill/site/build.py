"""Build the runbook site: compile, let MkDocs build it beside the old one, check its links, and exchange the two."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from watchbill import pipeline
from watchbill.compilation import Compiled, CompileError
from watchbill.errors import Diagnostic, SpecError, UsageError
from watchbill.publish import artifacts, exchange
from watchbill.publish.locking import lock
from watchbill.site import linkgraph, mkdocs

OUT = Path("out")  # as mkdocs.yml names it
_TODO = "correct the prose or the spec, or mkdocs.yml where that is at fault"


def build_site(specs: Path, config: Path, site: Path, say: pipeline.Say) -> int:
    """Compile and build; whatever fails, the old site stays. Returns the number of pages."""
    if not config.is_file():
        raise UsageError(f"{config} is not there; name MkDocs' configuration by --config")
    artifacts.guard(site)
    out = config.parent / OUT
    compiled, _ = pipeline.generate(specs, out, say)
    with lock(site, wait_seconds=pipeline.LOCK_SECONDS, notify=say):
        staged = exchange.begin(site)
        try:
            diagnostics = _refused(config, staged, compiled) or _unlinked(staged, compiled, out)
            if diagnostics:
                raise CompileError(SpecError(diagnostics), compiled.texts)
            # The folder is known as ours by it, and scripts find all of the site's addresses in it.
            shutil.copyfile(out / artifacts.CATALOGUE, staged / artifacts.CATALOGUE)
            pages = sum(1 for _ in staged.rglob("*.html"))
            exchange.swap(site)
        finally:
            exchange.recover(site)
    return pages


def _refused(config: Path, staged: Path, compiled: Compiled) -> list[Diagnostic]:
    """Build, and bring what MkDocs warns of to the lines that it comes from."""
    known = linkgraph.sources(compiled.bundle)
    found = []
    for remark in mkdocs.build(config.resolve(), staged):
        source = known.get(remark.page.removesuffix(".md") + ".html")
        span = compiled.bundle.platform.origin.span if source is None else source.find("", compiled.texts)
        found.append(Diagnostic(span, "site/refused", f"MkDocs refuses the site: {remark.text}", _TODO))
    return found


def _unlinked(staged: Path, compiled: Compiled, out: Path) -> tuple[Diagnostic, ...]:
    catalogue: Mapping[str, list[Mapping[str, object]]] = json.loads((out / artifacts.CATALOGUE).read_bytes())
    dashboards = linkgraph.panels(catalogue["dashboards"])
    return linkgraph.check(staged, compiled.bundle, compiled.texts, dashboards)
