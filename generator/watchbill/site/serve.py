"""Serve the site to its authors: compile anew when a spec or a page of prose has changed.

This module is also a hook of MkDocs, which calls `on_pre_build` before each build. What is wrong is logged, and the
pages that were compiled last are served on.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from watchbill import pipeline
from watchbill.errors import ToolError, UsageError, WatchbillError
from watchbill.site.heads import escape_titles
from watchbill.source import beside

_log = logging.getLogger("mkdocs.hooks.watchbill")
PROSE = ("runbooks", "adr")
_SPECS = "WATCHBILL_SERVED_SPECS"  # MkDocs loads the hook as a module of its own


def serve(specs: Path, config: Path, address: str) -> None:
    """Serve until somebody stops it."""
    if not config.is_file():
        raise UsageError(f"{config} is not there; name MkDocs' configuration by --config")
    os.environ["NO_MKDOCS_2_WARNING"] = "1"
    try:
        from mkdocs.commands.serve import serve as mkdocs_serve  # noqa: PLC0415 (a user who serves nothing needs it not)
        from mkdocs.exceptions import Abort  # noqa: PLC0415
    except ImportError:
        raise ToolError("the site needs mkdocs, which is not installed; run make, or install mkdocs-material") from None
    # the navigation is read before the pages are compiled; where it changes, they are built once more
    watched = [
        specs,
        config.parent / "out/mkdocs.nav.yml",
        *(beside(specs, name) for name in PROSE if beside(specs, name).is_dir()),
    ]
    logging.basicConfig(level=logging.INFO, format="%(levelname)-7s -  %(message)s")
    os.environ[_SPECS] = str(specs.resolve())
    compile_again(specs, config)  # before the navigation is read
    try:
        mkdocs_serve(
            config_file=str(config.resolve()),
            dev_addr=address,
            hooks=[__file__],
            watch=[str(path.resolve()) for path in watched],
        )
    except Abort as error:
        raise ToolError(f"mkdocs cannot serve: {error}") from None


def on_pre_build(config: Any) -> None:
    """Compile before MkDocs reads the pages."""
    compile_again(Path(os.environ[_SPECS]), Path(config.config_file_path))


def on_env(env: Any, config: Any, files: Any) -> Any:  # noqa: ARG001 (MkDocs passes them by name)
    """Escape titles as the built site does."""
    escape_titles(env)
    return env


def compile_again(specs: Path, config: Path) -> None:
    """Compile, and log what is wrong."""
    try:
        compiled, summary = pipeline.generate(specs, config.parent / "out", _log.info)
    except WatchbillError as error:
        _log.error("the pages that compiled last are served on:\n%s", error)
        return
    changed = summary.added + summary.changed + summary.removed
    _log.info("%d alerts compiled, %d files changed", len(compiled.bundle.alerts), changed)
