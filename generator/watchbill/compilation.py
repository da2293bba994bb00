"""From specs to the Bundle: what every command begins with, and all that proofs need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from watchbill.errors import Diagnostic, SpecError
from watchbill.link import link
from watchbill.lower import lower
from watchbill.model.bundle import Bundle
from watchbill.quantity import REAL_TIME, TimeScale
from watchbill.source import Document, read_tree


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled spec tree; `texts` are the specs by path, for reports."""

    bundle: Bundle
    warnings: tuple[Diagnostic, ...]
    texts: Mapping[str, str]


class CompileError(SpecError):
    """Specs that do not compile, with their texts, so that a report can show the lines."""

    def __init__(self, error: SpecError, texts: Mapping[str, str]) -> None:
        super().__init__(error.diagnostics)
        self.texts = texts


def compile_rules(specs: Path, *, scale: TimeScale = REAL_TIME) -> Compiled:
    """Compile a spec tree without looking at the prose beside it, so that the bundle has no pages.

    All durations come under `scale`. Raises `SpecError` with everything that is wrong in the first phase that fails.
    """
    return compile_documents(read_tree(specs), scale=scale)


def compile_documents(documents: Iterable[Document], *, scale: TimeScale = REAL_TIME) -> Compiled:
    """Compile the documents of a spec tree, as `compile_rules` does."""
    read = tuple(documents)
    texts = {document.path: document.text for document in read}
    try:
        linked = link(read)
        return Compiled(lower(linked, scale=scale), linked.warnings, texts)
    except SpecError as error:
        raise CompileError(error, texts) from None
