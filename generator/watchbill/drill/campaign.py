"""Run drills: each on servers of its own, several at once, the longest first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from watchbill.audit.samples import samples
from watchbill.compilation import compile_rules
from watchbill.drill import links, run_one
from watchbill.drill.record import Event, Record
from watchbill.drill.watch import Say
from watchbill.errors import RefusedError, ToolError, UsageError
from watchbill.errors import choose as nearest
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle
from watchbill.model.drills import Drill
from watchbill.outputs import alertmanager as alertmanager_target
from watchbill.outputs import prometheus as prometheus_target
from watchbill.quantity import TimeScale
from watchbill.stack.folders import expect_room, folder
from watchbill.stack.running import Scaled, Setting
from watchbill.stack.world import lines
from watchbill.tools import Generation

LONGEST_FOR_SECONDS = 60.0  # what waits for longer under the scale runs faster still
AGAIN_AT_ONCE = 2  # of what failed beside others
Tell = Callable[[str, Event], None]


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is drilled, on what: alerts of the emitted bundle, tools, and where the site and the emitted tree are."""

    specs: Path
    out: Path
    site: Path
    bundle: Bundle
    generation: Generation
    scale: int
    keep: bool


@dataclass(frozen=True, slots=True)
class Part:
    """An alert or a drill of the specs: how much faster than life it runs, and what plays it.

    `lasts` orders what is long before what is short, in seconds; `alone` leaves all other alerts out.
    """

    id: str
    title: str
    severity: str
    scale: int
    alone: bool
    lasts: float
    play: Callable[[Scaled, Setting, Path, Say], Record]


