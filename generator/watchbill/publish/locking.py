"""Let one command at a time write beside an output folder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from watchbill.errors import RefusedError
from watchbill.publish.exchange import locate, recover, refusing

POLL_SECONDS = 0.05


@contextmanager
def lock(out: Path, *, wait_seconds: float, notify: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock of `out`, and first tidy up what a killed run left.

    Tells `notify` when it waits for another command and when it tidied up. The system releases
    the lock however the process ends. Raises RefusedError when it waited for `wait_seconds`.
    """
    path = locate(out).lock
    with refusing(f"cannot lock {out}"):
        if path.exists() and path.stat().st_size:
            raise RefusedError(f"{path} is not a lock of watchbill; move it away")
        descriptor = _acquire(path, time.monotonic() + wait_seconds, notify, f"publishing to {out}")
    try:
        if (said := recover(out)) is not None:
            notify(said)
        yield
    finally:
        # Removed while it is held: whoever waits for this file finds that it is gone and opens a new one.
        try:
            with refusing(f"cannot unlock {out}"):
                path.unlink(missing_ok=True)
        finally:
            os.close(descriptor)


def _acquire(path: Path, deadline: float, notify: Callable[[str], None], doing: str) -> int:
    notified = False
    while (descriptor := _try_to_acquire(path)) is None:
        if time.monotonic() >= deadline:
            raise RefusedError(f"another watchbill is still {doing}; try again when it is done")
        if not notified:
            notify(f"another watchbill is {doing}; waiting")
            notified = True
        time.sleep(POLL_SECONDS)
    return descriptor


def _try_to_acquire(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held = os.path.samestat(os.fstat(descriptor), path.lstat())
    except (BlockingIOError, FileNotFoundError):
        held = False  # by us: another command has it, or removed it just now
    if not held:
        os.close(descriptor)
        return None
    return descriptor
