"""Follow the links of a message: the runbook on the served site, the panel, and the silence."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

from watchbill import naming
from watchbill.channels import definitions
from watchbill.channels.received import Recipient
from watchbill.model.alerts import Alert
from watchbill.stack.api import ask
from watchbill.stack.exporter import Handler, serving
from watchbill.stack.notifications import SWITCH
from watchbill.stack.running import Stack

TOGETHER = ("team", "cluster", "env", "service", "severity", naming.INCIDENT)  # what a message has in common
PERMALINK = "¶"
_HEADING = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)


class _Site(SimpleHTTPRequestHandler):
    """The built site, without a log."""

    log_message = Handler.log_message


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve the built site on loopback until the block ends."""
    with serving(partial(_Site, directory=str(site))) as url:
        yield url


def offered(recipient: Recipient) -> bool:
    """Whether a recipient's messages offer links, as its channel's file says; a dead man's switch has none."""
    without = {each.channel.called for each in definitions().values() if not each.links}
    return recipient[0] not in {SWITCH, *without}


def runbook(link: str, alert: Alert, base: str, site: str) -> str:
    """Say how a link fails to lead to the alert's own runbook, a page with its heading; "" where it does."""
    if link != alert.runbook_url:
        return f"{link} is not {alert.runbook_url}"
    address = f"{site}{link.removeprefix(base)}"
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 (http, on loopback)
            page = answer.read().decode()
    except OSError as error:
        return f"{link}: {error}"
    heading = _HEADING.search(page)
    shown = unescape(re.sub(r"<[^>]+>", "", heading[1])).removesuffix(PERMALINK).strip() if heading else ""
    return "" if shown == alert.name else f'{link} is headed "{shown}"'


def panels(out: Path) -> Mapping[str, frozenset[int]]:
    """Map the uid of every emitted dashboard to the ids of its panels."""
    found = {}
    for path in sorted((out / "grafana/dashboards").rglob("*.json")):
        dashboard = json.loads(path.read_text(encoding="utf-8"))
        rows = [panel for panel in dashboard["panels"] if panel["type"] == "row"]
        every = [*dashboard["panels"], *(panel for row in rows for panel in row.get("panels", ()))]
        found[dashboard["uid"]] = frozenset(panel["id"] for panel in every)
    return found


def panel(link: str, base: str, known: Mapping[str, frozenset[int]], labels: Mapping[str, str]) -> str:
    """Say how a panel's link fails to lead to an emitted panel of the alert's place; "" where it does."""
    parts = urlsplit(link)
    if not link.startswith(f"{base}/d/"):
        return f"{link} is not on {base}"
    uid, asked = parts.path.split("/d/", 1)[1].split("/")[0], parse_qs(parts.query)
    if int(asked.get("viewPanel", ["0"])[0]) not in known.get(uid, frozenset()):
        return f"{link}: there is no such panel"
    wrong = [name for name in ("env", "cluster") if asked.get(f"var-{name}") != [labels[name]]]
    if "from" not in asked or wrong:
        return f"{link} does not open the alert's own time, env and cluster"
    return ""


def silence(link: str, stack: Stack, labels: Mapping[str, str]) -> str:
    """Say how a silence would miss the alert, or reach beyond its message, by asking Alertmanager itself."""
    _, _, encoded = link.partition("?filter=")
    if not encoded:
        return f"{link} opens an empty form"
    filters = _matchers(unquote(encoded))
    query = "&".join(f"filter={quote(each)}" for each in filters)
    found = [each["labels"] for each in ask(stack.alertmanager, f"/api/v2/alerts?{query}")]
    beyond = [each for each in found if any(each.get(name) != labels.get(name) for name in TOGETHER)]
    return "" if dict(labels) in found and not beyond else f"{link} would silence {found}"


def _matchers(filter_: str) -> list[str]:
    return re.findall(r'[^,{}]+?="(?:[^"\\]|\\.)*"', filter_)
