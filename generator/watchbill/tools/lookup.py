"""Find the promtool and amtool that check what is generated."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from watchbill.errors import ToolError
from watchbill.tools.apt import FetchError
from watchbill.tools.fetch import bring
from watchbill.tools.generations import fault_of, present
from watchbill.tools.version import MINIMUM, Tool, ask_version

SETTINGS = {"promtool": "WATCHBILL_PROMTOOL", "amtool": "WATCHBILL_AMTOOL"}


def find(name: str, *, root: Path | None = None, environ: Mapping[str, str] | None = None) -> Tool:
    """Return the first `promtool` or `amtool` that is new enough.

    Looks at the explicit setting, every folder of PATH, `.tools/newest`, then `.tools/oldest`; runs nothing behind
    the first that fits. Raises ToolError, with what was found and why it is unfit, where there is none, or where
    the setting names an unsuitable one.
    """
    tool, unfit = _look(name, root, os.environ if environ is None else environ)
    if tool is not None:
        return tool
    raise ToolError(f'{_nothing(name, unfit)}; run "watchbill tools", put one on PATH, or name it in {SETTINGS[name]}')


def ensure(name: str, *, root: Path | None = None) -> Tool:
    """Return what `find` does, fetching the newest generation first where it would find nothing."""
    tool, unfit = _look(name, root, os.environ)
    if tool is not None:
        return tool
    try:
        bring(root, names=("newest",))
    except FetchError as error:
        wanted = f"{name} {MINIMUM[name].series} or newer"
        todo = f"install {wanted} and put it on PATH, or name it in {SETTINGS[name]}"
        raise ToolError(f"{_nothing(name, unfit)}; {error}; {todo}") from error
    return find(name, root=root)


def _nothing(name: str, unfit: Sequence[str]) -> str:
    because = f" ({'; '.join(unfit)})" if unfit else ""
    return f"no {name} {MINIMUM[name].series} or newer was found{because}"


def _look(name: str, root: Path | None, environ: Mapping[str, str]) -> tuple[Tool | None, tuple[str, ...]]:
    """Return the tool, or None and what is wrong with each that was found."""
    if explicit := environ.get(SETTINGS[name], ""):
        return _from_setting(name, explicit, environ), ()
    unfit = []
    for path in _on_path(name, environ.get("PATH", "")):
        found = _checked(name, path)
        if isinstance(found, Tool):
            return found, ()
        unfit.append(found)
    for generation_name in ("newest", "oldest"):
        if (generation := present(generation_name, root=root)) is not None:
            return next(tool for tool in generation.tools() if tool.name == name), ()
        if (fault := fault_of(generation_name, root=root)) is not None:
            unfit.append(fault)
    return None, tuple(unfit)


def _on_path(name: str, path: str) -> Iterator[Path]:
    """Yield the files of that name on PATH, each one once, whether they can be run or not."""
    seen = set()
    for folder in filter(None, path.split(os.pathsep)):
        candidate = Path(folder).absolute() / name
        real = os.path.realpath(candidate)
        if real not in seen and os.path.isfile(real):  # noqa: PTH113 - Path.is_file raises in a closed folder
            seen.add(real)
            yield candidate


def _checked(name: str, path: Path) -> Tool | str:
    """Return the tool at `path`, or why it is unfit."""
    if not os.access(path, os.X_OK):
        return f"{path} is not executable"
    try:
        version = ask_version(name, path)
    except ToolError as error:
        return str(error)
    minimum = MINIMUM[name]
    if version < minimum:
        return f"{path} is {version}, and {minimum.series} is the oldest that works"
    return Tool(name, version, path, "PATH")


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
