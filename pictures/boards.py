"""Draw `board-http.png` and `board-objectives.png` anew: two boards with data that a real Prometheus has scraped.

Run it as `PYTHONPATH=tests .venv/bin/python pictures/boards.py` after `make generate`, and look at what comes out. The
samples of `specs/samples` are served with traffic that comes and goes; rules run at sixty times the speed of life, so
that objectives have a history after some minutes. The browser is the Chromium on PATH.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from browser import DESK, chromium, wait_for
from servers import exporter, prometheus
from shown import moving
from watchbill.audit.samples import samples
from watchbill.link import link
from watchbill.lower import lower
from watchbill.outputs import prometheus as rules
from watchbill.publish import artifacts
from watchbill.quantity import TimeScale
from watchbill.source import read_tree

HERE = Path(__file__).parent
ROOT = HERE.parent
PICTURES = {"core-api-http-metrics": ("board-http.png", 900), "all-services-slo": ("board-objectives.png", 900)}
HISTORY_SECONDS = 330
WAVES = (3, 17, 53)  # seconds


def main() -> None:
    """Write both pictures beside this file."""
    bundle = lower(link(read_tree(ROOT / "specs")), scale=TimeScale(60))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        artifacts.write(folder, rules.render(bundle))
        files = dict(sample for service in bundle.services for sample in samples(service, ROOT / "specs/samples"))
        pages = {job: moving(path.read_text(encoding="utf-8"), _unevenly) for job, path in files.items()}
        with exporter(lambda job: pages[job]()) as port:
            _draw(folder, dict.fromkeys(files, port))


def _draw(folder: Path, scraped: Mapping[str, int]) -> None:
    server, found = folder / "server", folder / "prometheus/rules"
    with prometheus("newest", folder=server, scraped=scraped, rules=found) as url, chromium() as browser:
        time.sleep(HISTORY_SECONDS)
        for uid, (picture, height) in PICTURES.items():
            page = browser.new_page(viewport={"width": DESK["width"], "height": height})
            board = (ROOT / "out/board" / f"{uid}.html").as_uri()
            page.goto(f"{board}?prometheus={url}&range=5m")
            wait_for(page, "document.querySelectorAll('.panel:not([data-shown])').length === 0")
            wait_for(page, "document.getElementById('state').textContent.includes('again')")
            # The reader's Prometheus has another address than the one of this machine.
            page.evaluate("document.getElementById('state').textContent = 'asked just now, again every 5 s'")
            page.screenshot(path=HERE / picture)


def _unevenly(passed: float) -> float:
    """Let traffic come and go by waves, which together never fall faster than time goes on."""
    return passed + sum(length * (1 - math.cos(passed / length)) / 4 for length in WAVES)


if __name__ == "__main__":
    main()
