"""Prometheus, Alertmanager, exporter and receivers in one folder, and what they are asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from watchbill.errors import ToolError, WatchbillError
from watchbill.model.bundle import Bundle
from watchbill.outputs import alertmanager as alertmanager_target
from watchbill.quantity import Duration, TimeScale
from watchbill.stack import configuration
from watchbill.stack.api import Firing, Key, ask, key, unix
from watchbill.stack.exporter import exporting
from watchbill.stack.loopback import ServerError, free_port, is_ready, running
from watchbill.stack.receivers import Receivers, receiving
from watchbill.stack.world import Line, Target, World
from watchbill.tools import Generation

START_SECONDS = 15.0
POLL_SECONDS = 0.2
TAIL_LINES = 8
# Prometheus' own durations (its documentation, "prometheus" command line), which are scaled too; the defaults, but for
# the grace: with 10m, an alert with a `for` of 5m would be pending anew after each restart, and be paged once more.
RESEND_DELAY, LOOKBACK = Duration.parse("1m"), Duration.parse("5m")
DISCOVERY = Duration.parse("5s")
FOR_GRACE, OUTAGE_TOLERANCE = Duration.parse("1m"), Duration.parse("1h")


class Stopped(WatchbillError):  # noqa: N818 (it is no error)
    """Somebody wants the drill to end."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What all drills of one run share.

    `samples` are the committed samples by job, `site` where the built site is served, `panels` the ids of the emitted
    panels by dashboard, `real` what is emitted; `stop` is set when somebody wants all of it to end.
    """

    generation: Generation
    samples: Mapping[str, tuple[Line, ...]]
    site: str
    panels: Mapping[str, frozenset[int]]
    real: Bundle
    stop: Event


@dataclass(frozen=True, slots=True)
class Scaled:
    """The specs, compiled under a time scale, and how often the targets of a job are asked.

    An alert runs `alone` where it is scaled more than others, which would not be quiet until the first scrapes then.
    """

    bundle: Bundle
    scale: TimeScale
    scrape: Callable[[str], Duration] = lambda _: configuration.USUAL_SCRAPE
    alone: bool = False


def pause(stop: Event, seconds: float) -> None:
    """Wait, unless somebody wants the drill to end."""
    if stop.wait(max(0.0, seconds)):
        raise Stopped("stopped")


def until(stop: Event, seconds: float, done: Callable[[], bool]) -> bool:
    """Wait until something is so; False where it is not within so many seconds."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        pause(stop, POLL_SECONDS)
    return True


