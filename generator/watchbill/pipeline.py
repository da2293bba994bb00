"""The flow, one way: specs, Bundle, outputs, staging, verification, `out/`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from watchbill import naming
from watchbill.compilation import Compiled, CompileError, compile_documents
from watchbill.errors import Diagnostic, SpecError
from watchbill.language import schema
from watchbill.model.bundle import Bundle
from watchbill.outputs import render
from watchbill.outputs.prometheus import rule_groups
from watchbill.prose import bind
from watchbill.publish import artifacts
from watchbill.publish.drift import Drift
from watchbill.publish.locking import lock
from watchbill.source import Document, Prose, SourceError, beside, read_prose, read_tree
from watchbill.tools import ensure
from watchbill.verify import amtool, promtool

Say = Callable[[str], None]
LOCK_SECONDS = 60.0
_TODO = "correct the spec, or report this: what compiles should pass promtool and amtool"


def compile_specs(specs: Path) -> Compiled:
    """Compile a spec tree and the prose beside it.

    Raises `SpecError` with everything that is wrong in the first phase that fails.
    """
    documents, runbooks, decisions = _read(specs)
    compiled = compile_documents(documents)
    texts = {**compiled.texts, **{page.path: page.text for page in (*runbooks, *decisions)}}
    try:
        bundle = bind(compiled.bundle, runbooks, decisions, datetime.now(tz=UTC).date())
    except SpecError as error:
        raise CompileError(error, texts) from None
    return Compiled(bundle, compiled.warnings, texts)


def _read(specs: Path) -> tuple[tuple[Document, ...], tuple[Prose, ...], tuple[Prose, ...]]:
    """Read the specs, and the runbooks and decisions that stand beside them; tells the diagnostics of all of them."""
    diagnostics: list[Diagnostic] = []
    texts: dict[str, str] = {}
    read: dict[str, tuple[Prose, ...]] = {}
    documents: tuple[Document, ...] = ()
    try:
        documents = read_tree(specs)
    except SourceError as error:
        diagnostics, texts = [*error.diagnostics], {**error.texts}
    for label in ("runbooks", "adr"):
        try:
            read[label] = read_prose(beside(specs, label), label=label)
        except SourceError as error:
            diagnostics += error.diagnostics
            texts |= error.texts
    if diagnostics:
        raise SourceError(diagnostics, texts)
    return documents, read["runbooks"], read["adr"]


def rendered(bundle: Bundle) -> dict[str, str]:
    """Render everything that `out/` holds."""
    from watchbill import reference  # noqa: PLC0415 (its pages are made of every output, and few need them)

    return dict(sorted({**render(bundle), **schema.render(), **reference.of_site()}.items()))


def generate(specs: Path, out: Path, say: Say) -> tuple[Compiled, artifacts.Summary]:
    """Compile, let promtool and amtool check it, and publish; whatever fails, `out` stays as it was."""
    artifacts.guard(out)
    compiled = compile_specs(specs)
    tree = rendered(compiled.bundle)
    with lock(out, wait_seconds=LOCK_SECONDS, notify=say), artifacts.stage(out, tree) as staged:
        verify(compiled, staged)
        return compiled, artifacts.publish(staged, out)


def check(specs: Path, out: Path) -> tuple[Compiled, tuple[Drift, ...]]:
    """Compile, let promtool and amtool check it, and compare with `out`, which is not written."""
    compiled = compile_specs(specs)
    tree = rendered(compiled.bundle)
    with tempfile.TemporaryDirectory(prefix="watchbill-") as folder:
        artifacts.write(Path(folder), tree)
        verify(compiled, Path(folder))
    return compiled, artifacts.compare(out, tree)


def verify(compiled: Compiled, staged: Path) -> None:
    """Raise `SpecError` with what promtool and amtool refuse, at the lines of the specs that caused it."""
    refused = promtool.check(ensure("promtool").path, staged / "prometheus")
    diagnostics = [_located(compiled.bundle, complaint) for complaint in refused]
    unfit = amtool.check(ensure("amtool").path, staged / naming.ALERTMANAGER)
    if unfit:
        what = f"amtool refuses the routing: {unfit}"
        diagnostics.append(Diagnostic(compiled.bundle.platform.origin.span, "amtool/refused", what, _TODO))
    if diagnostics:
        raise CompileError(SpecError(diagnostics), compiled.texts)


def _located(bundle: Bundle, complaint: promtool.Complaint) -> Diagnostic:
    for service in bundle.services:
        for area in {alert.area for alert in service.alerts}:
            for name, group in rule_groups(service, area):
                if name == complaint.group and complaint.rule is not None and complaint.rule <= len(group):
                    alert, _ = group[complaint.rule - 1]
                    return Diagnostic(
                        alert.origin.span, "promtool/refused", f'promtool refuses "{alert.id}": {complaint.text}', _TODO
                    )
        for slo in service.slos:
            if complaint.group in {naming.slo_group(service.name, slo.name, group.part) for group in slo.groups}:
                return Diagnostic(
                    slo.origin.span, "promtool/refused", f'promtool refuses "{slo.id}": {complaint.text}', _TODO
                )
    span = bundle.services[0].origin.span
    return Diagnostic(span, "promtool/refused", f"promtool refuses the configuration: {complaint.text}", _TODO)