def of_alert(alert: Alert, divisor: int) -> Part:
    """Drill one alert; one that waits for hours runs faster than the others."""
    scale = max(divisor, -(-alert.for_.milliseconds // int(LONGEST_FOR_SECONDS * 1000)))
    given = alert.rules[0].example
    waits = (given.history, given.settles, given.clears, alert.for_, alert.keep_firing_for)
    lasts = sum(min(each.milliseconds / 1000 / scale, LONGEST_FOR_SECONDS) for each in waits)

    def play(scaled: Scaled, setting: Setting, folder: Path, say: Say) -> Record:
        return run_one.drill(alert.id, scaled, setting, folder, say)

    return Part(alert.id, alert.summary, alert.severity.value, scale, scale != divisor, lasts, play)


def of_drill(given: Drill, divisor: int) -> Part:
    """Play a drill of the specs."""
    scale = run_one.scale_of(given, divisor)

    def play(scaled: Scaled, setting: Setting, folder: Path, say: Say) -> Record:
        faster = next(each for each in scaled.bundle.drills if each.name == given.name)
        return run_one.play(faster, scaled, setting, folder, say)

    return Part(given.name, given.title, given.severity.value, scale, alone=False, lasts=LONGEST_FOR_SECONDS, play=play)


def choose(
    bundle: Bundle, divisor: int, *, name: str | None = None, service: str | None = None, severity: str | None = None
) -> tuple[Part, ...]:
    """Choose what to drill; raises `UsageError` with the nearest names.

    A drill of the specs belongs to the services that it breaks, and is as severe as the worst that is notified.
    """
    drills = {each.name: each for each in bundle.drills}
    if name is not None:
        given = drills.get(name)
        return (of_alert(_alert(bundle, name), divisor) if given is None else of_drill(given, divisor),)
    services = [each.name for each in bundle.services]
    if service is not None and service not in services:
        raise UsageError(f'there is no service "{service}"; {nearest(service, services)}')
    played = [of_drill(each, divisor) for each in bundle.drills if service in (None, *broken_in(each))]
    alone = [of_alert(each, divisor) for each in bundle.alerts if service in (None, each.service)]
    return tuple(part for part in (*played, *alone) if severity in (None, part.severity))


def broken_in(drill: Drill) -> frozenset[str]:
    """Name the services that a drill breaks something of."""
    return frozenset(id_.partition("/")[0] for id_ in drill.breaks)


def _alert(bundle: Bundle, name: str) -> Alert:
    found = [each for each in bundle.alerts if name in (each.id, each.name)]
    if len(found) > 1:
        raise UsageError(f'"{name}" is an alert of several services; {nearest(name, [each.id for each in found])}')
    if not found:
        known = [*(each.id for each in bundle.alerts), *(each.name for each in bundle.drills)]
        raise UsageError(f'there is no alert or drill "{name}"; {nearest(name, known)}')
    return found[0]


def expect_emitted(bundle: Bundle, out: Path) -> None:
    """Refuse to drill rules and routes that are not those of the specs: what is drilled is what is shipped."""
    tree = {**prometheus_target.render(bundle), **alertmanager_target.render(bundle)}
    for path, text in tree.items():
        place = out / path
        if not place.is_file() or place.read_text(encoding="utf-8") != text:
            raise RefusedError(f'{place} is not what the specs compile to; run "watchbill generate" first')


def run(campaign: Campaign, parts: Sequence[Part], *, jobs: int, tell: Tell) -> Iterator[Record]:
    """Drill, several at once; gives each record as soon as it is there.

    What fails beside others is drilled once more, nearly alone: a machine that is too busy to scrape in time makes
    targets look down. The record says so, and `tell` hears what failed first. Whatever ends this early, every server
    has ended, and every folder is gone, when it returns.
    """
    expect_room()
    files = dict(
        sample for service in campaign.bundle.services for sample in samples(service, campaign.specs / "samples")
    )
    known = {job: lines(path.read_text(encoding="utf-8")) for job, path in files.items()}
    compiled = _compiled(campaign.specs)
    scaled = {part.id: replace(compiled(part.scale), alone=part.alone) for part in parts}
    queue = sorted(parts, key=lambda part: (-part.lasts, part.id))
    with links.served(campaign.site) as site:
        panels = links.panels(campaign.out)
        setting = Setting(campaign.generation, known, site, panels, campaign.bundle, threading.Event())
        again: list[Part] = []
        by_id = {part.id: part for part in parts}
        for record in _at_once(queue, scaled, setting, campaign.keep, jobs, tell):
            if record.failures and len(queue) > AGAIN_AT_ONCE:
                again.append(by_id[record.id])
                why = record.failures[0]
                text = f"once more later, nearly alone, since this failed: {why.name}: {why.failure}"
                tell(record.id, Event(record.seconds, "again", text))
            else:
                yield record
        for record in _at_once(again, scaled, setting, campaign.keep, AGAIN_AT_ONCE, tell):
            record.again = True
            yield record


def _at_once(
    parts: Sequence[Part],
    scaled: Mapping[str, Scaled],
    setting: Setting,
    keep: bool,  # noqa: FBT001 (its caller's)
    jobs: int,
    tell: Tell,
) -> Iterator[Record]:
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(_one, part, scaled[part.id], setting, keep, tell) for part in parts]
        try:
            yield from _finished(futures)
        except BaseException:
            setting.stop.set()
            for future in futures:
                future.cancel()
            raise


def _finished(futures: Iterable[Future[Record]]) -> Iterator[Record]:
    left = set(futures)
    while left:
        done, left = wait(left, timeout=0.5, return_when=FIRST_COMPLETED)  # so that signals are heard
        yield from (future.result() for future in done)


def _compiled(specs: Path) -> Callable[[int], Scaled]:
    @cache
    def compiled(divisor: int) -> Scaled:
        scale = TimeScale(divisor)
        return Scaled(compile_rules(specs, scale=scale).bundle, scale)

    return compiled


def _one(part: Part, scaled: Scaled, setting: Setting, keep: bool, tell: Tell) -> Record:  # noqa: FBT001 (its caller's)
    with folder("watchbill-drill-", keep=keep) as place:
        if keep:
            tell(part.id, Event(0, "kept", f"everything is in {place}"))
        try:
            return part.play(scaled, setting, place, lambda event: tell(part.id, event))
        except (ToolError, OSError) as error:
            broken = Record(part.id, part.title, part.severity, part.scale, broke=True)
            why = f"{error.strerror or error} in {place}" if isinstance(error, OSError) else str(error)
            broken.hold("the servers run", why)
            return broken
