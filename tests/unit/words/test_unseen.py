"""What no rule can see is said: on an alert's page, by its own facts, and true on real servers."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from servers import exporter, query
from shipped import bundle, rules
from watchbill.outputs.docs import render
from watchbill.stack.loopback import PATIENCE_SECONDS, free_port, is_ready, running
from watchbill.tools import generation

GENERATIONS = ("oldest", "newest")
BORN = """\
rule_files: []
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'errors_total{path="a"}', values: '_ _ _ 1 1 1 1 1'}
      - {series: 'errors_total{path="b"}', values: '_ _ _ 3 3 3 3 3'}
      - {series: 'started_total', values: '0 0 0 3 3 3 3 3'}
    promql_expr_test:
      - {expr: 'sum(increase(errors_total[10m]))', eval_time: 7m, exp_samples: [{labels: '{}', value: 0}]}
      - {expr: 'sum(increase(started_total[10m])) >= bool 3', eval_time: 7m, exp_samples: [{labels: '{}', value: 1}]}
"""


@pytest.mark.parametrize("name", GENERATIONS)
def test_what_a_series_is_born_with_is_not_counted_and_a_zero_before_it_helps(tmp_path: Path, name: str) -> None:
    (tmp_path / "born.yml").write_text(BORN)
    judged = subprocess.run(
        [generation(name).promtool, "test", "rules", tmp_path / "born.yml"], capture_output=True, text=True, check=False
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr


@pytest.mark.parametrize("name", GENERATIONS)
def test_a_restart_takes_what_only_keep_firing_for_holds_and_a_short_for_begins_anew(tmp_path: Path, name: str) -> None:
    flag = ["1"]
    judged = [
        {"alert": "Kept", "expr": "flag == 1", "keep_firing_for": "1h"},
        {"alert": "Short", "expr": "up == 1", "for": "4s"},
    ]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "a", "interval": "1s", "rules": judged}]}))
    with exporter(lambda _job: f"flag {flag[0]}\n") as port:
        (tmp_path / "prometheus.yml").write_text(_configured(tmp_path, port))
        with _prometheus(tmp_path, name) as url:
            _await(url, 'ALERTS{alertname="Kept",alertstate="firing"}')
            _await(url, 'ALERTS{alertname="Short",alertstate="firing"}')
            flag[0] = "0"
            _await(url, "flag == 0")
            time.sleep(2)
            assert query(url, 'ALERTS{alertname="Kept",alertstate="firing"}', time.time()).result
        with _prometheus(tmp_path, name) as url:
            begun = time.time()
            _await(url, 'ALERTS{alertname="Short",alertstate="pending"}')  # it fired before, and does not fire on
            _await(url, 'ALERTS{alertname="Short",alertstate="firing"}')
            since = f"{int(time.time() - begun)}s"
            assert not query(url, f'last_over_time(ALERTS{{alertname="Kept"}}[{since}])', time.time()).result


def _configured(folder: Path, port: int) -> str:
    scrape = {"job_name": "x", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
    intervals = {"scrape_interval": "250ms", "evaluation_interval": "1s"}
    config = {"global": intervals, "scrape_configs": [scrape], "rule_files": [str(folder / "rules.yml")]}
    return yaml.safe_dump(config)


@contextmanager
def _prometheus(folder: Path, name: str) -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    url = f"http://{address}"
    arguments = [
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        "--query.lookback-delta=1500ms",  # so that what ended a moment ago is no answer
    ]
    program, log = generation(name).prometheus, folder / "log"
    with running(program, arguments, log=log, folder=folder, ready=lambda: is_ready(url)):
        yield url


def _await(url: str, expr: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not query(url, expr, time.time()).result:
        assert time.monotonic() < until, f"{expr} never came"
        time.sleep(0.1)


PAGE = re.compile(r"^(?P<title>Not counted|At a restart)\n:   (?P<text>.+)$", re.MULTILINE)


def _said(pages: Mapping[str, str], service: str, alert: str) -> dict[str, str]:
    return dict(PAGE.findall(pages[f"docs/alerts/{service}/{alert}.md"]))


def test_the_page_of_an_alert_says_what_it_cannot_see() -> None:
    pages = render(bundle())
    first = "what an instance counts before its first scrape, which comes within"
    born = ", and the event with which a series of new labels begins"
    anew = "anew, from Prometheus 3.16 on only if it did not fire yet"
    kept = "if only its longer firing kept it up, it ends"
    assert _said(pages, "core-api", "HTTP5xxErrorRateCritical") == {
        "Not counted": f"{first} 15 seconds{born}",
        "At a restart": f"it waits its 5 minutes {anew}; {kept}",
    }
    assert _said(pages, "conversations-platform", "CacheHitRateLow")["Not counted"] == f"{first} 5 seconds"
    assert _said(pages, "core-api", "AvailabilityBudgetBurnSlow")["Not counted"] == f"{first} 15 seconds{born}"


def test_what_counts_nothing_and_waits_for_nothing_says_neither() -> None:
    pages = render(bundle())
    assert "Not counted" not in _said(pages, "core-api", "DatabaseDown")  # a gauge
    assert "Not counted" not in _said(pages, "automation-server", "HighCPUUsage")  # a counter of seconds
    assert "Not counted" not in _said(pages, "automation-server", "HostMetricsAbsent")
    assert _said(pages, "monitoring", "Watchdog") == {}


def test_what_a_restart_takes_follows_from_what_the_rule_says() -> None:
    pages, rules_of = render(bundle()), {(r["labels"]["service"], r["alert"]): r for r in rules() if "alert" in r}
    for (service, alert), rule in rules_of.items():
        lasting = rule.get("for", "0s")
        short = (
            lasting[:-1].isdigit()
            and 0 < int(lasting[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[lasting[-1]] < 600
        )
        said = _said(pages, service, alert).get("At a restart", "")
        assert ("anew" in said) is short, (service, alert, lasting)
        assert ("longer firing" in said) is ("keep_firing_for" in rule), (service, alert)
