"""Keep the whole stack running on loopback, with boards and site, for people who break it to see what comes."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from types import FrameType

from watchbill.audit.samples import samples
from watchbill.demo.events import EventLog
from watchbill.demo.faultapi import DemoState, answering
from watchbill.demo.faults import Faults, Possible, possible
from watchbill.demo.overlay import LivingWorld
from watchbill.demo.pages import Local
from watchbill.drill.fault import notified, paging_place
from watchbill.drill.interrupt import heard
from watchbill.errors import ToolError
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle, Service
from watchbill.outputs import prometheus as prometheus_target
from watchbill.quantity import TimeScale
from watchbill.stack import configuration
from watchbill.stack.exporter import serving
from watchbill.stack.folders import expect_room, folder
from watchbill.stack.loopback import is_ready
from watchbill.stack.running import Scaled, Setting, Stack, Stopped, pause, stack
from watchbill.stack.world import Line, lines
from watchbill.tools import Generation

Say = Callable[[str], None]
LOOK_SECONDS = 0.4
SETTLES_SECONDS = 3.0  # in which first samples come in, and much is pending that will not fire
DEAF_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class DemoSetup:
    """What a demo shows: the specs compiled under its time scale, where samples, boards and site lie, and its port."""

    scaled: Scaled
    real: Bundle
    generation: Generation
    samples: Path
    boards: Path
    site: Path
    port: int


def run(plan: DemoSetup, prepare: Callable[[], None], say: Say, tell: Say) -> None:
    """Run until somebody stops it; `prepare` builds what is missing once the port is taken.

    `say` hears how far it is, `tell` each thing that happens. Raises `ToolError` with a sentence.
    """
    demo = _Demo(plan, say, tell)
    with _at_port(plan.port, lambda: demo.demo_state) as index:
        prepare()
        expect_room()
        with _stoppable() as stop, folder("watchbill-demo-") as place:
            try:
                demo.run(index, place, stop)
            except (Stopped, ToolError):
                if not stop.is_set():  # else Ctrl-C has ended the servers too, before they were asked to
                    raise
                say("stopping …")
            except BrokenPipeError:  # whoever read along is gone
                raise
            except OSError as error:
                raise ToolError(f"{place} cannot be written: {error.strerror or error}; make room") from None


@dataclass
class _Demo:
    """A demo that begins, and then has a desk where people do as they like."""

    plan: DemoSetup
    say: Say
    tell: Say
    demo_state: DemoState | None = None

    def run(self, index: str, folder: Path, stop: Event) -> None:
        """Run everything until `stop` is set, which raises `Stopped`, or a server is gone, which is a `ToolError`."""
        scaled = self.plan.scaled
        what, shown = possible(scaled.bundle), _samples(scaled.bundle, self.plan.samples)
        world = LivingWorld(shown)
        setting = Setting(self.plan.generation, shown, "", {}, self.plan.real, stop)
        self.say(f"starting Prometheus, Alertmanager, {len(what.targets)} targets and all receivers …")
        with (
            stack(folder, setting, scaled, what.targets, world, _rules(scaled.bundle)) as running,
            running.alerting(),
            running.measuring(),
        ):
            pause(stop, SETTLES_SECONDS)
            self.demo_state = self._state(index, running, what, world)
            _welcome(index, running, scaled.scale, self.say)
            _watch(running, self.demo_state, stop)
        raise ToolError(f"Prometheus or Alertmanager has not answered for {DEAF_SECONDS:.0f} s")

    def _state(self, index: str, running: Stack, what: Possible, world: LivingWorld) -> DemoState:
        bundle = self.plan.scaled.bundle
        servers = {"prometheus": running.prometheus, "alertmanager": running.alertmanager}
        local = Local(bundle.platform.urls, index=index, **servers)
        event_log = EventLog(lambda entry: self.tell(str(entry)), local)
        about = {"scale": self.plan.scaled.scale.divisor, **servers, **_about(bundle, what, local)}
        folders = {"board": self.plan.boards, "site": self.plan.site}
        return DemoState(Faults(bundle, what, world, event_log.note), event_log, about, folders, local)


def _watch(running: Stack, demo_state: DemoState, stop: Event) -> None:
    """Look until somebody stops it, or a server is gone; whoever runs that server says how it ended."""
    heard = time.monotonic()
    while time.monotonic() - heard < DEAF_SECONDS:
        demo_state.faults.expire()
        try:
            demo_state.event_log.look(running)
            heard = time.monotonic() if is_ready(running.alertmanager) else heard
        except ToolError:
            pass  # it may just be slow
        pause(stop, LOOK_SECONDS)


@contextmanager
def _at_port(port: int, demo_state: Callable[[], DemoState | None]) -> Iterator[str]:
    with ExitStack() as taken:
        try:
            index = taken.enter_context(serving(answering(demo_state), port))
        except OSError as error:
            reason = error.strerror or error
            raise ToolError(f"port {port} of 127.0.0.1 cannot be used ({reason}); choose another by --port") from None
        yield index


@contextmanager
def _stoppable() -> Iterator[Event]:
    """Set an event at Ctrl-C, SIGTERM, or when the terminal is closed, so that whatever runs is ended in order."""
    stop = Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, end) for number in heard()}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _samples(bundle: Bundle, folder: Path) -> dict[str, tuple[Line, ...]]:
    return {
        job: lines(path.read_text(encoding="utf-8"))
        for service in bundle.services
        for job, path in samples(service, folder)
    }


def _rules(bundle: Bundle) -> dict[str, configuration.Config]:
    rendered = prometheus_target.render(bundle)
    return {Path(path).name: configuration.rules(text) for path, text in rendered.items() if "/rules/" in path}


def _welcome(index: str, running: Stack, scale: TimeScale, say: Callable[[str], None]) -> None:
    body = """'{"alert": "<service>/<Alert>", "ttl": "2m"}'"""
    say(f"Open {index}/ and inject a fault, or do it from here:")
    say(f"  curl -H 'Content-Type: application/json' {index}/faults -d {body}")
    say(f"Prometheus is at {running.prometheus}, Alertmanager at {running.alertmanager}.")
    say(f"Time runs {scale.divisor} times as fast as in life: 5 minutes of a rule pass in {300 / scale.divisor:.0f} s.")
    say("Ctrl-C ends it all. What happens, and what people would be sent:")


# What the page shows.


def _about(bundle: Bundle, what: Possible, local: Local) -> Mapping[str, object]:
    """Describe what never changes: boards, and alerts by service."""
    return {
        "boards": [{"title": each.title, "url": f"/board/{each.uid}.html?range=5m"} for each in bundle.dashboards],
        "services": [
            {"title": each.title, "alerts": [_alert(alert, each, what, bundle, local) for alert in _sorted(each)]}
            for each in bundle.services
        ],
    }


def _sorted(service: Service) -> list[Alert]:
    return sorted(service.alerts, key=lambda alert: (alert.severity.rank, alert.name))


def _alert(alert: Alert, service: Service, what: Possible, bundle: Bundle, local: Local) -> Mapping[str, object]:
    env, _ = paging_place(service)
    return {
        "id": alert.id,
        "name": alert.name,
        "severity": alert.severity.value,
        "summary": alert.summary,
        "fires": alert.sentence,
        "notifies": [" ".join(each) for each in sorted(notified(alert, env, bundle.platform))],
        "without": what.without.get(alert.id, ""),
        "runbook": local(alert.runbook_url),
        "panel": local(alert.dashboard_url),
    }
