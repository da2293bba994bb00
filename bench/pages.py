"""Build the runbook site as a user does: of what is shipped, and of many pages.

Times are seconds of computing, MkDocs' and promtool's included: on the clock, whatever else runs would count too.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
WATCHBILL = Path(sys.executable).parent / "watchbill"
COPIES = 4  # of core-api and what leads to its alerts, which makes more than 500 pages
_LED = re.compile(r"^  - core-api/(\S+)\n", re.MULTILINE)


def shipped(folder: Path) -> Path:
    """Copy what the site is made from; returns the checkout."""
    checkout = folder / "shipped"
    for name in ("specs", "runbooks", "adr"):
        shutil.copytree(ROOT / name, checkout / name)
    shutil.copyfile(ROOT / "mkdocs.yml", checkout / "mkdocs.yml")
    (checkout / "pyproject.toml").touch()
    (checkout / ".tools").symlink_to(ROOT / ".tools")
    return checkout


def large(folder: Path) -> Path:
    """Copy it with more services like core-api, whose alerts have the same runbooks; returns the checkout."""
    checkout = shipped(folder / "large")
    names = [f"core-api-{number}" for number in range(COPIES)]
    model = (checkout / "specs/services/core-api.yaml").read_text()
    for name in names:
        (checkout / f"specs/services/{name}.yaml").write_text(model.replace("core-api", name))
    for book in (checkout / "runbooks").glob("RB-*.md"):
        led = _LED.sub(lambda line: line[0] + "".join(f"  - {name}/{line[1]}\n" for name in names), book.read_text())
        book.write_text(led)
    return checkout


def build(checkout: Path) -> tuple[int, float]:
    """Compile, build and check the links, twice; returns the number of pages, and the better time."""
    times = [_computed(checkout) for _ in range(2)]
    return sum(1 for _ in (checkout / "site").rglob("*.html")), min(times)


def _computed(checkout: Path) -> float:
    before = os.times()
    subprocess.run([WATCHBILL, "site"], check=True, capture_output=True, cwd=checkout)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system
