from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from watchbill.errors import ToolError
from watchbill.tools import GENERATIONS, Tool, Version, as_json, checkout_root, ensure, find, generation, table
from watchbill.tools.generations import MARKER, PROGRAMS
from watchbill.tools.relocate import NEEDED_TEMPLATE
from watchbill.tools.version import ask_version, parse_version

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def no_tools_but_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHBILL_PROMTOOL", raising=False)
    monkeypatch.delenv("WATCHBILL_AMTOOL", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")


def program(path: Path, name: str, version: str) -> Path:
    """Write a program that answers `--version` as promtool and its kin do, and counts its calls."""
    path.parent.mkdir(parents=True, exist_ok=True)
    answer = f"{name}, version {version} (branch: HEAD)"
    path.write_text(f'#!/bin/sh\necho called >> "$0.calls"\necho "{answer}"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def unpacked_generation(root: Path, name: str, *, prometheus: str, alertmanager: str) -> Path:
    folder = root / ".tools" / name
    for tool in PROGRAMS:
        version = prometheus if tool in {"promtool", "prometheus"} else alertmanager
        program(folder / tool, tool, version)
    return folder


def test_version_is_read_from_a_distribution_build() -> None:
    text = "promtool, version 3.5.3+ds1 (branch: debian/sid, revision: 3.5.3+ds1-6)"
    assert parse_version("promtool", text) == Version(3, 5, 3)


def test_version_of_another_program_is_not_taken_for_the_tools() -> None:
    assert parse_version("promtool", "GNU bash, version 5.2.15(1)-release") is None


def test_versions_are_ordered_by_number_not_by_text() -> None:
    assert Version(2, 100) > Version(2, 42, 9)


def test_setting_comes_before_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = program(tmp_path / "mine", "promtool", "2.50.0")
    program(tmp_path / "bin" / "promtool", "promtool", "3.0.0")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}")
    monkeypatch.setenv("WATCHBILL_PROMTOOL", str(named))
    assert find("promtool", root=tmp_path) == Tool("promtool", Version(2, 50), named, "WATCHBILL_PROMTOOL")


def test_path_comes_before_the_fetched_generations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked_generation(tmp_path, "newest", prometheus="3.5.0", alertmanager="0.33.0")
    program(tmp_path / "bin" / "amtool", "amtool", "0.28.0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert find("amtool", root=tmp_path).source == "PATH"


@pytest.mark.parametrize("body", ["echo 'promtool, version 2.41.9'", "echo 'promtool, version 3.0.0'; exit 3"])
def test_unfit_tool_on_path_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    unpacked_generation(tmp_path, "newest", prometheus="3.5.0", alertmanager="0.33.0")
    unfit = program(tmp_path / "bin" / "promtool", "promtool", "0")
    unfit.write_text(f"#!/bin/sh\n{body}\n")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert find("promtool", root=tmp_path).source == "newest"


def test_newest_generation_comes_before_the_oldest(tmp_path: Path) -> None:
    unpacked_generation(tmp_path, "oldest", prometheus="2.42.0", alertmanager="0.25.0")
    unpacked_generation(tmp_path, "newest", prometheus="3.5.0", alertmanager="0.33.0")
    assert find("promtool", root=tmp_path).source == "newest"


def test_oldest_generation_is_the_last_resort(tmp_path: Path) -> None:
    unpacked_generation(tmp_path, "oldest", prometheus="2.42.0", alertmanager="0.25.0")
    assert find("promtool", root=tmp_path).source == "oldest"


def test_nothing_found_names_the_command_and_what_was_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = program(tmp_path / "bin" / "promtool", "promtool", "2.30.1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(ToolError) as caught:
        find("promtool", root=tmp_path)
    assert str(caught.value) == (
        f"no promtool 2.42 or newer was found ({old} is 2.30.1, and 2.42 is the oldest that works);"
        ' run "watchbill tools", put one on PATH, or name it in WATCHBILL_PROMTOOL'
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("echo 'promtool, version 2.30.0'", "/promtool is 2.30.0, and 2.42 is the oldest that works)"),
        ("echo 'promtool, version 3.0.0'; exit 3", '"--version" ended with 3'),
        ("echo 'promtool, version unknown'", 'ended with 0, saying "promtool, version unknown")'),
    ],
)
def test_unfit_tool_on_path_is_named_with_its_reason_where_nothing_can_be_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, words: str
) -> None:
    unfit = program(tmp_path / "bin" / "promtool", "promtool", "0")
    unfit.write_text(f"#!/bin/sh\n{body}\n")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(ToolError) as caught:
        ensure("promtool", root=tmp_path)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"no promtool 2.42 or newer was found ({unfit} is ")


