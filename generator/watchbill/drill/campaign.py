"""Run drills: each on servers of its own, several at once, the longest first."""

from __future__ import annotations

import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType

from watchbill.audit.samples import samples
from watchbill.compilation import compile_rules
from watchbill.drill import links
from watchbill.drill.one import drill
from watchbill.drill.record import Event, Record
from watchbill.drill.stack import Scaled, Setting, Stopped
from watchbill.drill.world import lines
from watchbill.errors import RefusedError, ToolError, UsageError, choose
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle
from watchbill.quantity import TimeScale
from watchbill.targets import alertmanager as alertmanager_target
from watchbill.targets import prometheus as prometheus_target
from watchbill.tools import Generation

LONGEST_FOR_SECONDS = 60.0  # what waits for longer under the scale runs faster still
NEEDED_BYTES = 8 << 20  # of one drill, at most
TERMINATED = 143  # what shells give a command that was ended by SIGTERM
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


def choose_alerts(
    bundle: Bundle, *, alert: str | None = None, service: str | None = None, severity: str | None = None
) -> tuple[Alert, ...]:
    """Choose what to drill; raises `UsageError` with the nearest names."""
    if alert is not None:
        found = [each for each in bundle.alerts if alert in (each.id, each.name)]
        if len(found) > 1:
            raise UsageError(f'"{alert}" is an alert of several services; {choose(alert, [each.id for each in found])}')
        if not found:
            raise UsageError(f'there is no alert "{alert}"; {choose(alert, [each.id for each in bundle.alerts])}')
        return tuple(found)
    services = [each.name for each in bundle.services]
    if service is not None and service not in services:
        raise UsageError(f'there is no service "{service}"; {choose(service, services)}')
    return tuple(
        each for each in bundle.alerts if service in (None, each.service) and severity in (None, each.severity.value)
    )


def expect_emitted(bundle: Bundle, out: Path) -> None:
    """Refuse to drill rules and routes that are not those of the specs: what is drilled is what is shipped."""
    tree = {**prometheus_target.render(bundle), **alertmanager_target.render(bundle)}
    for path, text in tree.items():
        place = out / path
        if not place.is_file() or place.read_text(encoding="utf-8") != text:
            raise RefusedError(f'{place} is not what the specs compile to; run "watchbill generate" first')


def scale_of(alert: Alert, divisor: int) -> int:
    """Run an alert that waits for hours faster than the others."""
    return max(divisor, -(-alert.for_.milliseconds // int(LONGEST_FOR_SECONDS * 1000)))


def run(campaign: Campaign, alerts: Sequence[Alert], *, jobs: int, tell: Tell) -> Iterator[Record]:
    """Drill alerts, several at once; gives each record as soon as it is there.

    Whatever ends this early, every server has ended, and every folder is gone, when it returns.
    """
    stop = threading.Event()
    _expect_room()
    files = dict(
        sample for service in campaign.bundle.services for sample in samples(service, campaign.specs / "samples")
    )
    known = {job: lines(path.read_text(encoding="utf-8")) for job, path in files.items()}
    scaled = _compiled(campaign.specs, campaign.scale)
    queue = sorted(alerts, key=lambda alert: (-alert.for_.milliseconds, alert.id))
    with links.served(campaign.site) as site, _terminating():
        panels = links.panels(campaign.out)
        setting = Setting(campaign.generation, known, site, panels, campaign.bundle, stop)
        scales = {alert.id: scaled(scale_of(alert, campaign.scale)) for alert in queue}
        with ThreadPoolExecutor(jobs) as pool:
            futures = {
                pool.submit(_one, alert, scales[alert.id], setting, campaign.keep, tell): alert for alert in queue
            }
            try:
                yield from _finished(futures)
            finally:
                stop.set()
                for future in futures:
                    future.cancel()


def _expect_room() -> None:
    try:
        with tempfile.NamedTemporaryFile(prefix="watchbill-drill-") as file:
            file.write(bytes(NEEDED_BYTES))
    except OSError as error:
        where = f"no temporary file can be written ({error.strerror})"
        raise ToolError(f"{where}; make room, or set TMPDIR to a folder that can be written") from None


def _finished(futures: Iterable[Future[Record]]) -> Iterator[Record]:
    left = set(futures)
    while left:
        done, left = wait(left, timeout=0.5, return_when=FIRST_COMPLETED)  # so that signals are heard
        yield from (future.result() for future in done)


def _compiled(specs: Path, usual: int) -> Callable[[int], Scaled]:
    @cache
    def compiled(divisor: int) -> Scaled:
        scale = TimeScale(divisor)
        return Scaled(compile_rules(specs, scale=scale).bundle, scale, alone=divisor != usual)

    return compiled


def _one(alert: Alert, scaled: Scaled, setting: Setting, keep: bool, tell: Tell) -> Record:  # noqa: FBT001 (its caller's)
    with _folder(keep) as folder:
        if keep:
            tell(alert.id, Event(0, "kept", f"everything is in {folder}"))
        broken = Record(alert.id, alert.summary, alert.severity.value, scaled.scale.divisor)
        try:
            return drill(alert.id, scaled, setting, folder, lambda event: tell(alert.id, event))
        except Stopped:
            raise
        except (ToolError, OSError) as error:
            broken.hold("the servers run", str(error))
            broken.broke = True
            return broken


@contextmanager
def _folder(keep: bool) -> Iterator[Path]:  # noqa: FBT001 (its caller's)
    folder = Path(tempfile.mkdtemp(prefix="watchbill-drill-"))
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _terminating() -> Iterator[None]:
    """Let SIGTERM end a campaign as Ctrl-C does."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(TERMINATED)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
