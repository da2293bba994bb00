"""Draw `message-email.png` anew: one mail on a phone, by day and by night, and on a desk.

Run it as `PYTHONPATH=tests .venv/bin/python pictures/make.py` after `make generate`, and look at what comes out. The
alerts are those of `out/prometheus/rules`, the templates those of `out/alertmanager`, rendered by the amtool of
`.tools/newest`; the browser is the Chromium on PATH. Its version and the fonts decide the rest, so the bytes differ
between machines.
"""

from __future__ import annotations

import html
import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import yaml

from browser import chromium
from watchbill.tools import generation

HERE = Path(__file__).parent
OUT = HERE.parent / "out"
PICTURE = HERE / "message-email.png"
EXTERNAL_URL = "https://alertmanager.example.com"
NEVER = "0001-01-01T00:00:00Z"
PLACE = {"env": "production", "cluster": "main"}
SCREENS = ((390, "light", "#ffffff"), (390, "dark", "#121212"), (680, "light", "#ffffff"))
GAP = 24
WIDTH = GAP + sum(width + GAP for width, _, _ in SCREENS)  # pixels


@dataclass(frozen=True)
class Shown:
    """An alert of core-api in the picture, from `minute` past 14:00 UTC on; one with an end is resolved."""

    name: str
    minute: int
    ended: int | None = None
    instance: str = ""
    value: str = ""


# One group, as its route makes it: one service, one severity, one cause; in Alertmanager's order.
GROUP = (
    Shown("ReadinessCheckFailing", 5, instance="core-api-1:8080"),
    Shown("HealthCheckFailing", 1, ended=9, instance="core-api-2:8080"),
    Shown("HealthCheckFailing", 7, instance="core-api-1:8080"),
)


def main() -> None:
    """Write the picture beside this file; what is missing for it ends the program with a sentence."""
    with tempfile.TemporaryDirectory() as name:
        mail = _mail(Path(name))
    with chromium() as browser:
        # Without a scheme of its own for all, so that each frame's holds.
        page = browser.new_page(viewport={"width": WIDTH, "height": GAP}, color_scheme="null")
        page.set_content(_page(mail))
        page.wait_for_selector("body[data-sized]")
        page.screenshot(path=PICTURE, full_page=True)


def _mail(folder: Path) -> str:
    """Render the HTML of the group's mail."""
    alerts = [_alert(shown) for shown in GROUP]
    notified = {"receiver": "backend/pagerduty+slack+email", "status": "firing", "alerts": alerts}
    (folder / "data.json").write_text(json.dumps({**notified, "externalURL": EXTERNAL_URL}), encoding="utf-8")
    command = [str(generation("newest").amtool), "template", "render", "--template.type=html"]
    command += [f"--template.glob={OUT}/alertmanager/templates/*.tmpl", f"--template.data={folder}/data.json"]
    return _said([*command, '--template.text={{ template "watchbill.email.html" . }}'])


def _alert(shown: Shown) -> dict[str, Any]:
    """Build an alert as Alertmanager gets it, from its rule."""
    rule = _rule(shown.name)
    instance = {"instance": shown.instance} if shown.instance else {}
    labels = {"alertname": shown.name, **PLACE, **instance, **rule["labels"]}
    if labels["severity"] != "P0":
        raise SystemExit(f"{shown.name} is {labels['severity']} now; choose another P0 for the picture")
    return {
        "status": "firing" if shown.ended is None else "resolved",
        "labels": labels,
        "fingerprint": shown.name + str(shown.minute),
        "annotations": {key: _filled(text, labels, shown.value) for key, text in rule["annotations"].items()},
        "startsAt": f"2025-05-01T14:{shown.minute:02}:00Z",
        "endsAt": NEVER if shown.ended is None else f"2025-05-01T14:{shown.ended:02}:00Z",
    }


def _rule(name: str) -> dict[str, Any]:
    for file in sorted((OUT / "prometheus/rules").glob("core-api.*.rules.yml")):
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                if rule.get("alert") == name:
                    return dict(rule)
    raise SystemExit(f"core-api has no alert {name} in {OUT.name}/ any more; choose another for the picture")


def _filled(text: str, labels: dict[str, str], value: str) -> str:
    """Fill in an annotation as Prometheus does: labels, some of them for an address, and the value."""
    text = re.sub(r"{{ \$labels\.(\w+) \| urlquery }}", lambda found: quote_plus(labels[found[1]]), text)
    text = re.sub(r"{{ \$labels\.(\w+) }}", lambda found: labels[found[1]], text)
    text = re.sub(r"{{ \$value \| \w+ }}", value, text) if value else text
    if "{{" in text:
        raise SystemExit(f"the picture's alert has no value for: {text}")
    return text


def _page(mail: str) -> str:
    """Set the mail beside itself, once for each screen, as high as it is there."""
    styles = [f"width:{width}px;color-scheme:{theme};background:{paper}" for width, theme, paper in SCREENS]
    frames = "".join(f'<iframe style="{style}" srcdoc="{html.escape(mail)}"></iframe>' for style in styles)
    return f"""<!DOCTYPE html>
<meta charset="utf-8">
<style>
html {{ background: #d8dadf }}
body {{ margin: 0; padding: {GAP}px; display: flex; gap: {GAP}px; align-items: flex-start }}
iframe {{ flex: none; border: 0; border-radius: 12px }}
</style>
<body>{frames}</body>
<script>
addEventListener("load", () => {{
  for (const frame of document.querySelectorAll("iframe"))
    frame.style.height = frame.contentDocument.documentElement.offsetHeight + "px";
  document.body.dataset.sized = "yes";
}});
</script>
"""


def _said(command: list[str]) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if result.returncode:
        raise SystemExit(f"{command[0]} ended with {result.returncode}:\n{result.stderr}")
    return result.stdout


if __name__ == "__main__":
    main()