def test_program_on_path_that_may_not_be_run_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unfit = program(tmp_path / "bin" / "promtool", "promtool", "3.0.0")
    unfit.chmod(0o644)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(ToolError, match=re.escape(f"({unfit} is not executable)")):
        find("promtool", root=tmp_path)


def test_program_that_hangs_is_named_after_five_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unfit = program(tmp_path / "bin" / "promtool", "promtool", "3.0.0")
    unfit.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    before = time.monotonic()
    with pytest.raises(ToolError, match=re.escape(f"({unfit} gives no version within 5 seconds)")):
        find("promtool", root=tmp_path)
    assert time.monotonic() - before < 20


def test_later_tool_on_path_is_taken_where_the_first_is_unfit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "a" / "promtool", "promtool", "2.30.0")
    fit = program(tmp_path / "b" / "promtool", "promtool", "2.53.0")
    monkeypatch.setenv("PATH", f"{tmp_path / 'a'}:{tmp_path / 'b'}")
    assert find("promtool", root=tmp_path) == Tool("promtool", Version(2, 53), fit, "PATH")


def test_one_program_reached_by_two_folders_is_named_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin" / "promtool", "promtool", "2.30.0")
    (tmp_path / "link").symlink_to("bin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{tmp_path / 'link'}")
    with pytest.raises(ToolError) as caught:
        find("promtool", root=tmp_path)
    assert str(caught.value).count("2.30.0") == 1


def test_unfit_generation_is_named(tmp_path: Path) -> None:
    folder = unpacked_generation(tmp_path, "newest", prometheus="3.4.0", alertmanager="0.33.0")
    with pytest.raises(ToolError, match=re.escape(f"({folder} holds promtool 3.4.0, and 3.5 or newer is needed)")):
        find("promtool", root=tmp_path)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("echo 'amtool, version 0.24.0'", "which is 0.24.0 and too old"),
        ("echo boom >&2; exit 3", 'saying "boom"'),
        ("echo 'GNU bash, version 5.2.15'", "is no working amtool"),
    ],
)
def test_unfit_setting_is_an_error_although_a_generation_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, words: str
) -> None:
    unpacked_generation(tmp_path, "newest", prometheus="3.5.0", alertmanager="0.33.0")
    unfit = program(tmp_path / "mine", "amtool", "0")
    unfit.write_text(f"#!/bin/sh\n{body}\n")
    monkeypatch.setenv("WATCHBILL_AMTOOL", str(unfit))
    with pytest.raises(ToolError, match=words):
        find("amtool", root=tmp_path)


def test_setting_that_names_no_program_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBILL_AMTOOL", "/nowhere/amtool")
    with pytest.raises(ToolError, match='WATCHBILL_AMTOOL names "/nowhere/amtool", which is no program'):
        find("amtool", root=tmp_path)