@dataclass
class Stack:
    """A running stack. Prometheus can be stopped and started again while the rest stays."""

    folder: Path
    setting: Setting
    scaled: Scaled
    targets: Sequence[Target]
    world: World
    receivers: Receivers
    alertmanager_port: int
    prometheus_port: int
    proxy: str = ""

    @property
    def alertmanager(self) -> str:
        """Where Alertmanager answers."""
        return f"http://127.0.0.1:{self.alertmanager_port}"

    @property
    def prometheus(self) -> str:
        """Where Prometheus answers."""
        return f"http://127.0.0.1:{self.prometheus_port}"

    def alerts(self) -> list[Firing]:
        """List what is pending or fires."""
        found = ask(self.prometheus, "/api/v1/alerts")["data"]["alerts"]
        return [
            Firing(each["labels"], each["annotations"], each["state"] == "firing", unix(each["activeAt"]))
            for each in found
        ]

    def began(self) -> dict[Key, float]:
        """Say of each alert that Alertmanager knows since when it fires, by its labels."""
        found = ask(self.alertmanager, "/api/v2/alerts")
        return {key(each["labels"]): unix(each["startsAt"]) for each in found}

    def query(self, expr: str) -> list[tuple[Mapping[str, str], float]]:
        """Evaluate an expression now."""
        found = ask(self.prometheus, "/api/v1/query", query=expr)["data"]["result"]
        return [(each["metric"], float(each["value"][1])) for each in found]

    def muted(self) -> dict[Key, bool]:
        """Say of each alert that Alertmanager knows whether something mutes it, by its labels."""
        found = ask(self.alertmanager, "/api/v2/alerts")
        return {key(each["labels"]): bool(each["status"]["inhibitedBy"]) for each in found}

    def scraped(self) -> bool:
        """Whether every target has been scraped once."""
        return len(self.query("up")) >= len(self.targets) if is_ready(self.prometheus) else False

    @contextmanager
    def alerting(self) -> Iterator[None]:
        """Run Alertmanager until the block ends; started again, it goes on with what it stored."""
        address = f"127.0.0.1:{self.alertmanager_port}"
        arguments = [
            f"--config.file={self.folder / 'alertmanager.yml'}",
            f"--storage.path={self.folder / 'alertmanager'}",
            f"--web.listen-address={address}",
            f"--web.external-url={self.scaled.bundle.platform.urls.alertmanager}",
            "--web.route-prefix=/",
            "--cluster.listen-address=",
        ]
        program = self.setting.generation.alertmanager
        with server(program, arguments, self.folder / "alertmanager.log", program.parent, self.alertmanager):
            yield

    @contextmanager
    def measuring(self, name: str = "prometheus", *, real_time: bool = False) -> Iterator[None]:
        """Run Prometheus until the block ends, on the storage of a name; times are scaled unless they are real."""
        scale = TimeScale() if real_time else self.scaled.scale
        address = f"127.0.0.1:{self.prometheus_port}"
        arguments = [
            f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.folder / name}",
            "--storage.tsdb.retention.time=100y",
            f"--web.listen-address={address}",
            f"--web.external-url={self.scaled.bundle.platform.urls.prometheus}",
            "--web.route-prefix=/",
            f"--query.lookback-delta={scale(LOOKBACK)}",
            f"--rules.alert.resend-delay={self.scaled.scale(RESEND_DELAY)}",
            f"--scrape.discovery-reload-interval={self.scaled.scale(DISCOVERY)}",
            f"--rules.alert.for-grace-period={scale(FOR_GRACE)}",
            f"--rules.alert.for-outage-tolerance={scale(OUTAGE_TOLERANCE)}",
        ]
        program = self.setting.generation.prometheus
        with server(program, arguments, self.folder / f"{name}.log", self.folder, self.prometheus):
            if not until(self.setting.stop, START_SECONDS, self.scraped):
                raise ToolError(f"Prometheus has not scraped {len(self.targets)} targets in {START_SECONDS:.0f} s")
            yield


@contextmanager
def server(program: Path, arguments: Sequence[str], log: Path, folder: Path, url: str) -> Iterator[None]:
    """Run a server until the block ends; a `ToolError` carries the end of its log."""
    try:
        with running(
            program, arguments, log=log, folder=folder, ready=lambda: is_ready(url), within_seconds=START_SECONDS
        ):
            yield
    except ServerError as error:
        tail = log.read_text(errors="replace").splitlines()[-TAIL_LINES:] if log.is_file() else []
        lead = "its log ends with" if tail else "its log is empty"
        raise ToolError("\n".join([f"{error}; {lead}", *tail])) from None


@contextmanager
def stack(
    folder: Path,
    setting: Setting,
    scaled: Scaled,
    targets: Sequence[Target],
    world: World,
    rules: Mapping[str, configuration.Config],
) -> Iterator[Stack]:
    """Run exporter and receivers until the block ends; the servers are configured, and started apart."""
    with ExitStack() as running_:
        receivers = running_.enter_context(receiving(configuration.addresses(scaled.bundle.platform)))
        found = Stack(folder, setting, scaled, targets, world, receivers, free_port(), free_port())
        found.proxy = running_.enter_context(exporting(lambda number: found.world.page(targets[number])))
        _configure(found, rules)
        yield found


def _configure(found: Stack, rules: Mapping[str, configuration.Config]) -> None:
    secrets = found.folder / "secrets"
    secrets.mkdir()
    config = configuration.alertmanager(found.scaled.bundle, found.receivers, secrets)
    for name in configuration.secret_names(config):
        (secrets / name).write_text(configuration.secret_text(name, found.receivers), encoding="utf-8")
    _write(found.folder / "alertmanager.yml", config)
    for path, text in alertmanager_target.render(found.scaled.bundle).items():
        if path.endswith(".tmpl"):
            place = found.folder / "templates" / Path(path).name
            place.parent.mkdir(exist_ok=True)
            place.write_text(text, encoding="utf-8")
    measured = configuration.prometheus(
        found.scaled.bundle,
        found.targets,
        scrape=found.scaled.scrape,
        proxy=found.proxy,
        alertmanager=found.alertmanager,
    )
    _write(found.folder / "prometheus.yml", measured)
    for name, content in rules.items():
        _write(found.folder / "rules" / name, content)


def _write(place: Path, content: Any) -> None:
    place.parent.mkdir(exist_ok=True)
    place.write_text(configuration.dump(content), encoding="utf-8")
