"""Small spec trees for tests: write one, compile it, run `watchbill` on it, and let promtool check the result."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from watchbill import cli
from watchbill.link import link
from watchbill.lower import lower
from watchbill.model.bundle import Bundle
from watchbill.outputs import prometheus, promtests
from watchbill.proof import inventory
from watchbill.proof import promtests as runner
from watchbill.proof.emitted import read_rules
from watchbill.publish import artifacts
from watchbill.quantity import REAL_TIME, TimeScale
from watchbill.source import read_tree
from watchbill.tools import generation
from watchbill.verify import promtool

PLATFORM = """\
teams:
  backend: {title: Backend, slack: "#backend", email: backend@example.com, pagerduty: backend-primary}
environments:
  production: {clusters: [main], pages: true}
  staging: {clusters: [lab], pages: false}
urls:
  site: https://runbooks.example.com
  grafana: https://grafana.example.com
  prometheus: https://prometheus.example.com
  alertmanager: https://alertmanager.example.com
delivery: {smtp: {host: "smtp.example.com:587", from: alerts@example.com}, shadow: "#shadow"}
defaults: {team: backend}
"""
# For trees with a watchdog; without one the compiler would warn that nothing calls the switch.
PLATFORM_WITH_HEARTBEAT = PLATFORM.replace("delivery: {", "delivery: {heartbeat: https://heartbeat.example.com/shop, ")

# One metric of every shape that a condition can read.
KIT = """\
profile: kit
title: Test kit
presence: [load]
metrics:
  requests: {name: requests_total, type: counter, noun: requests, help: Requests, labels: [route, status]}
  failures: {name: failures_total, type: counter, noun: failures, help: Failures, labels: [route]}
  duration:
    name: duration_seconds
    type: histogram
    unit: s
    noun: requests
    help: Durations
    labels: [route]
    buckets: [0.005, 0.05, 0.25, 0.5, 1, 2.5]
  duration_ms:
    {name: duration_ms, type: histogram, unit: ms, noun: calls, help: Durations, buckets: [5, 100, 500, 1000]}
  size: {name: size_bytes, type: histogram, unit: bytes, noun: bodies, help: Sizes, buckets: [100, 1000000, 10000000]}
  load: {name: load, type: gauge, noun: load, help: Load}
  lag: {name: lag_seconds, type: gauge, unit: s, noun: replication lag, help: Lag}
  heap: {name: heap_bytes, type: gauge, unit: bytes, noun: heap in use, help: Heap, labels: [pool]}
  filled: {name: filled_ratio, type: gauge, unit: ratio, noun: filled share, help: Share}
  state: {name: breaker_state, type: gauge, noun: breakers, help: 1 in this state, labels: [breaker, state]}
  success: {name: probe_success, type: gauge, noun: the health check, help: 1 if it succeeds}
  cpu: {name: cpu_seconds_total, type: counter, unit: s, noun: CPU in use, help: CPU}
  busy: {name: slots_busy, type: gauge, noun: busy slots, help: Busy, labels: [pool]}
  slots: {name: slots_all, type: gauge, noun: all slots, help: All, labels: [pool]}
  hits: {name: cache_hits_total, type: counter, noun: hits, help: Hits, labels: [pool]}
  misses: {name: cache_misses_total, type: counter, noun: misses, help: Misses, labels: [pool]}
  oldest: {name: oldest_seconds, type: gauge, unit: s, noun: the oldest sample, help: Unix time of the oldest sample}
  aged_out: {name: aged_out_total, type: counter, noun: deletions, help: Deletions by age, labels: [pool]}
  cut: {name: cut_total, type: counter, noun: deletions, help: Deletions by size}
labels:
  route: {name: endpoint, example: /api/orders}
  status: {name: status_code, example: "200"}
  breaker: {name: breaker, example: payments}
  state: {name: state, example: closed}
  pool: {name: pool, example: default}
classes:
  5xx: {label: status, matches: "5..", member: "503", other: "200"}
  open: {label: state, equals: open, other: closed}
  eden: {label: pool, equals: eden, other: old}
limits:
  memory: {unit: bytes}
  cores: {unit: count}
  slots: {metric: slots}
  history: {platform: retention}
  window: {unit: s}
"""

SERVICE = """\
service: {service}
title: Shop
team: backend
target: {{job: shop}}
signals:
  kit: {{profile: kit, limits: {{memory: 512MiB, cores: 2, window: 90m}}}}
alerts:
  own:
"""


def service(alerts: Mapping[str, str], *, name: str = "shop") -> str:
    """Write a service with alerts of the kit; each is the inside of a flow mapping: `kind: level, above: 5`."""
    lines = [f"    {alert}: {{{inside}}}\n" for alert, inside in alerts.items()]
    return SERVICE.format(service=name) + "".join(lines)


def write_tree(root: Path, files: Mapping[str, str]) -> Path:
    """Write a spec tree below `root`/specs: the given files, and a platform and the kit where they are not."""
    specs = root / "specs"
    for path, text in {"platform.yaml": PLATFORM, "profiles/kit.yaml": KIT, **files}.items():
        place = specs / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return specs


def compile_tree(specs: Path, *, scale: TimeScale = REAL_TIME) -> Bundle:
    """Compile a spec tree, with all durations under `scale`."""
    return lower(link(read_tree(specs)), scale=scale)


@dataclass(frozen=True, slots=True)
class Run:
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(folder: Path, *arguments: str, terminal: bool = False) -> Run:
    """Run `watchbill` in this process, in `folder`, outside of any action; a terminal has no colours."""
    out, err = io.StringIO(), _Terminal() if terminal else io.StringIO()
    argv, environ, code = sys.argv, dict(os.environ), 0
    os.environ.pop("GITHUB_ACTIONS", None)
    os.environ["WATCHBILL_PROMTOOL"] = str(generation("newest").promtool)
    os.environ["WATCHBILL_AMTOOL"] = str(generation("newest").amtool)
    os.environ["NO_COLOR"] = "1"
    sys.argv = ["watchbill", *arguments]
    try:
        with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            cli.main()
    except SystemExit as stop:
        code = int(stop.code or 0)
    finally:
        sys.argv = argv
        os.environ.clear()
        os.environ.update(environ)
    return Run(code, out.getvalue(), err.getvalue())


def run_promtool(bundle: Bundle, folder: Path, generation_name: str, *, area: str = "*") -> str:
    """Let promtool check the rules and run the tests of an area; returns what it finds wrong, nothing if all is well.

    `own` leaves out the absence alerts that every signal gets.
    """
    folder.mkdir()
    artifacts.write(folder, {**prometheus.render(bundle), **promtests.render(bundle)})
    tool = generation(generation_name).promtool
    refused = promtool.check(tool, folder / "prometheus")
    if refused:
        return "\n".join(str(complaint) for complaint in refused)
    every = [proof for service_ in bundle.services for proof in promtests.proofs(service_)]
    wanted = [proof for proof in every if fnmatchcase(proof.file, f"*.{area}.*.test.yml")]
    if not wanted:
        return "there is nothing to test"
    emitted = read_rules(folder)
    missing = [*inventory.rules(bundle, emitted), *inventory.tests(every, folder, others=True)]
    if missing:
        return "\n".join(str(finding) for finding in missing)
    # On slices, since promtool evaluates every rule of a file in each of its tests: a tenth of the time for all kinds.
    said = runner.run(tool, runner.plan(wanted, emitted), folder, lambda _: None)
    return "\n".join(said.values())