def test_finding_a_tool_runs_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = program(tmp_path / "bin" / "promtool", "promtool", "3.0.0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    find("promtool", root=tmp_path)
    assert Path(f"{tool}.calls").read_text() == "called\n"


def test_noted_versions_save_running_the_tools(tmp_path: Path) -> None:
    folder = unpacked_generation(tmp_path, "newest", prometheus="9.9.9", alertmanager="9.9.9")
    note = {tool: {"version": "3.7.1", "bytes": (folder / tool).stat().st_size} for tool in PROGRAMS}
    (folder / MARKER).write_text(json.dumps(note))
    (folder / NEEDED_TEMPLATE).parent.mkdir(parents=True)
    (folder / NEEDED_TEMPLATE).touch()
    assert find("promtool", root=tmp_path).version == Version(3, 7, 1)


def test_note_of_other_binaries_does_not_count(tmp_path: Path) -> None:
    folder = unpacked_generation(tmp_path, "newest", prometheus="3.8.0", alertmanager="0.34.0")
    (folder / MARKER).write_text(json.dumps({tool: {"version": "3.7.1", "bytes": 1} for tool in PROGRAMS}))
    assert find("promtool", root=tmp_path).version == Version(3, 8)


def test_generation_ignores_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for tool in PROGRAMS:
        program(tmp_path / "bin" / tool, tool, "3.5.0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(ToolError, match='run "make tools" or "watchbill tools" to fetch Prometheus 3'):
        generation("newest", root=tmp_path)


def test_generation_without_one_program_is_missing(tmp_path: Path) -> None:
    folder = unpacked_generation(tmp_path, "oldest", prometheus="2.42.0", alertmanager="0.25.0")
    (folder / "amtool").unlink()
    with pytest.raises(ToolError, match="the oldest generation of tools has no amtool in "):
        generation("oldest", root=tmp_path)


@pytest.mark.parametrize(
    ("name", "prometheus", "alertmanager", "words"),
    [
        ("oldest", "2.43.0", "0.25.0", "/oldest holds promtool 2.43.0, and 2.42 is needed"),
        ("oldest", "2.42.0", "0.26.0", "/oldest holds amtool 0.26.0, and 0.25 is needed"),
        ("newest", "3.4.9", "0.33.0", "/newest holds promtool 3.4.9, and 3.5 or newer is needed"),
    ],
)
def test_generation_of_another_version_is_refused(
    tmp_path: Path, name: str, prometheus: str, alertmanager: str, words: str
) -> None:
    unpacked_generation(tmp_path, name, prometheus=prometheus, alertmanager=alertmanager)
    with pytest.raises(ToolError, match=re.escape(words)):
        generation(name, root=tmp_path)


@pytest.mark.parametrize("name", GENERATIONS)
def test_fetched_programs_run_here_and_have_the_noted_versions(name: str) -> None:
    for tool in generation(name, root=CHECKOUT).tools():
        assert ask_version(tool.name, tool.path) == tool.version


def test_oldest_generation_is_what_we_promise_to_support() -> None:
    oldest = generation("oldest", root=CHECKOUT)
    assert (oldest.prometheus_version.series, oldest.alertmanager_version.series) == ("2.42", "0.25")


def test_checkout_is_the_nearest_folder_upwards_with_a_project(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "runbooks" / "deep").mkdir(parents=True)
    assert checkout_root(tmp_path / "runbooks" / "deep") == tmp_path.resolve()


def test_table_is_aligned_and_shows_short_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tools = [
        Tool("promtool", Version(2, 42), tmp_path / ".tools" / "oldest" / "promtool", "oldest"),
        Tool("amtool", Version(0, 33, 1), Path("/usr/bin/amtool"), "PATH"),
    ]
    assert table(tools).splitlines() == [
        "generation  tool      version  path",
        "oldest      promtool  2.42.0   .tools/oldest/promtool",
        "PATH        amtool    0.33.1   /usr/bin/amtool",
    ]


def test_tools_turn_into_json() -> None:
    rows = as_json([Tool("amtool", Version(0, 25), Path("/usr/bin/amtool"), "PATH")])
    assert json.loads(json.dumps(rows)) == [
        {"generation": "PATH", "tool": "amtool", "version": "0.25.0", "path": "/usr/bin/amtool"}
    ]
