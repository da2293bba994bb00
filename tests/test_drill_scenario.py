"""A drill of the specs on real servers: what it says must come of a fault comes, and what is wrong of it is found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event as Stop

import pytest

from watchbill.audit.samples import samples
from watchbill.compilation import compile_rules
from watchbill.drill import links, run_one
from watchbill.drill.record import Event, Record
from watchbill.model.bundle import Bundle
from watchbill.model.drills import Drill
from watchbill.quantity import TimeScale
from watchbill.stack.running import Scaled, Setting
from watchbill.stack.world import lines
from watchbill.tools import generation

ROOT = Path(__file__).parents[1]
SCALE = TimeScale(60)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return compile_rules(ROOT / "specs", scale=SCALE).bundle


@pytest.fixture(scope="module")
def setting(bundle: Bundle) -> Iterator[Setting]:
    known = {
        job: lines(path.read_text(encoding="utf-8"))
        for service in bundle.services
        for job, path in samples(service, ROOT / "specs/samples")
    }
    with links.served(ROOT / "tests") as site:  # nobody follows a link here
        yield Setting(generation("newest"), known, site, {}, bundle, Stop())


def named(bundle: Bundle, name: str) -> Drill:
    return next(drill for drill in bundle.drills if drill.name == name)


def play(drill: Drill, bundle: Bundle, setting: Setting, folder: Path) -> tuple[Record, list[Event]]:
    events: list[Event] = []
    return run_one.play(drill, Scaled(bundle, SCALE), setting, folder, events.append), events


def test_a_drill_checks_who_is_notified_and_finds_faults(bundle: Bundle, setting: Setting, tmp_path: Path) -> None:
    """One run of a page that is sent in production and in staging, with a wrong word about all else that it says."""
    drill = replace(
        named(bundle, "alertmanager-restarts"),
        places=(("production", "main"), ("staging", "main")),
        restart=None,
        quiet=("core-api/HealthCheckFailing",),
        incidents={"backend": 2},
    )
    record, events = play(drill, bundle, setting, tmp_path)
    notified = {event.text.split(":")[0] for event in events if event.kind == "notified"}
    assert notified == {"PagerDuty Backend", "Slack #incidents", "e-mail backend@example.com"}
    assert [check.name for check in record.failures] == [
        "core-api/HealthCheckFailing stays quiet",
        "people see just the incidents that they should",
    ]
    assert record.incidents == 1
