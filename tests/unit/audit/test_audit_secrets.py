from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import spectree
from watchbill.audit.secret_files import SecretCheck, audit_secrets, check, table
from watchbill.audit.secret_references import Kind, Reference, read_references
from watchbill.errors import DiagnosticLevel, RefusedError

WATCHBILL = Path(sys.executable).parent / "watchbill"
CONFIG = """\
global:
  slack_api_url_file: {folder}/slack
  smtp_auth_password_file: {folder}/smtp
route: {{receiver: backend}}
receivers:
- name: backend
  pagerduty_configs: [{{routing_key_file: {folder}/pagerduty}}]
- name: beat
  webhook_configs:
  - url: http://127.0.0.1:9/
    http_config: {{authorization: {{credentials_file: beside}}, tls_config: {{ca_file: {folder}/ca}}}}
- name: beat again
  webhook_configs: [{{url: "http://127.0.0.1:9/", http_config: {{authorization: {{credentials_file: beside}}}}}}]
time_intervals:
- name: night
  time_intervals: [{{times: [{{start_time: 00:00, end_time: 08:00}}]}}]
"""
KEY = "0fa4e" * 6 + "00"
URL = "https://hooks.example.com/fake"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a configuration, and every file that it names as it should be."""
    (tmp_path / "out/alertmanager").mkdir(parents=True)
    (tmp_path / "out/alertmanager/alertmanager.yml").write_text(CONFIG.format(folder=tmp_path))
    contents = {"slack": f"{URL}\n", "smtp": "fake", "pagerduty": f"{KEY}\n", "ca": "fake\n"}
    for name, content in {**contents, "out/alertmanager/beside": "fake\n"}.items():
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o444 if name == "ca" else 0o400)
    return tmp_path


def reference(path: Path, kind: Kind = Kind.SECRET, integration: str = "slack") -> Reference:
    return Reference(str(path), kind, integration, ("backend",))


def whats(verdict: SecretCheck) -> list[str]:
    return [problem.what for problem in verdict.problems]


def written(folder: Path, content: bytes, kind: Kind = Kind.SECRET, integration: str = "slack") -> list[str]:
    (folder / "x").write_bytes(content)
    (folder / "x").chmod(0o400)
    return whats(check(reference(folder / "x", kind, integration), folder=folder))


def codes(path: Path) -> list[str]:
    verdict = check(reference(path, integration="email"), folder=Path("/nowhere"))
    return [problem.code for problem in verdict.problems]


def test_every_file_is_found_with_those_who_need_it() -> None:
    found = read_references(CONFIG.format(folder="/s"))
    assert [(entry.path, entry.kind, entry.integration, entry.needed_by) for entry in found] == [
        ("/s/ca", Kind.CERTIFICATE, "http", ("beat",)),
        ("/s/pagerduty", Kind.SECRET, "pagerduty", ("backend",)),
        ("/s/slack", Kind.URL, "slack", ("global Slack",)),
        ("/s/smtp", Kind.SECRET, "email", ("global SMTP",)),
        ("beside", Kind.SECRET, "http", ("beat", "beat again")),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "not YAML at line 1"),
        ("a: " + "[" * 2000 + "]" * 2000, "nested too deep"),
        ("- a", "no receivers"),
        ("", "no receivers"),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_configuration_is_refused(text: str, words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        read_references(text)


def test_files_as_they_should_be_pass(folder: Path) -> None:
    result = spectree.run(folder, "audit", "--secrets")
    assert (result.code, result.stderr, result.stdout.count("  readable\n")) == (0, "", 5)
    assert result.stdout.count("run this as the user that runs Alertmanager") == 1


def test_a_missing_file_fails_with_who_needs_it(folder: Path) -> None:
    (folder / "pagerduty").unlink()
    result = spectree.run(folder, "audit", "--secrets", "--out", "out")
    row = next(line for line in result.stdout.splitlines() if "/pagerduty" in line)
    assert (result.code, row.split(maxsplit=2)[1:]) == (
        1,
        ["backend", "missing; put the secret there [secret/missing]"],
    )


def test_scripts_get_an_object(folder: Path) -> None:
    (folder / "slack").write_text("fake words")
    result = spectree.run(folder, "audit", "--secrets", "--format", "json")
    files = {Path(row["file"]).name: row for row in json.loads(result.stdout)["files"]}
    assert (result.code, files["smtp"]["usable"], files["slack"]["usable"]) == (1, True, False)
    assert "fake words" not in result.stdout
    (problem,) = files["slack"]["problems"]
    assert (problem["code"], problem["what"]) == ("secret/wrong-form", "not an http or https URL")


def test_without_a_configuration_there_is_a_sentence(tmp_path: Path) -> None:
    result = spectree.run(tmp_path, "audit", "--secrets")
    assert (result.code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert '"out/alertmanager/alertmanager.yml" cannot be read' in result.stderr


@pytest.mark.parametrize("form", ["a pipe", "a folder"])
def test_a_configuration_that_is_no_regular_file_is_reported_at_once(tmp_path: Path, form: str) -> None:
    (tmp_path / "out/alertmanager").mkdir(parents=True)
    config = tmp_path / "out/alertmanager/alertmanager.yml"
    os.mkfifo(config) if form == "a pipe" else config.mkdir()
    command = [str(WATCHBILL), "audit", "--secrets"]  # in a process of its own, which a timeout can end
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=20)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert f'"out/alertmanager/alertmanager.yml" cannot be read ({form}, not a regular file)' in result.stderr


@pytest.mark.parametrize("option", ["--metrics", "--job", "--service"])
def test_a_scrape_is_not_audited_at_the_same_time(folder: Path, option: str) -> None:
    assert spectree.run(folder, "audit", "--secrets", option, "x").code == 2


def test_what_is_not_a_regular_file_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "nothing").symlink_to(tmp_path / "gone")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server, pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)  # the name of a socket is short
        server.bind("socket")
        names = ("folder", "nothing", "loop", "pipe", "socket", "gone", "folder/x", "nothing/x\0")
        found = {name: whats(check(reference(tmp_path / name), folder=tmp_path)) for name in names}
    assert found == {
        "folder": ["a folder, not a regular file"],
        "nothing": ["a link to nothing"],
        "loop": ["not readable (Too many levels of symbolic links)"],
        "pipe": ["a pipe, not a regular file"],
        "socket": ["a socket, not a regular file"],
        "gone": ["missing"],
        "folder/x": ["missing"],
        "nothing/x\0": ["not readable (the path is not one)"],
    }


def test_a_link_to_a_file_is_followed_as_kubernetes_mounts_them(tmp_path: Path) -> None:
    (tmp_path / "..data").mkdir()
    assert written(tmp_path / "..data", b"fake") == []
    (tmp_path / "secret").symlink_to("..data/x")
    assert whats(check(reference(tmp_path / "secret"), folder=tmp_path)) == []


@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", " {}", "\n{}", "{} "])
def test_only_what_an_alertmanager_sends_along_is_wrong_around_a_secret(tmp_path: Path, around: str) -> None:
    content = around.format("fake").encode()
    found = {
        name: bool(written(tmp_path, content, integration=name)) for name in ("slack", "http", "email", "opsgenie")
    }
    assert found == {"slack": False, "http": False, "email": True, "opsgenie": around != "{} "}


@pytest.mark.parametrize(
    ("content", "kind", "what"),
    [
        (b"", Kind.SECRET, "empty"),
        (b" \n", Kind.CERTIFICATE, "empty"),
        (b"\xef\xbb\xbffake", Kind.SECRET, "begins with a byte order mark"),
        (b"\xff\xfef\0", Kind.SECRET, "not UTF-8 text"),
        (b"hooks.example.com", Kind.URL, "not an http or https URL"),
        (URL.encode() + b"\n" + URL.encode(), Kind.URL, "not an http or https URL"),
        (b"x" * ((1 << 20) + 1), Kind.SECRET, "larger than 1 MiB"),
    ],
)
def test_a_file_that_cannot_be_the_secret_is_reported(tmp_path: Path, content: bytes, kind: Kind, what: str) -> None:
    assert written(tmp_path, content, kind) == [what]


@pytest.mark.parametrize(
    ("content", "mode", "code"),
    [
        (b"", 0o400, "secret/empty"),
        (b"\xef\xbb\xbffake", 0o400, "secret/not-utf-8"),
        (b"x" * ((1 << 20) + 1), 0o400, "secret/too-large"),
        (b"fake\n", 0o400, "secret/surrounding-blanks"),
        (b"fake", 0o404, "secret/readable-by-all"),
    ],
)
def test_what_is_wrong_with_a_file_has_a_code(tmp_path: Path, content: bytes, mode: int, code: str) -> None:
    (tmp_path / "x").write_bytes(content)
    (tmp_path / "x").chmod(mode)
    assert codes(tmp_path / "x") == [code]


def test_what_is_no_file_to_read_has_a_code(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert codes(tmp_path / "gone") == ["secret/missing"]
    assert codes(tmp_path) == ["secret/not-a-file"]
    assert codes(tmp_path / "loop") == ["secret/unreadable"]
    assert codes(Path("x")) == ["secret/relative-path"]


@pytest.mark.parametrize(("key", "found"), [(KEY, []), (KEY[1:], [True]), (f"{KEY[1:]}-", [True])])
def test_a_key_of_pagerduty_has_32_letters_and_digits(folder: Path, key: str, found: list[bool]) -> None:
    (folder / "pagerduty").chmod(0o600)
    (folder / "pagerduty").write_text(key)
    (folder / "pagerduty").chmod(0o400)
    (own,) = (each for each in read_references(CONFIG.format(folder=folder)) if each.path.endswith("pagerduty"))
    said = whats(check(own, folder=folder))
    assert [what == "not a key of 32 characters" for what in said] == found


@pytest.mark.parametrize(("mode", "warned"), [(0o400, False), (0o440, False), (0o404, True), (0o444, True)])
def test_a_secret_that_everybody_may_read_is_warned_of(tmp_path: Path, mode: int, warned: bool) -> None:  # noqa: FBT001
    (tmp_path / "x").write_text("fake")
    (tmp_path / "x").chmod(mode)
    verdict = check(reference(tmp_path / "x"), folder=tmp_path)
    assert ([problem.level for problem in verdict.problems], verdict.failed) == (
        [DiagnosticLevel.WARNING] * warned,
        False,
    )
    assert whats(check(reference(tmp_path / "x", Kind.CERTIFICATE), folder=tmp_path)) == []


def test_a_relative_path_starts_at_the_configuration_only_below_http_config(tmp_path: Path) -> None:
    assert written(tmp_path, b"fake") == []
    assert whats(check(reference(Path("x"), integration="http"), folder=tmp_path)) == []
    assert whats(check(reference(Path("x")), folder=tmp_path)) == [
        "a relative path, which starts wherever Alertmanager was started"
    ]


def test_no_name_steers_the_terminal(tmp_path: Path) -> None:
    hostile = Reference("/x\x1b[2J", Kind.SECRET, "slack", ("a\nb\u202e",))
    shown = table([check(hostile, folder=tmp_path)], user="me")
    assert all(line.isprintable() for line in shown.split("\n"))
    assert shown.count("\n") == 2


def test_what_no_output_can_hold_is_written_out_in_both_forms(tmp_path: Path) -> None:
    (tmp_path / "out/alertmanager").mkdir(parents=True)
    text = 'global: {slack_api_url_file: "/a\\ud800"}\nreceivers: [{name: "b\\udfff", x_configs: [{y_file: "/c\\e"}]}]'
    (tmp_path / "out/alertmanager/alertmanager.yml").write_text(text)
    for form in ("text", "json"):
        result = spectree.run(tmp_path, "audit", "--secrets", "--format", form)
        shown = result.stdout.encode().replace(b"\\\\", b"\\")
        assert (result.code, result.stderr) == (1, "")
        assert [name for name in (b"/a\\ud800", b"b\\udfff", b"/c\\x1b") if name not in shown] == []


def test_a_configuration_without_secret_files_says_so(tmp_path: Path) -> None:
    (tmp_path / "alertmanager").mkdir()
    (tmp_path / "alertmanager/alertmanager.yml").write_text("receivers: [{name: a}]")
    assert table(audit_secrets(tmp_path), user="me").startswith("the configuration names no secret file\n")
