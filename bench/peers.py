"""What Sloth and Pyrra evaluate for the same objective: 99.9% of requests in 30 days.

Sloth's own generator writes its rules where Go can build it in time; else, and for Pyrra (which the module proxy does
not serve, and which wants a built web page), the form that their documentation and their examples show. The two forms
of Sloth read the same samples.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

SLOTH_VERSION = "v0.11.0"
BUILD_SECONDS = 150
ERRORS, TOTAL = 'http_requests_total{job="shop",status=~"5.."}', 'http_requests_total{job="shop"}'

SLOTH_SPEC = f"""\
version: prometheus/v1
service: shop
slos:
  - name: availability
    objective: 99.9
    sli:
      events:
        error_query: 'sum(rate({ERRORS}[{{{{.window}}}}]))'
        total_query: 'sum(rate({TOTAL}[{{{{.window}}}}]))'
    alerting:
      name: ShopAvailability
"""
SLOTH_TIERS = (("5m", "1h", "30m", "6h", "14.4", "6"), ("2h", "1d", "6h", "3d", "3", "1"))
SLOTH_WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")

# Windows of Pyrra for 30 days: its table for 28 days, times 30/28, in whole minutes; (short, long, factor).
PYRRA_TIERS = (("5m", "1h4m", 14), ("32m", "6h26m", 7), ("2h9m", "1d1h43m", 2), ("6h26m", "4d6h51m", 1))
PYRRA_WINDOWS = ("5m", "32m", "1h4m", "2h9m", "6h26m", "1d1h43m", "4d6h51m")


@dataclass(frozen=True, slots=True)
class Build:
    """A build that goes on, and until when (on the monotonic clock) it is worth waiting for."""

    process: subprocess.Popen[bytes]
    folder: Path
    deadline: float


@contextmanager
def sloth_being_built() -> Iterator[Build | None]:
    """Build Sloth beside other work, gently; None where there is no Go.

    A module of our own asks for it, since `go install …@version` also asks for a list that some proxies refuse.
    """
    go = shutil.which("go")
    if go is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "go.mod").write_text(f"module peers\n\ngo 1.22\n\nrequire github.com/slok/sloth {SLOTH_VERSION}\n")
        command = ["nice", "-n", "19", go, "build", "-p", "1", "-o", "sloth", "github.com/slok/sloth/cmd/sloth"]
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | {"GOFLAGS": "-mod=mod"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that its compilers end with it
        )
        try:
            yield Build(process, folder, time.monotonic() + BUILD_SECONDS)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def sloth(build: Build | None) -> tuple[str, str]:
    """Write Sloth's rules; returns them, and where they come from."""
    if build is not None:
        try:
            left = max(0.0, build.deadline - time.monotonic())
            if build.process.wait(timeout=left) == 0:
                return _generated(build.folder), f"its generator, {SLOTH_VERSION}"
        except subprocess.TimeoutExpired:
            pass  # a slow machine, or nothing in Go's caches yet; the next run finds what this one compiled
    return yaml.safe_dump(_sloth_groups()), "its documented form"


def _generated(folder: Path) -> str:
    spec, rules = folder / "slo.yaml", folder / "rules.yaml"
    spec.write_text(SLOTH_SPEC)
    command = [str(folder / "sloth"), "generate", "--input", str(spec), "--out", str(rules)]
    subprocess.run(command, check=True, capture_output=True)
    return rules.read_text()


def _sloth_groups() -> dict[str, object]:
    labels = {"sloth_id": "shop-availability", "sloth_service": "shop", "sloth_slo": "availability"}
    own = "{" + ", ".join(f'{label}="{value}"' for label, value in labels.items()) + "}"

    def recording(name: str, expr: str, **more: str) -> dict[str, object]:
        return {"record": name, "expr": expr, "labels": labels | more}

    def ratio(window: str) -> str:
        return f"slo:sli_error:ratio_rate{window}{own}"

    windows = [
        recording(
            f"slo:sli_error:ratio_rate{window}",
            f"(sum(rate({ERRORS}[{window}]))) / (sum(rate({TOTAL}[{window}])))",
            sloth_window=window,
        )
        for window in SLOTH_WINDOWS
    ]
    mean = f"sum_over_time({ratio('5m')}[30d]) / ignoring (sloth_window) count_over_time({ratio('5m')}[30d])"
    windows.append(recording("slo:sli_error:ratio_rate30d", mean, sloth_window="30d"))
    budget = f"/ on (sloth_id, sloth_slo, sloth_service) group_left () slo:error_budget:ratio{own}"
    meta = [
        recording("slo:objective:ratio", "vector(0.999)"),
        recording("slo:error_budget:ratio", "vector(1 - 0.999)"),
        recording("slo:time_period:days", "vector(30)"),
        recording("slo:current_burn_rate:ratio", f"{ratio('5m')} {budget}"),
        recording("slo:period_burn_rate:ratio", f"{ratio('30d')} {budget}"),
        recording("slo:period_error_budget_remaining:ratio", f"1 - slo:period_burn_rate:ratio{own}"),
        recording("sloth_slo_info", "vector(1)"),
    ]
    alerts: list[dict[str, object]] = [
        {
            "alert": "ShopAvailability",
            "expr": f"({_burns(ratio(a), ratio(b), x)}) or ignoring (sloth_window) ({_burns(ratio(c), ratio(d), y)})",
        }
        for a, b, c, d, x, y in SLOTH_TIERS
    ]
    return {"groups": [{"name": name, "rules": rules} for name, rules in _named(windows, meta, alerts)]}


def _burns(short: str, long: str, factor: str) -> str:
    return f"{short} > ({factor} * 0.001) and ignoring (sloth_window) {long} > ({factor} * 0.001)"


def _named(*groups: list[dict[str, object]]) -> Iterable[tuple[str, list[dict[str, object]]]]:
    return zip(("recordings", "meta", "alerts"), groups, strict=True)


def pyrra() -> str:
    """Write Pyrra's rules: the period every 150 s, all else every 30 s."""
    labels = {"job": "shop", "slo": "shop"}
    increase = {
        "record": "http_requests:increase30d",
        "expr": f"sum by (status) (increase({TOTAL}[30d]))",
        "labels": labels,
    }
    absent = {"alert": "SLOMetricAbsent", "expr": f"absent({TOTAL}) == 1"}
    rates = [
        {
            "record": f"http_requests:burnrate{window}",
            "expr": f"sum(rate({ERRORS}[{window}])) / sum(rate({TOTAL}[{window}]))",
            "labels": labels,
        }
        for window in PYRRA_WINDOWS
    ]
    own = '{job="shop",slo="shop"}'
    alerts = [
        {
            "alert": "ErrorBudgetBurn",
            "expr": f"http_requests:burnrate{short}{own} > ({factor} * (1-0.999)) and"
            f" http_requests:burnrate{long}{own} > ({factor} * (1-0.999))",
        }
        for short, long, factor in PYRRA_TIERS
    ]
    groups = [
        {"name": "shop-increase", "interval": "150s", "rules": [increase, absent]},
        {"name": "shop", "interval": "30s", "rules": [*rates, *alerts]},
    ]
    return yaml.safe_dump({"groups": groups})
