"""Fetch both generations of tools from Debian's archive, signed, without root, into `.tools` alone."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from watchbill.errors import ToolError
from watchbill.tools.apt import Apt, FetchError, apt_of_this_system, download
from watchbill.tools.generations import PROGRAMS, RECIPES, Generation, Recipe, fault_of, present, seal
from watchbill.tools.place import tools_folder
from watchbill.tools.relocate import relocate
from watchbill.tools.version import Tool

DEBIAN_NAMES = {"alertmanager": "prometheus-alertmanager"}

Say = Callable[[str], None]


def say_on_stderr(line: str) -> None:
    """Show a line of progress."""
    print(line, file=sys.stderr, flush=True)  # progress is for people, never part of the output


def fetch(
    root: Path | None = None,
    *,
    names: Sequence[str] = tuple(RECIPES),
    say: Say = say_on_stderr,
) -> list[Tool]:
    """Bring the named generations into `.tools` under `root`, and list their programs.

    What is complete is left alone, without network. An interrupted fetch leaves no half generation.
    Raises ToolError, with what to do by hand, where apt is missing, the archive cannot be read, or a program does
    not run.
    """
    try:
        return bring(root, names=names, say=say)
    except FetchError as error:
        folder = tools_folder(root)
        missing = [name for name in names if present(name, root=folder.parent) is None]
        unfit = filter(None, (fault_of(name, root=folder.parent) for name in missing))
        places = ", and ".join(f"{RECIPES[name].phrase()} into {folder / name}" for name in missing)
        programs = f"{', '.join(PROGRAMS[:-1])} and {PROGRAMS[-1]}"
        raise ToolError("; ".join([*unfit, str(error), f"unpack {programs} by hand: {places}"])) from error


def bring(root: Path | None, *, names: Sequence[str], say: Say = say_on_stderr) -> list[Tool]:
    """Do what `fetch` does, and raise FetchError, without advice, where it cannot be done."""
    folder = tools_folder(root)
    if any(present(name, root=folder.parent) is None for name in names):
        try:
            with _alone(folder, say):
                _fetch_missing(folder, names, say)
        except OSError as error:
            raise ToolError(f"the tools cannot be written to {folder}: {error.strerror or error}") from error
    generations = (present(name, root=folder.parent) for name in names)
    return [tool for generation in generations if generation is not None for tool in generation.tools()]


def _fetch_missing(folder: Path, names: Sequence[str], say: Say) -> None:
    # Another process may have fetched them while this one waited.
    missing = [RECIPES[name] for name in names if present(name, root=folder.parent) is None]
    if not missing:
        return
    for leftover in folder.glob(".*.partial-*"):
        # The apt of a command that was killed may still be writing there.
        shutil.rmtree(leftover, ignore_errors=True)
    apt = apt_of_this_system()
    with ThreadPoolExecutor(max_workers=len(missing)) as pool:
        list(pool.map(lambda recipe: _fetch_one(recipe, apt, folder, say), missing))


def _fetch_one(recipe: Recipe, apt: Apt, folder: Path, say: Say) -> None:
    say(f"fetching {recipe.phrase()} (Debian {recipe.suite}) …")
    with tempfile.TemporaryDirectory(prefix=f".{recipe.name}.partial-", dir=folder) as scratch:
        unpacked = download(apt, suite=recipe.suite, packages=recipe.packages, scratch=Path(scratch))
        built = _assemble(recipe, unpacked, Path(scratch) / recipe.name)
        target = folder / recipe.name
        if target.exists():
            target.rename(Path(scratch) / "replaced")
        (Path(scratch) / recipe.name).rename(target)
    versions = f"Prometheus {built.prometheus_version} and Alertmanager {built.alertmanager_version}"
    say(f"{versions} are in {target}")


def _assemble(recipe: Recipe, unpacked: Path, folder: Path) -> Generation:
    folder.mkdir()
    for program in PROGRAMS:
        binary = unpacked / "usr" / "bin" / DEBIAN_NAMES.get(program, program)
        if not binary.is_file():
            raise ToolError(f"no package of Debian {recipe.suite} among {', '.join(recipe.packages)} has {program}")
        binary.rename(folder / program)
    relocate(unpacked, folder)
    return seal(recipe, folder)


@contextlib.contextmanager
def _alone(folder: Path, say: Say) -> Iterator[None]:
    """Hold the lock of `folder`, waiting for whoever has it."""
    folder.mkdir(parents=True, exist_ok=True)
    # The folder may stand in a repository that does not ignore it.
    if not (ignore := folder / ".gitignore").exists():
        ignore.write_text("*\n", encoding="utf-8")
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another command that fetches the tools …")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
