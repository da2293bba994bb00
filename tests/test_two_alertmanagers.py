"""One of two Alertmanagers is dead, on a real Prometheus of each generation: every alert arrives, nobody is paged."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import shipped
from servers import alertmanager, query
from watchbill.stack.loopback import PATIENCE_SECONDS, free_port, is_ready, running
from watchbill.tools import GENERATIONS, generation

PLACE = {"cluster": "main", "env": "production"}
FIRING = {"alert": "Watchdog", "expr": "vector(1)", "labels": {"severity": "Info", **PLACE}}
ALONE = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}


@pytest.fixture(params=GENERATIONS)
def one_of_two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Run a Prometheus that sends to a living Alertmanager and to none; gives its URL and the dead one's address."""
    config = tmp_path / "alertmanager.yml"
    config.write_text(yaml.safe_dump(ALONE), encoding="utf-8")
    dead, address = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    with alertmanager(request.param, config, tmp_path) as living:
        text = _config(address, [living.removeprefix("http://"), dead], tmp_path)
        (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(text), encoding="utf-8")
        arguments = [
            f"--config.file={tmp_path}/prometheus.yml",
            f"--storage.tsdb.path={tmp_path}/data",
            f"--web.listen-address={address}",
            "--rules.alert.resend-delay=250ms",
        ]
        url = f"http://{address}"
        tool = generation(request.param).prometheus
        with running(tool, arguments, log=tmp_path / "log", folder=tmp_path, ready=lambda: is_ready(url)):
            yield url, dead


def _config(address: str, alertmanagers: list[str], folder: Path) -> dict[str, Any]:
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": [FIRING]}]}))
    return {
        "global": {"scrape_interval": "500ms", "evaluation_interval": "500ms"},
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": alertmanagers}]}]},
        "scrape_configs": [{"job_name": "prometheus", "static_configs": [{"targets": [address], "labels": PLACE}]}],
    }


def test_the_dead_one_is_a_ticket_that_names_it_and_no_page(one_of_two: tuple[str, str]) -> None:
    url, dead = one_of_two
    rules = {alert.name: alert.rules[0].expr for alert in shipped.bundle().service("monitoring").alerts}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (ticket := query(url, rules["AlertmanagerUnreachable"], time.time()).result):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert [dead in each["metric"]["alertmanager"] for each in ticket] == [True]
    assert query(url, rules["NotificationsDropped"], time.time()).result == []
    arrived = f'prometheus_notifications_sent_total{{alertmanager!~".*{dead}.*"}} > 0'
    assert query(url, arrived, time.time()).result
