"""What the shipped runbooks tell somebody to type at night: it is real, and one tap does not do more than it says."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchbill.promql import selections

ROOT = Path(__file__).parents[1]
BOOKS = sorted((ROOT / "runbooks").glob("RB-*.md"))
_BLOCK = re.compile(r"^ *```(?:bash|sh)\n(?P<lines>.*?)^ *```$", re.DOTALL | re.MULTILINE)
_CHANGES = re.compile(
    r"\bdelete pod\b|\brollout (?:restart|undo)\b|\bscale \w+/|\bset env (?!.*--list)|\balembic downgrade (?!.*--sql)"
    r"|\bpatch (?:statefulset|cronjob)\b|\bannotate ingress\b|pg_(?:cancel|terminate)_backend|\bpg_promote\b"
    r"|\bpg_drop_replication_slot\b|\bALTER ROLE\b|\bCREATE INDEX\b|\bKILL QUERY\b|\bCONFIG SET\b|\bCLIENT KILL\b"
    r"|\bsystemctl (?:restart|start|stop|edit|mask|set-property|kill)\b|journalctl --vacuum"
    r"|\bsudo (?:kill|renice|nft|mkswap)\b"
    r"|\bq\.(?:pause|resume|setGlobal\w+)\(|\bj\.retry\(|-X (?:DELETE|PATCH|PUT)|-X POST .*/(?:pause|resume|-/reload)"
)
_LOOKS = re.compile(r"^ *(?:promtool query|curl|(?:ssh|psql|mysql|redis-cli|kubectl) .*)")
# what belongs to a change: the evidence that it would destroy, and whether it worked
_OF_A_CHANGE = re.compile(r"> /tmp/|rollout status|journalctl -u \S+ -n|daemon-reload")
# a signal that opens the inspector or writes a snapshot is of use only to whoever waits for what comes of it
_SIGNAL = re.compile(r"\bkill -USR[12]\b")
_ENDLESS = re.compile(r"--latency\b|--latency-history\b|\bpy-spy top\b|\bMONITOR\b|\bwatch \w|\btail -f\b|logs .*-f\b")
_BOUNDED = re.compile(r"\btimeout \d+ |\bexec -it\b")
_STEP = re.compile(r"^(?=\d+\. \*\*)", re.MULTILINE)
_UNDO = re.compile(r"\bundo\b|\bundone\b|\bis the undo\b|\bno simple way back\b", re.IGNORECASE)
_QUERY = re.compile(r"promtool query (?:instant|range) (?:--\S+ )*\S+ '(?P<expr>[^']*)'")
_PLACEHOLDER = re.compile(r"<[a-z-]+>")
_BUILT_IN = {"up", "ALERTS", "scrape_duration_seconds", "scrape_samples_scraped"}
# Prometheus' own, which the sample of what we alert on leaves out
_UNSAMPLED = {
    "prometheus_engine_queries",
    "prometheus_tsdb_head_samples_appended_total",
    "prometheus_tsdb_head_series_created_total",
    "prometheus_tsdb_storage_blocks_bytes",
}


@dataclass(frozen=True)
class Block:
    """Commands that are copied together."""

    place: str
    commands: list[str]


def blocks() -> Iterator[Block]:
    for book in BOOKS:
        text = book.read_text(encoding="utf-8")
        for found in _BLOCK.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            # SQL within quotes goes on over several lines, and is one command
            joined = re.sub(r'"\n[^"]*"', lambda sql: sql[0].replace("\n", " "), found["lines"])
            yield Block(f"{book.name}:{line}", joined.splitlines())


def queries() -> list[tuple[str, str]]:
    return [
        (block.place, re.sub(r"\{\{ this\.\w+ \}\}", "this", found["expr"]))
        for block in blocks()
        for command in block.commands
        for found in _QUERY.finditer(command)
        if not _PLACEHOLDER.search(found["expr"])
    ]


def catalogue() -> Any:
    return json.loads((ROOT / "out/catalog.json").read_text(encoding="utf-8"))


def exported() -> set[str]:
    """Name every metric of the sample scrapes, and every series of an objective."""
    names = _BUILT_IN | _UNSAMPLED
    for sample in (ROOT / "specs/samples").glob("*.prom"):
        names |= set(re.findall(r"^([a-zA-Z_:][\w:]*)[{ ]", sample.read_text(encoding="utf-8"), re.MULTILINE))
    return names.union(*(slo["series"].values() for slo in catalogue()["slos"]))


def test_what_changes_something_is_copied_apart_from_what_only_looks() -> None:
    mixed = []
    for block in blocks():
        changes = [command for command in block.commands if _CHANGES.search(command)]
        looks = [
            command
            for command in block.commands
            if _LOOKS.match(command) and not _CHANGES.search(command) and not _OF_A_CHANGE.search(command)
        ]
        mixed += [f"{block.place}: {looks[0].strip()}"] if changes and looks else []
    assert mixed == []


def test_no_command_deletes_a_pod_that_the_alert_may_not_mean() -> None:
    named = [
        f"{book.name}: {found}"
        for book in BOOKS
        for found in re.findall(r"delete pod (?!<)\S+", book.read_text(encoding="utf-8"))
    ]
    assert named == []


def test_no_signal_goes_to_a_pod_that_the_alert_may_not_mean_nor_right_before_its_end() -> None:
    wrong = [
        f"{block.place}: {command.strip()}"
        for block in blocks()
        for command in block.commands
        if _SIGNAL.search(command)
        and (not re.search(r"exec <pod> ", command) or any(_CHANGES.search(other) for other in block.commands))
    ]
    assert wrong == []


def test_what_is_copied_is_a_script_that_bash_can_read() -> None:
    filled = {
        f"{book.name}:{text.count(chr(10), 0, found.start()) + 1}": _PLACEHOLDER.sub("filled", found["lines"])
        for book in BOOKS
        for text in [book.read_text(encoding="utf-8")]
        for found in _BLOCK.finditer(text)
    }
    said = {place: _complaint(re.sub(r"\{\{.*?\}\}", "fact", script)) for place, script in filled.items()}
    assert len(said) > 200
    assert {place: complaint for place, complaint in said.items() if complaint} == {}


def _complaint(script: str) -> str:
    read = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    return read.stderr


def test_no_command_runs_for_ever() -> None:
    endless = [
        f"{block.place}: {command.strip()}"
        for block in blocks()
        for command in block.commands
        if _ENDLESS.search(command) and not _BOUNDED.search(command)
    ]
    assert endless == []


def steps() -> Iterator[tuple[str, str]]:
    """Yield every step of "Mitigate first", with where it stands."""
    for book in BOOKS:
        text = book.read_text(encoding="utf-8")
        begin = text.index("\n## Mitigate first\n")
        part = text[: text.index("\n## ", begin + 1)]
        starts = [match.start() for match in _STEP.finditer(part, begin)]
        for start, end in zip(starts, [*starts[1:], len(part)], strict=True):
            yield f"{book.name}:{part.count(chr(10), 0, start) + 1}", part[start:end]


def test_a_step_that_changes_something_says_how_to_see_that_it_worked_and_how_to_undo_it() -> None:
    changing = [(place, step) for place, step in steps() if _CHANGES.search(step)]
    assert len(changing) > 100
    silent = [f"{place} how it worked" for place, step in changing if "Worked" not in step]
    silent += [f"{place} how to undo it" for place, step in changing if not _UNDO.search(step)]
    assert silent == []


@pytest.mark.parametrize(("place", "expr"), queries(), ids=[place for place, _ in queries()])
def test_a_query_parses_and_asks_for_what_is_exported(place: str, expr: str) -> None:
    asked = {selection.metric for selection in selections(expr) if selection.metric}
    assert asked <= exported(), place


def test_whoever_is_woken_or_notified_learns_when_to_call_whom() -> None:
    severities = {alert["id"]: alert["severity"] for alert in catalogue()["alerts"]}
    silent = []
    for book in catalogue()["runbooks"]:
        _, _, after = (ROOT / book["file"]).read_text(encoding="utf-8").partition("\n## Escalate\n")
        times = after.partition("\n## ")[0]
        led = {severities[alert] for alert in book["alerts"]}
        silent += [f"{book['id']}: P0"] if "P0" in led and not re.search(r"at once|within 2 minutes", times) else []
        by_day = r"working days?\b|within the hour|the same day"
        silent += [f"{book['id']}: P1"] if "P1" in led and not re.search(by_day, times) else []
    assert silent == []


def hosts(service: str) -> set[str]:
    """Name the hosts that a service's spec scrapes, and its workloads: "core-api-1.prod.example.com" and "core-api"."""
    spec = yaml.safe_load((ROOT / f"specs/services/{service}.yaml").read_text(encoding="utf-8"))
    targets = [str(entry["targets"]) for entry in spec.get("scrape", {}).values()]
    found = re.findall(r"([a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+):\d+", " ".join(targets))
    return {service, *found, *(host.partition(".")[0] for host in found)} - {"localhost"}


