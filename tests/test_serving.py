"""What authors see while they write: a change is compiled and served, and a fault leaves the last pages standing."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from prosetree import WHOLE, tree
from watchbill.stack.loopback import free_port

ROOT = Path(__file__).parents[1]
WATCHBILL = Path(sys.executable).parent / "watchbill"
PATIENCE_SECONDS = 60.0
BOOK = "runbooks/RB-001-load.md"


@dataclass(frozen=True)
class Serving:
    folder: Path
    url: str
    log: Path

    def page(self, path: str) -> str:
        try:
            with urllib.request.urlopen(f"{self.url}/{path}", timeout=PATIENCE_SECONDS) as answer:
                return str(answer.read().decode())
        except urllib.error.URLError:
            return ""

    def wait(self, until: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not until():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.2)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    tree(tmp_path, WHOLE)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / ".tools").symlink_to(ROOT / ".tools")
    shutil.copyfile(ROOT / "mkdocs.yml", tmp_path / "mkdocs.yml")
    address, log = f"127.0.0.1:{free_port()}", tmp_path / "log"
    command = [str(WATCHBILL), "serve", "--address", address]
    with log.open("w") as out, subprocess.Popen(command, cwd=tmp_path, stdout=out, stderr=out) as process:
        try:
            yield Serving(tmp_path, f"http://{address}", log)
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE_SECONDS)


def test_a_change_of_a_page_is_compiled_and_served_and_a_fault_leaves_the_last_pages(serving: Serving) -> None:
    serving.wait(lambda: "About mitigate first" in serving.page("alerts/shop/LoadHigh.html"))
    book = serving.folder / BOOK
    book.write_text(book.read_text().replace("About mitigate first", "Turn it off"))
    serving.wait(lambda: "Turn it off" in serving.page("alerts/shop/LoadHigh.html"))
    book.write_text(book.read_text().replace("owner: backend", "owner: nobody"))
    serving.wait(lambda: 'team "nobody" is unknown' in serving.log.read_text())
    assert "Turn it off" in serving.page("alerts/shop/LoadHigh.html")
    spec = serving.folder / "specs/services/shop.yaml"
    book.write_text(book.read_text().replace("owner: nobody", "owner: backend"))
    spec.write_text(spec.read_text().replace("above: 5", "above: 7"))
    serving.wait(lambda: "above 7" in serving.page("alerts/shop/LoadHigh.html"))
    assert "unpkg" not in serving.page("index.html")
