from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from watchbill.errors import ToolError
from watchbill.tools import Version, ensure, fetch, generation
from watchbill.tools.apt import Apt, source_paragraph
from watchbill.tools.generations import PROGRAMS, RECIPES, seal
from watchbill.tools.relocate import NEEDED_TEMPLATE
from watchbill.tools.sources import Source, debian_mirror, parse_deb822, parse_lines, read_sources

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

BOOKWORM = f"""\
Types: deb
# a comment inside a paragraph
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: {KEYRING}

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: {KEYRING}
"""


@pytest.fixture(autouse=True)
def nothing_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHBILL_PROMTOOL", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")


def test_deb822_sources_give_the_release_mirror_and_its_key() -> None:
    mirror = debian_mirror(parse_deb822(BOOKWORM))
    assert mirror == Source("http://mirror.example/debian", ("bookworm", "bookworm-updates"), ("main",), KEYRING)


def test_security_archive_alone_is_no_mirror_of_releases() -> None:
    assert debian_mirror(parse_deb822(BOOKWORM.partition("\n\n")[2])) is None


def test_disabled_source_is_passed_over() -> None:
    assert debian_mirror(parse_deb822("Enabled: no\n" + BOOKWORM.partition("\n\n")[0])) is None


def test_key_block_inside_a_source_is_kept_whole() -> None:
    text = "Types: deb\nURIs: http://m/debian/\nSuites: sid\nComponents: main\nSigned-By:\n -----BEGIN\n .\n abc\n"
    mirror = debian_mirror(parse_deb822(text))
    assert mirror is not None
    assert mirror.signed_by == "-----BEGIN\n .\n abc"


def test_one_line_source_gives_mirror_and_key() -> None:
    text = (
        "# deb http://old.example/debian sid main\n"
        f"deb [arch=amd64 signed-by={KEYRING}] https://m.example/debian trixie main contrib # note\n"
    )
    assert debian_mirror(parse_lines(text)) == Source(
        "https://m.example/debian", ("trixie",), ("main", "contrib"), KEYRING
    )


def test_source_packages_are_no_mirror() -> None:
    assert debian_mirror(parse_lines("deb-src http://mirror.example/debian bookworm main")) is None


def test_third_party_archive_ending_in_debian_loses_against_debians_own_key() -> None:
    lines = (
        "deb [signed-by=/etc/apt/keyrings/zabbix.gpg] https://repo.example/zabbix/debian bookworm main\n"
        f"deb [signed-by={KEYRING}] http://m.example/debian bookworm main\n"
    )
    mirror = debian_mirror(parse_lines(lines))
    assert mirror is not None
    assert mirror.uri == "http://m.example/debian"


def test_mirror_list_of_a_cloud_image_is_a_mirror() -> None:
    line = "deb mirror+file:///etc/apt/mirrors/debian.list bookworm main"
    assert debian_mirror(parse_lines(line)) is not None


@pytest.mark.parametrize("rest", ["bookworm stable", "bookworm-backports main"])
def test_other_components_and_suites_are_no_mirror_of_releases(rest: str) -> None:
    assert debian_mirror(parse_lines(f"deb https://m.example/linux/debian {rest}")) is None


def test_ubuntu_is_no_mirror_of_debian() -> None:
    assert debian_mirror(parse_lines("deb http://archive.ubuntu.com/ubuntu noble main universe")) is None


