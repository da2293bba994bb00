"""A channel is one file, and a template if it needs one: invented ones are seen wherever a channel is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import invented
import spectree
from watchbill.stack.receivers import Addresses, receiving
from watchbill.tools import GENERATIONS, generation
from watchbill.verify import amtool

INVENTED = invented.FOLDER
ALERT = "shop/LoadHigh"
# The command as it is where the file lies in the package.
WATCHBILL = f"""
import watchbill.channels
watchbill.channels.__path__.append({str(INVENTED)!r})
from watchbill.cli import main
main()
"""
PLATFORM = (
    spectree.PLATFORM.replace("pagerduty: backend-primary", 'pager2: "https://pager2.example.com/night-shift"')
    + "severities: {P0: {to: [email, slack, pager2]}, P1: {to: [slack]}}\n"
)
FILES = {
    "platform.yaml": PLATFORM,
    "services/shop.yaml": "scrape: {shop: {targets: {production: [shop-1:8000], staging: [shop-2:8000]}}}\n"
    + spectree.service(
        {
            "LoadHigh": "signal: kit, kind: level, metric: load, above: 5, for: 1m, severity: P0,"
            " summary: Too much load, impact: Orders wait, action: Add a server"
        }
    ),
}
PLAIN = {
    "platform.yaml": spectree.PLATFORM.replace(
        "pagerduty: backend-primary", 'pigeon: "https://pigeon.example.com/north"'
    )
    + "severities: {P0: {to: [slack]}, P1: {to: [slack]}, Info: {to: [pigeon]}}\n",
    "services/shop.yaml": FILES["services/shop.yaml"].replace("severity: P0", "severity: Info"),
}
OWNER = "backend/pager2+slack+email"
REACHED = "Pager Two https://pager2.example.com/night-shift, Slack #backend, backend@example.com"


def watchbill(folder: Path, *arguments: str, name: str = "newest") -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, with the invented channel."""
    given = generation(name)
    tools = {"WATCHBILL_PROMTOOL": str(given.promtool), "WATCHBILL_AMTOOL": str(given.amtool), "NO_COLOR": "1"}
    command = [sys.executable, "-c", WATCHBILL, *arguments]
    return subprocess.run(
        command, cwd=folder, env=os.environ | tools, capture_output=True, text=True, timeout=180, check=False
    )


@pytest.fixture(scope="module", params=GENERATIONS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Compile a tree that uses the channel; promtool and amtool of a generation have accepted it."""
    folder = tmp_path_factory.mktemp("pager2")
    compiled(folder, FILES, request.param)
    return request.param, folder


def compiled(folder: Path, files: Mapping[str, str], name: str) -> None:
    """Compile a tree in a folder by the tools of a generation."""
    spectree.write_tree(folder, files)
    (folder / ".tools").symlink_to(Path(__file__).parents[1] / ".tools")
    result = watchbill(folder, "generate", name=name)
    assert result.returncode == 0, result.stderr


def test_an_address_of_another_form_and_a_team_without_one_are_refused(tmp_path: Path) -> None:
    wrong = PLATFORM.replace("https://pager2.example.com/night-shift", "night-shift")
    spectree.write_tree(tmp_path, FILES | {"platform.yaml": wrong})
    said = watchbill(tmp_path, "generate").stderr
    what = 'the text "night-shift" is not an address of Pager Two'
    column = wrong.splitlines()[1].index('"night-shift"') + 1
    assert f"platform.yaml:2:{column}: {what}; write it as in https://pager2.example.com/night-shift" in said, said
    without = PLATFORM.replace(', pager2: "https://pager2.example.com/night-shift"', "")
    spectree.write_tree(tmp_path, FILES | {"platform.yaml": without})
    said = watchbill(tmp_path, "generate").stderr
    assert 'team "backend" has no "pager2", where P0 goes; add "pager2: …"' in said, said


def test_it_is_known_to_editors(tmp_path: Path) -> None:
    schema = json.loads(watchbill(tmp_path, "schema", "platform").stdout)
    assert "pager2" in schema["$defs"]["TeamSpec"]["properties"]
    assert "pager2" in schema["$defs"]["PolicySpec"]["properties"]["to"]["items"]["enum"]


def test_receivers_hold_its_entry_and_routes_lead_there_where_somebody_may_be_woken(made: tuple[str, Path]) -> None:
    name, folder = made
    path = folder / "out/alertmanager/alertmanager.yml"
    receivers = {each["name"]: each for each in yaml.safe_load(path.read_text(encoding="utf-8"))["receivers"]}
    assert receivers.keys() == {"unowned", "shadow", OWNER, "backend/slack+email", "backend/slack"}
    own, slack = receivers[OWNER]["slack_configs"]
    assert (own["api_url"], slack["channel"]) == ("https://pager2.example.com/night-shift", "#backend")
    assert amtool.check(generation(name).amtool, path) == ""
    for env, reached in {"production": OWNER, "staging": "backend/slack+email"}.items():
        labels = {"team": "backend", "severity": "P0", "env": env, "cluster": "main", "service": "shop"}
        assert amtool.receivers(generation(name).amtool, path, labels) == (reached,)


def test_matrix_explanation_and_pages_name_it(made: tuple[str, Path]) -> None:
    _, folder = made
    matrix = json.loads(watchbill(folder, "explain", "--matrix", "--format", "json").stdout)["matrix"]
    (row,) = (row for row in matrix if row["severity"] == "P0")
    assert row["notified"] == {"production": REACHED, "staging": "Slack #backend, backend@example.com"}
    assert "Pager Two https://pager2" in " ".join(watchbill(folder, "explain", ALERT).stdout.split())
    docs = folder / "out/docs"
    routing, team, alert = (
        (docs / page).read_text(encoding="utf-8")
        for page in ("routing.md", "teams/backend.md", "alerts/shop/LoadHigh.md")
    )
    assert "Only Pager Two wakes anybody, and only in production" in routing
    assert "Pager Two\n:   https:" in team
    assert "Pager Two https:" in alert
    catalogue = json.loads((folder / "out/catalog.json").read_text(encoding="utf-8"))
    (own,) = (each for each in catalogue["alerts"] if each["name"] == "LoadHigh")
    assert own["receivers"] == {"production": [OWNER], "staging": ["backend/slack+email"]}


def test_in_a_drill_a_real_alertmanager_reaches_its_receiver(made: tuple[str, Path]) -> None:
    name, folder = made
    result = drilled(name, folder)
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    recipient = [
        line for line in result.stderr.splitlines() if "Pager Two https://pager2.example.com/night-shift: " in line
    ]
    assert len(recipient) == 2, result.stderr  # of the fault, and of its end


def drilled(name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Drill the alert on the servers of a generation, with a site that has each page by its heading."""
    site = folder / "site"
    for page in (folder / "out/docs").rglob("*.md"):
        place = site / page.relative_to(folder / "out/docs").with_suffix(".html")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"<h1>{page.stem}</h1>", encoding="utf-8")
    (site / "index.html").touch()
    return watchbill(folder, "drill", ALERT, "--site", "site", "--generation", name)