@pytest.mark.parametrize("service", sorted({alert["service"] for alert in catalogue()["alerts"]}))
def test_no_command_on_an_alerts_page_names_a_workload_or_host_of_another_service(service: str) -> None:
    others = {path.stem for path in (ROOT / "specs/services").glob("*.yaml")} - {service, "monitoring"}
    words = set().union(*(hosts(other) for other in others)) - hosts(service)
    foreign = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, sorted(words, reverse=True)))})(?![\w-])")
    code = [
        (page.name, found[0])
        for page in (ROOT / "out/docs/alerts" / service).glob("*.md")
        for found in re.finditer(
            r"^ *```(?:bash|sh)\n.*?^ *```$|`kubectl [^`]+`", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
        )
    ]
    assert code
    assert [(page, found) for page, block in code for found in foreign.findall(block)] == []


def test_the_page_of_one_database_says_nothing_of_the_other() -> None:
    core = (ROOT / "out/docs/alerts/core-api/DatabaseDown.md").read_text(encoding="utf-8")
    desk = (ROOT / "out/docs/alerts/support-desk/PostgresDown.md").read_text(encoding="utf-8")
    assert "pg_promote" in core
    assert "DB_HOST=postgres-replica.prod.example.com" in core
    assert "ingress support-desk" in desk
    assert not re.search(r"pg_promote|DB_HOST|core-api|Core API", desk.partition("## Facts")[0])
    assert not re.search(r"support-desk|Support Desk", core.partition("## Facts")[0])