def test_sources_are_read_from_the_list_and_the_folder_without_disabled_files(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://first.example/debian bookworm main\n")
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (parts / "debian.sources").write_text(BOOKWORM)
    (parts / "other.list.disabled").write_text("deb http://disabled.example/debian bookworm main\n")
    uris = [source.uri for source in read_sources(tmp_path / "sources.list", parts)]
    assert uris == [
        "http://first.example/debian",
        "http://mirror.example/debian",
        "http://mirror.example/debian-security",
    ]


def test_private_source_is_of_this_architecture_and_signed() -> None:
    mirror = Source("http://mirror.example/debian", ("bookworm",), ("main",), KEYRING)
    assert source_paragraph(Apt(mirror, "arm64"), "sid").splitlines() == [
        "Types: deb",
        "URIs: http://mirror.example/debian",
        "Suites: sid",
        "Components: main",
        "Architectures: arm64",
        "Targets: Packages",
        f"Signed-By: {KEYRING}",
    ]


def four_programs(folder: Path, *, prometheus: str = "2.42.0", alertmanager: str = "0.25.0") -> Path:
    folder.mkdir(parents=True)
    for name in PROGRAMS:
        version = prometheus if name.startswith("prom") else alertmanager
        (folder / name).write_text(f"#!/bin/sh\necho '{name}, version {version}'\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


def test_fetching_what_is_here_needs_no_apt(tmp_path: Path) -> None:
    four_programs(tmp_path / ".tools" / "oldest")
    said: list[str] = []
    tools = fetch(tmp_path, names=("oldest",), say=said.append)
    assert ([tool.name for tool in tools], said) == (list(PROGRAMS), [])


def test_second_fetch_waits_for_the_first_and_takes_its_result(tmp_path: Path) -> None:
    folder = tmp_path / ".tools"
    folder.mkdir()
    waiting = threading.Event()
    with (folder / "lock").open("w") as lock, ThreadPoolExecutor() as pool:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = pool.submit(fetch, tmp_path, names=("oldest",), say=lambda _: waiting.set())
        assert waiting.wait(timeout=20)
        four_programs(folder / "oldest")
        lock.close()
        assert [tool.name for tool in second.result(timeout=20)] == list(PROGRAMS)


def sealed(folder: Path) -> Path:
    """Write what a fetch leaves behind."""
    four_programs(folder)
    (folder / NEEDED_TEMPLATE).parent.mkdir(parents=True)
    (folder / NEEDED_TEMPLATE).touch()
    seal(RECIPES["oldest"], folder)
    return folder


def test_sealed_generation_is_known_without_running_it(tmp_path: Path) -> None:
    folder = sealed(tmp_path / ".tools" / "oldest")
    (folder / "promtool").chmod(0o644)
    assert generation("oldest", root=tmp_path).prometheus_version == Version(2, 42)


def test_fetched_generation_without_the_templates_of_its_alertmanager_is_fetched_anew(tmp_path: Path) -> None:
    folder = sealed(tmp_path / ".tools" / "oldest")
    (folder / NEEDED_TEMPLATE).unlink()
    with pytest.raises(ToolError) as caught:
        fetch(tmp_path, names=("oldest",))
    assert str(caught.value).startswith(
        f"{folder} lacks share/prometheus/alertmanager/default.tmpl, without which its alertmanager does not start;"
        " Prometheus and Alertmanager cannot be fetched without apt-get"
    )


def test_release_unpacked_over_a_fetched_generation_needs_no_templates_beside_it(tmp_path: Path) -> None:
    folder = sealed(tmp_path / ".tools" / "oldest")
    (folder / NEEDED_TEMPLATE).unlink()
    with (folder / "alertmanager").open("a") as program:
        program.write("# another build\n")
    assert generation("oldest", root=tmp_path).alertmanager_version == Version(0, 25)


def test_suite_that_moved_on_is_not_sealed(tmp_path: Path) -> None:
    folder = four_programs(tmp_path / "oldest", alertmanager="0.26.0")
    with pytest.raises(ToolError, match=r"^Debian bookworm has amtool 0\.26\.0, but Prometheus 2\.42 and"):
        seal(RECIPES["oldest"], folder)


def test_without_apt_one_sentence_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ToolError) as caught:
        ensure("promtool", root=tmp_path)
    assert str(caught.value) == (
        "no promtool 2.42 or newer was found;"
        " Prometheus and Alertmanager cannot be fetched without apt-get, apt-config and dpkg-deb;"
        " install promtool 2.42 or newer and put it on PATH, or name it in WATCHBILL_PROMTOOL"
    )


def test_without_apt_fetching_both_generations_says_what_to_unpack_where(tmp_path: Path) -> None:
    with pytest.raises(ToolError) as caught:
        fetch(tmp_path)
    assert str(caught.value) == (
        "Prometheus and Alertmanager cannot be fetched without apt-get, apt-config and dpkg-deb;"
        " unpack promtool, prometheus, amtool and alertmanager by hand:"
        f" Prometheus 2.42 and Alertmanager 0.25 into {tmp_path}/.tools/oldest,"
        f" and Prometheus 3.5 or newer and Alertmanager 0.33 or newer into {tmp_path}/.tools/newest"
    )


def test_without_apt_a_generation_of_another_version_is_named_and_a_right_one_is_not(tmp_path: Path) -> None:
    four_programs(tmp_path / ".tools" / "oldest", prometheus="3.5.3")
    four_programs(tmp_path / ".tools" / "newest", prometheus="3.5.3", alertmanager="0.33.0")
    with pytest.raises(ToolError) as caught:
        fetch(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}/.tools/oldest holds promtool 3.5.3, and 2.42 is needed; ")
    assert "/newest" not in str(caught.value)


def test_missing_commands_are_joined_by_and(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dpkg-deb").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="cannot be fetched without apt-get and apt-config; "):
        fetch(tmp_path)


def test_the_tools_are_ignored_by_git_wherever_they_are_fetched_to(tmp_path: Path) -> None:
    with pytest.raises(ToolError):
        fetch(tmp_path)
    assert (tmp_path / ".tools" / ".gitignore").read_text() == "*\n"


def test_unsigned_archive_is_refused_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = tmp_path / "debian" / "dists" / "bookworm" / "main" / f"binary-{architecture()}" / "Packages"
    index.parent.mkdir(parents=True)
    index.touch()
    (tmp_path / "debian" / "dists" / "bookworm" / "Release").write_text("Suite: bookworm\nComponents: main\n")
    parts = tmp_path / "parts"
    parts.mkdir()
    (parts / "debian.list").write_text(f"deb [trusted=yes] file:{tmp_path}/debian bookworm main\n")
    lax = 'APT::Get::AllowUnauthenticated "true"; Acquire::AllowInsecureRepositories "true";'
    (tmp_path / "apt.conf").write_text(f'{lax} Dir::Etc::sourcelist "/dev/null"; Dir::Etc::sourceparts "{parts}";')
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    monkeypatch.setenv("PATH", os.defpath)
    with pytest.raises(ToolError, match="is not signed"):
        fetch(tmp_path, names=("oldest",), say=lambda _: None)
    assert sorted(entry.name for entry in (tmp_path / ".tools").iterdir()) == [".gitignore", "lock"]


def architecture() -> str:
    command = [shutil.which("dpkg", path=os.defpath) or "dpkg", "--print-architecture"]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()


def test_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / ".tools").touch()
    with pytest.raises(ToolError, match="the tools cannot be written to"):
        fetch(tmp_path, names=("oldest",), say=lambda _: None)
