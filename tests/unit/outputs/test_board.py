"""What a board's page holds, and what it lets itself do."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import replace
from pathlib import Path

from spectree import compile_tree, service, write_tree
from watchbill.outputs import board

HOSTILE = "</script><script>alert(1)</script>"  # what no spec may hold, so it is put past the specs


def page(folder: Path) -> str:
    alert = "signal: kit, kind: level, metric: load, above: 5, for: 5m, severity: Info, summary: Load"
    text = service({"LoadHigh": alert})
    pages = board.render(compile_tree(write_tree(folder, {"services/shop.yaml": text})))
    return pages["board/shop-service.html"]


def test_a_title_cannot_end_the_element_it_stands_in(tmp_path: Path) -> None:
    alert = "signal: kit, kind: level, metric: load, above: 5, for: 5m, severity: Info, summary: Load"
    bundle = compile_tree(write_tree(tmp_path, {"services/shop.yaml": service({"LoadHigh": alert})}))
    (shop,) = bundle.services
    boards = tuple(replace(each, title=HOSTILE) for each in shop.dashboards)
    text = board.render(replace(bundle, services=(replace(shop, dashboards=boards),)))["board/shop-service.html"]
    assert "<script>alert" not in text
    assert html.escape(HOSTILE) in text


def test_the_description_is_the_dashboards(tmp_path: Path) -> None:
    (content,) = re.findall(r'<script type="application/json" id="dashboard">(.*?)</script>', page(tmp_path), re.DOTALL)
    read = json.loads(content)
    (panel,) = (panel for row in read["rows"] for panel in row["panels"] if panel["title"] == "LoadHigh")
    assert panel["lines"] == [{"direction": "above", "level": "info", "text": "LoadHigh: above 5", "value": 5.0}]
    assert panel["alerts"] == ["shop/LoadHigh"]
    assert read["leads"]["shop/LoadHigh"] == ["shop-service.html", panel["id"]]
    assert {"title": "On call: all services", "page": "all-services-on-call.html"} in read["near"]
    assert read["prometheus"] == "https://prometheus.example.com"


def test_the_policy_names_exactly_the_scripts_and_the_style_that_are_there(tmp_path: Path) -> None:
    text = page(tmp_path)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    inline = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", text, re.DOTALL)
    hashes = {f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'" for part in inline}
    assert set(re.findall(r"'sha256-[^']*'", html.unescape(policy))) == hashes
    assert len(hashes) == 3
    assert "unsafe" not in policy
    assert "connect-src &#39;self&#39; http://localhost:* http://127.0.0.1:* https://prometheus.example.com" in policy
