"""Draw `faults.png` anew: what `watchbill generate` says in a terminal of the readme's service with three faults.

Run it as `PYTHONPATH=tests .venv/bin/python pictures/faults.py`, and look at what comes out. The browser is the
Chromium on PATH. Its version and the fonts decide the rest, so the bytes differ between machines.
"""

from __future__ import annotations

import html
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from browser import chromium

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "pictures/faults.png"
SERVICE = "specs/services/checkout.yaml"
FAULTS = (
    ("team: backend", "team: backnd"),
    ("HTTP5xxErrorRateCritical: {", "HTTP5xxErrorRateCritcal: {"),
)
FOURTH = "    HTTPLatencyP99Critical: {above: 30s, why: batch exports are slow}\n"
COLUMNS, WIDTH = "100", 1060  # of the terminal, and pixels
COLOURS = {
    "1": "font-weight:700",
    "31": "color:#ff7b72",
    "33": "color:#d29922",
    "1;31": "font-weight:700;color:#ff7b72",
}


def main() -> None:
    """Write the picture beside this file; what is missing for it ends the program with a sentence."""
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        page = browser.new_page(viewport={"width": WIDTH, "height": 100})
        page.set_content(_page(_said(Path(name))))
        page.locator("body").screenshot(path=PICTURE)


def _said(folder: Path) -> str:
    """Compile the specs with the faulty service in a terminal, and give what stands there then."""
    shutil.copytree(ROOT / "specs", folder / "specs")
    (folder / SERVICE).write_text(_faulty(), encoding="utf-8")
    ours, theirs = pty.openpty()
    environ = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "GITHUB_ACTIONS"}}
    command = [str(Path(sys.executable).with_name("watchbill")), "generate"]
    environ |= {"TERM": "xterm-256color", "COLUMNS": COLUMNS}
    subprocess.run(command, cwd=folder, env=environ, stdout=theirs, stderr=theirs, timeout=120, check=False)
    os.close(theirs)
    found = os.read(ours, 1 << 16).decode()
    os.close(ours)
    return found.replace("\r\n", "\n").strip()


def _faulty() -> str:
    """Take the service that the readme shows, and put the faults into it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"`{SERVICE}`:\n\n```yaml\n(.*?)```", readme, re.DOTALL)
    if found is None:
        raise SystemExit(f"README.md shows no {SERVICE} any more; choose another service for the picture")
    text = found[1]
    for right, wrong in FAULTS:
        if right not in text:
            raise SystemExit(f'{SERVICE} in README.md has no "{right}" any more; choose another fault')
        text = text.replace(right, wrong)
    return text + FOURTH


def _page(said: str) -> str:
    """Set what a terminal shows, with its colours, as a page."""
    text = html.escape(said, quote=False)
    text = re.sub(r"\x1b\[((?:1;)?\d+)m", lambda code: "</span>" * (code[1] == "0") or _begin(code[1]), text)
    style = "margin:0;padding:18px 22px;background:#0d1117;color:#c9d1d9;font:15px/1.5 'DejaVu Sans Mono',monospace"
    prompt = '<span style="color:#8b949e">$</span> watchbill generate\n'
    return f'<body style="{style}"><pre style="margin:0;font:inherit;white-space:pre-wrap">{prompt}{text}</pre></body>'


def _begin(code: str) -> str:
    return f'<span style="{COLOURS[code]}">'


if __name__ == "__main__":
    main()
