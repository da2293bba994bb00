"""Find the promtool and amtool that judge what is generated."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from watchbill.errors import ToolError
from watchbill.tools.fetch import fetch
from watchbill.tools.generations import present
from watchbill.tools.version import MINIMUM, Tool, ask_version

SETTINGS = {"promtool": "WATCHBILL_PROMTOOL", "amtool": "WATCHBILL_AMTOOL"}


def find(name: str, *, root: Path | None = None, environ: Mapping[str, str] | None = None) -> Tool:
    """Return the first `promtool` or `amtool` that is new enough.

    Looks at the explicit setting, PATH, `.tools/newest`, then `.tools/oldest`; runs `--version` once
    at most. Raises ToolError where there is none, or where the setting names an unsuitable one.
    """
    tool, passed_over = _look(name, root, os.environ if environ is None else environ)
    if tool is not None:
        return tool
    because = f" (passed over: {passed_over})" if passed_over else ""
    raise ToolError(
        f"no {name} {MINIMUM[name].series} or newer was found{because};"
        f' run "watchbill tools", put one on PATH, or name it in {SETTINGS[name]}'
    )


def ensure(name: str, *, root: Path | None = None) -> Tool:
    """Return what `find` does, fetching the newest generation first where it would find nothing."""
    tool, _ = _look(name, root, os.environ)
    if tool is None:
        fetch(root, names=("newest",))
        return find(name, root=root)
    return tool


def _look(name: str, root: Path | None, environ: Mapping[str, str]) -> tuple[Tool | None, str]:
    """Return the tool, or None and what was on PATH but unfit."""
    if explicit := environ.get(SETTINGS[name], ""):
        return _from_setting(name, explicit, environ), ""
    passed_over = ""
    if (on_path := shutil.which(name, path=environ.get("PATH", ""))) is not None:
        try:
            version = ask_version(name, Path(on_path))
        except ToolError as error:
            passed_over = str(error)
        else:
            if version >= MINIMUM[name]:
                return Tool(name, version, Path(on_path), "PATH"), ""
            passed_over = f"{on_path} is {version}"
    for generation_name in ("newest", "oldest"):
        if (generation := present(generation_name, root=root)) is not None:
            return next(tool for tool in generation.tools() if tool.name == name), ""
    return None, passed_over


def _from_setting(name: str, explicit: str, environ: Mapping[str, str]) -> Tool:
    setting, minimum = SETTINGS[name], MINIMUM[name].series
    todo = f"set {setting} to {name} {minimum} or newer, or unset it"
    path = shutil.which(explicit, path=environ.get("PATH", ""))
    if path is None:
        raise ToolError(f'{setting} names "{explicit}", which is no program; {todo}')
    try:
        version = ask_version(name, Path(path))
    except ToolError as error:
        raise ToolError(f"{setting}: {error}; {todo}") from error
    if version < MINIMUM[name]:
        raise ToolError(f'{setting} names "{explicit}", which is {version} and too old; {todo}')
    return Tool(name, version, Path(path), setting)
