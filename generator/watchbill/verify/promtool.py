"""Let promtool check rules, configuration and tests."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from watchbill.verify.external import run_tool

SECONDS = 300  # promtool takes 1.5 s for 15,000 rules; whatever takes this long hangs


@dataclass(frozen=True, slots=True)
class Complaint:
    """What promtool refuses; `group` and `rule` (from 1) are set where it names a rule."""

    text: str
    group: str | None = None
    rule: int | None = None


_RULE = re.compile(r'group "(?P<group>[^"]+)", rule (?P<rule>\d+)[^:]*: (?P<text>.*)')


def check(promtool: Path, folder: Path) -> tuple[Complaint, ...]:
    """Check every rule file and `prometheus.yml` below a folder laid out as `out/prometheus`."""
    files = sorted((folder / "rules").glob("*.rules.yml"))
    if not files:
        return (Complaint("there is no rule file to check"),)
    # promtool 2.42 exits 0 on duplicate rules unless lint is fatal
    rules = run(promtool, ["check", "rules", "--lint=all", "--lint-fatal", *map(str, files)])
    config = run(promtool, ["check", "config", str(folder / "prometheus.yml")])
    return (*complaints(rules), *(() if complaints(rules) else complaints(config)))


def test(promtool: Path, files: Sequence[Path]) -> subprocess.CompletedProcess[str]:
    """Run test files in one process; the exit code is 0 only where every test passed."""
    return run(promtool, ["test", "rules", *map(str, files)])


def run(promtool: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run promtool; raises `ToolError` where it cannot be run or hangs."""
    return run_tool(promtool, arguments, seconds=SECONDS)


def say(promtool: Path, arguments: Sequence[str]) -> str:
    """Run promtool; gives all that it says, in its order."""
    return run_tool(promtool, arguments, seconds=SECONDS, joined=True).stdout


def complaints(result: subprocess.CompletedProcess[str]) -> tuple[Complaint, ...]:
    """Read what promtool refused; an exit code that it gives no reason for is a complaint too."""
    if result.returncode == 0:
        return ()
    output = f"{result.stdout}\n{result.stderr}"
    located = [Complaint(match["text"].strip(), match["group"], int(match["rule"])) for match in _RULE.finditer(output)]
    if located:
        return tuple(dict.fromkeys(located))
    said = [line.strip() for line in output.splitlines() if line.strip() and "SUCCESS" not in line]
    return (Complaint(" ".join(said) or f"promtool ended with {result.returncode} and no word"),)
