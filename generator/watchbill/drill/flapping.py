"""Let a fault be there, or come and go."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

from watchbill.model.drills import Flaps
from watchbill.model.examples import Phase
from watchbill.stack.world import Moving


def enter(moving: Sequence[Moving], phase: Phase) -> float:
    """Let all series go on in a phase; returns the moment."""
    at = time.time()
    for each in moving:
        each.enter(phase, at)
    return at


@contextmanager
def flapping(moving: Sequence[Moving], flaps: Flaps | None) -> Iterator[Thread | None]:
    """Let a fault be there in the block; one that flaps comes and goes, and has ended when the thread does."""
    if flaps is None:
        enter(moving, Phase.FIRING)
        yield None
        return
    ended = Event()
    times, on, off = flaps.times, flaps.broken.milliseconds / 1000, flaps.healthy.milliseconds / 1000

    def flap() -> None:
        began = time.monotonic()
        for turn in range(times):
            for phase, until in ((Phase.FIRING, on), (Phase.HEALTHY, on + off)):
                enter(moving, phase)
                if ended.wait(began + turn * (on + off) + until - time.monotonic()):
                    return

    thread = Thread(target=flap, daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        ended.set()
        thread.join()