@pytest.fixture(scope="module", params=GENERATIONS)
def plain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Compile a tree whose alert reaches only the channel that has no template and no links."""
    folder = tmp_path_factory.mktemp("pigeon")
    compiled(folder, PLAIN, request.param)
    return request.param, folder


def test_a_channel_without_a_template_and_links_is_one_file(plain: tuple[str, Path]) -> None:
    name, folder = plain
    assert not (INVENTED / "pigeon.tmpl").exists()
    path = folder / "out/alertmanager/alertmanager.yml"
    receivers = {each["name"]: each for each in yaml.safe_load(path.read_text(encoding="utf-8"))["receivers"]}
    hook = {"url": "https://pigeon.example.com/north", "send_resolved": True}
    assert receivers["backend/pigeon"] == {"name": "backend/pigeon", "webhook_configs": [hook]}
    assert amtool.check(generation(name).amtool, path) == ""
    pages = watchbill(folder, "reference", "--out", "reference")
    assert pages.returncode == 0, pages.stderr
    page = (folder / "reference/channels/pigeon.md").read_text(encoding="utf-8")
    assert "**Links:** its messages offer none" in page
    assert "    pigeon: https://pigeon.example.com/north\nseverities:\n  Info: {to: [pigeon]}\n" in page
    assert "webhook_configs:\n- url: https://pigeon.example.com/north\n  send_resolved: true\n" in page


def test_a_drill_asks_no_links_of_a_channel_that_has_none(plain: tuple[str, Path]) -> None:
    name, folder = plain
    result = drilled(name, folder)
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    heard = [line for line in result.stderr.splitlines() if "Pigeon https://pigeon.example.com/north: " in line]
    assert len(heard) == 2, result.stderr  # of the fault, and of its end


@pytest.fixture
def registered() -> Iterator[None]:
    """Put the channels into the registry of this process, for as long as a test runs."""
    with invented.registered():
        yield


@pytest.mark.usefixtures("registered")
def test_its_receiver_refuses_what_the_real_one_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    message = {"title": "Too much load", "text": "Too much load. Now 6.", "actions": []}
    with receiving(Addresses({"pager2": {"night-shift": "address"}}, (), {}, {})) as running:
        url = f"{running.at['Pager Two']}/night-shift"
        assert posted(url, {"attachments": [message]}) == 200
        assert [notification.recipient for notification in running.received.notifications()] == [
            ("Pager Two", "address")
        ]
        assert posted(f"{running.at['Pager Two']}/day-shift", {"attachments": [message]}) == 404
        assert posted(url, {"attachments": [message | {"text": "x" * 4001}]}) == 400
        assert posted(url, {"attachments": [{"title": "Too much load"}]}) == 400
        assert posted(url, {}) == 400
        assert len(running.received.refused()) == 4
        assert len(running.received.notifications()) == 1


def posted(url: str, body: Mapping[str, Any]) -> int:
    """Post JSON; gives the status of the answer."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
