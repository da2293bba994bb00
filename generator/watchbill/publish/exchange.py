"""Put a finished tree in the place of another one: whole, or not at all.

While a tree is staged or swapped, a journal stands beside it. It says that the staging folder and
the folder set aside are ours to delete; what they are to become follows from which of them exist:

    journal, staging                  unfinished, or already swapped: delete the staging folder
    journal, staging, aside, no out   between the two renames of a swap: put the old tree back
    journal, aside, out               swapped: delete the old tree
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from watchbill.errors import RefusedError

JOURNAL_TEXT = b"watchbill is publishing; its next run tidies up\n"
RENAME_EXCHANGE = 2  # linux/fs.h
AT_FDCWD = -100  # linux/fcntl.h
# No such system call (old kernels, seccomp), or a file system that cannot exchange.
CANNOT_EXCHANGE = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM})


@dataclass(frozen=True, slots=True)
class OutputPaths:
    """An output folder and the names beside it, on the same file system."""

    out: Path
    staging: Path
    aside: Path
    journal: Path
    lock: Path


def locate(out: Path) -> OutputPaths:
    """Name what belongs to `out`; links in its parent are followed, `out` itself is not."""
    whole = Path(os.path.realpath(out.parent), out.name)
    if out.name in {"", ".."}:
        whole = Path(os.path.realpath(out))
    staging, aside, journal, lock = (
        whole.parent / f".{whole.name}.{suffix}" for suffix in ("staging", "old", "journal", "lock")
    )
    return OutputPaths(whole, staging, aside, journal, lock)


@contextmanager
def refusing(doing: str) -> Iterator[None]:
    """Turn the system's refusal (full disk, no permission) into a sentence that begins with `doing`."""
    try:
        yield
    except OSError as error:
        where = f" ({os.fsdecode(error.filename)})" if error.filename else ""
        raise RefusedError(f"{doing}: {error.strerror or error}{where}") from error


def begin(out: Path) -> Path:
    """Make the empty staging folder of `out`, with the journal that says it is ours.

    Needs the lock. Raises RefusedError where something that we did not leave stands in the way.
    """
    place = locate(out)
    for path in (place.journal, place.staging, place.aside):
        if os.path.lexists(path):
            raise RefusedError(f"{path} stands in the way and is not watchbill's to delete; move it away")
    try:
        with refusing(f"cannot write beside {out}"):
            with place.journal.open("xb") as journal:
                journal.write(JOURNAL_TEXT)
                journal.flush()
                os.fsync(journal.fileno())
            # The journal is on disk before anything that it vouches for.
            _sync(place.out.parent)
            place.staging.mkdir()
    except BaseException:
        recover(out)
        raise
    return place.staging


def recover(out: Path) -> str | None:
    """Undo or complete what a run left beside `out`; return a sentence about what was done.

    Needs the lock. Does nothing without our journal. May itself be killed and run again.
    """
    place = locate(out)
    if not os.path.lexists(place.journal):
        return None
    if not _is_ours(place.journal):
        raise RefusedError(f"{place.journal} is not a journal of watchbill; move it away")
    said = f"removed what an earlier run left beside {out}"
    with refusing(f"cannot tidy up beside {out}"):
        if place.aside.is_dir() and not _has_entries(place.out):
            place.aside.rename(place.out)
            said = f"put {out} back as it was before an earlier run was cut short"
        # A tree is deleted only when the one that stays is sure to survive a power cut.
        _sync(place.out.parent)
        for leftover in (place.staging, place.aside):
            if os.path.lexists(leftover):
                shutil.rmtree(leftover)
        # The journal goes last, also on disk, or it could not vouch for what is left.
        _sync(place.out.parent)
        place.journal.unlink()
    return said


def exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; return False where kernel or file system cannot.

    Raises OSError where it can but fails. See renameat2(2); macOS and musl have no such function.
    """
    import ctypes  # noqa: PLC0415  # most commands never exchange anything

    libc = ctypes.CDLL(None, use_errno=True)
    renameat2 = getattr(libc, "renameat2", None)
    if renameat2 is None:
        return False
    renameat2.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    if renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in CANNOT_EXCHANGE:
        return False
    raise OSError(number, os.strerror(number), str(other))


def swap(out: Path, *, exchange: Callable[[Path, Path], bool] = exchange) -> None:
    """Put the staged tree of `out` in its place, on disk, and delete the old tree.

    A reader never misses a file where the trees can be exchanged; elsewhere `out` is away between
    two renames. Raises RefusedError with `out` as it was, or wholly new.
    """
    place = locate(out)
    try:
        with refusing(f"cannot publish to {out}"):
            _sync_tree(place.staging)
            if not os.path.lexists(place.out):
                place.staging.rename(place.out)
            elif not exchange(place.staging, place.out):
                place.out.rename(place.aside)
                _sync(place.out.parent)
                place.staging.rename(place.out)
    finally:
        recover(out)


def _is_ours(journal: Path) -> bool:
    # A run cut short while it began leaves a part of the text, and nothing else.
    if not stat.S_ISREG(journal.lstat().st_mode):
        return False
    return JOURNAL_TEXT.startswith(journal.read_bytes())


def _has_entries(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _sync_tree(folder: Path) -> None:
    for parent, _, files in os.walk(folder):
        for name in files:
            _sync(Path(parent, name))
        _sync(Path(parent))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