def test_a_step_that_a_runbook_names_is_on_every_page_that_names_it() -> None:
    missing = []
    for page in sorted((ROOT / "out/docs/alerts").rglob("*.md")):
        _, found, text = page.read_text(encoding="utf-8").partition("\n## Mitigate first\n")
        steps_here = len(re.findall(r"^\d+\. \*\*", text.partition("\n## ")[0], re.MULTILINE))
        whole = page.read_text(encoding="utf-8")
        named = {
            int(number)
            for plain in re.findall(r"(?<!, )\boptions? ((?:\d+(?:, | and )?)+)", whole)
            for number in re.findall(r"\d+", plain)
        }
        missing += [
            f"{page.parent.name}/{page.stem}: {sorted(named)}"
            for _ in [0]
            if found and max(named, default=0) > steps_here
        ]
    assert missing == []


def test_a_panel_that_a_page_names_is_there() -> None:
    titles = [panel["title"] for dashboard in catalogue()["dashboards"] for panel in dashboard["panels"]]
    named = {
        (book.name, found.removesuffix("…"))
        for book in BOOKS
        for found in re.findall(r'[Pp]anel "([^"]+)"', book.read_text(encoding="utf-8"))
    }
    assert named
    assert {name for name in named if not any(title.startswith(name[1]) for title in titles)} == set()
