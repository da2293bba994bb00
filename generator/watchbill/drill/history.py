"""Write what Prometheus would have stored, so that a drill need not wait for hours or days to pass."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from watchbill.errors import ToolError
from watchbill.model.examples import Phase
from watchbill.promql import quoted
from watchbill.stack.world import Moving, Series, Target, World

ONE_BLOCK = "1536h"  # more than 32 days: many small blocks take far longer to write and to read
Point = tuple[float, str, float]
"""A Unix time, a series, and its value."""


def stored(text: str, target: Target) -> str:
    """Name a series as Prometheus stores it: with its target labels."""
    name, _, inside = text.partition("{")
    own = {"job": target.job, "instance": target.instance, "env": target.place[0], "cluster": target.place[1]}
    labels = [f"{label}={quoted(value)}" for label, value in own.items()]
    return f"{name}{{{','.join([*labels, *([inside.removesuffix('}')] if inside else [])])}}}"


def named(metric: str, labels: Mapping[str, str]) -> str:
    """Name a series that a rule has recorded."""
    return f"{metric}{{{','.join(f'{label}={quoted(value)}' for label, value in sorted(labels.items()))}}}"


def write(points: Iterable[Point], storage: Path, promtool: Path) -> None:
    """Write points, which ascend in time, as a block into a storage."""
    storage.mkdir(parents=True, exist_ok=True)
    text = storage.with_suffix(".txt")
    with text.open("w", encoding="utf-8") as file:
        file.writelines(f"{series} {value!r} {at:.3f}\n" for at, series, value in points)
        file.write("# EOF\n")
    command = [str(promtool), "tsdb", "create-blocks-from", "openmetrics", "--quiet"]
    command += [f"--max-block-duration={ONE_BLOCK}", str(text), str(storage)]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    text.unlink()
    if result.returncode:
        raise ToolError(f"promtool cannot write a history: {result.stderr.strip() or result.stdout.strip()}")


def samples_over_time(
    series: Sequence[Series], moving: Sequence[Moving], phases: Sequence[tuple[Phase, float]], *, step: float
) -> Iterator[Point]:
    """Let series go through phases, each from a moment on, the last until its own end; the patterns end up there.

    The first phase begins where the patterns do.
    """
    at = moving[0].since
    names = [stored(each.text, each.target) for each in series]
    for phase, until in phases:
        for each in moving:
            if each.phase is not phase:
                each.enter(phase, at)
        while at < until:
            values = [each.value(at) for each in moving]
            yield from ((at, name, value) for name, value in zip(names, values, strict=True) if value is not None)
            at += step


def healthy(series: Sequence[Series], needed: float, world: World, folder: Path, promtool: Path) -> list[Moving]:
    """Lay series over a world as if they had been healthy for so many seconds, and write that down."""
    now = time.time()
    moving = world.lay(series, since=now - needed - 1)
    points = samples_over_time(series, moving, [(Phase.HEALTHY, now)], step=max(1.0, needed / 2000))
    write(points, folder / "prometheus", promtool)
    return moving
