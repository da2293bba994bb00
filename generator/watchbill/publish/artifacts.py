"""Stage a tree of generated files, compare it with what stands there, publish it, prune the rest.

`publish` and `stage` belong under `watchbill.publish.locking.lock`.
"""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from watchbill.errors import RefusedError
from watchbill.publish.drift import Drift, compare_bytes
from watchbill.publish.exchange import begin, locate, recover, refusing, swap

CATALOGUE = "catalog.json"

Tree = Mapping[str, str]
"""POSIX path relative to the output folder -> text with "\\n" line ends, written as UTF-8."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a publication did: `files` in the new tree; of these added and changed; and removed."""

    files: int
    added: int
    changed: int
    removed: int


def guard(out: Path) -> None:
    """Refuse a folder whose content we must not replace: publishing deletes what is not generated.

    Raises RefusedError unless `out` is absent in an existing folder, empty, or ours.
    """
    with refusing(f"cannot read {out}"):
        place = locate(out).out
        if (why := _unfit_place(place) or _foreign_content(place)) is not None:
            raise RefusedError(f"{out} {why}")


def write(folder: Path, tree: Tree) -> None:
    """Write `tree` into the existing, empty `folder`.

    Raises ValueError, before anything is written, where a path leaves the folder or two paths are
    one on some system; RefusedError where the system refuses.
    """
    rendered = _render(tree)
    with refusing(f"cannot write to {folder}"):
        for path, content in sorted(rendered.items()):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write(content)


@contextmanager
def stage(out: Path, tree: Tree) -> Iterator[Path]:
    """Write `tree` into a fresh folder beside `out`; on leaving it is gone, published or not.

    Raises as `write` does, with `out` untouched.
    """
    staged = begin(out)
    try:
        write(staged, tree)
        yield staged
    finally:
        recover(out)


def compare(out: Path, tree: Tree) -> tuple[Drift, ...]:
    """List how `out` differs from `tree`, sorted by path; write nothing."""
    with refusing(f"cannot read {out}"):
        return compare_bytes(out, _render(tree))


def publish(staged: Path, out: Path) -> Summary:
    """Put the staged tree in the place of `out`, of which nothing is kept; see exchange.swap.

    Leaves `out` as it is, to the inode, where the trees are equal. Raises RefusedError with `out`
    as it was, or wholly new.
    """
    return _publish(staged, out, swap=swap)


def _publish(staged: Path, out: Path, *, swap: Callable[[Path], None]) -> Summary:
    if staged != locate(out).staging:
        raise ValueError(f"{staged} is not where {out} is staged")
    if not _has_catalogue(staged):
        raise ValueError(f"the tree has no {CATALOGUE}: the next run would not know {out} as ours")
    guard(out)
    with refusing(f"cannot publish to {out}"):
        new = {path.relative_to(staged).as_posix(): path.read_bytes() for path in _files(staged)}
        drift = compare_bytes(out, new)
    if drift:
        swap(out)
    counts = [sum(found.kind == kind for found in drift) for kind in ("missing", "changed", "extra")]
    return Summary(len(new), *counts)


def _unfit_place(place: Path) -> str | None:
    if place.is_symlink():
        return "is a symbolic link; name the folder itself"
    if any(folder.is_relative_to(place) for folder in _precious()):
        return "is or holds the current or the home folder; name a folder for generated files only"
    if not place.parent.is_dir():
        return f"cannot be made, since {place.parent} is not a folder; make it first"
    if place.exists() and not place.is_dir():
        return "is not a folder; name a folder for generated files only"
    return None


def _foreign_content(place: Path) -> str | None:
    if not place.exists() or not any(place.iterdir()):
        return None
    if not os.path.lexists(place / CATALOGUE):
        return f"is not watchbill's (it has files, but no {CATALOGUE}); name another, or empty it yourself"
    if not _has_catalogue(place):
        return f"has a {CATALOGUE} that is damaged or not watchbill's; restore it, or empty the folder yourself"
    if next(place.rglob(".git"), None) is not None:
        return "contains a git repository; name a folder for generated files only"
    return None


def _precious() -> Iterator[Path]:
    yield Path.cwd().resolve()
    # A container's user may have no home, at which expanduser raises RuntimeError.
    with suppress(RuntimeError):
        yield Path("~").expanduser().resolve()


def _has_catalogue(folder: Path) -> bool:
    path = folder / CATALOGUE
    if path.is_symlink() or not path.is_file():
        return False
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    if not isinstance(found, dict):
        return False
    version = found.get("version")
    return type(version) is int and version == 1 and isinstance(found.get("alerts"), list)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _render(tree: Tree) -> dict[str, bytes]:
    # By the name that a file system which ignores case and composes accents would see.
    seen: dict[str, str] = {}
    files = {_fold(path) for path in tree}
    for path in tree:
        parts = path.split("/")
        if any(part in {"", ".", ".."} or "\0" in part or "\\" in part for part in parts):
            raise ValueError(f"{path!r} is not a plain relative path")
        if any(_fold(folder) in files for folder in list(accumulate(parts, "{}/{}".format))[:-1]):
            raise ValueError(f"{path!r} lies in a folder that is also a file")
        for name in accumulate(parts, "{}/{}".format):
            if seen.setdefault(_fold(name), name) != name:
                raise ValueError(f"{name!r} and {seen[_fold(name)]!r} are one name on some systems")
    return {path: text.encode("utf-8") for path, text in tree.items()}


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
