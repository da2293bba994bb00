"""What stands where an Alertmanager should be, or before it; a real one with a password, and others on loopback."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from servers import Handler, http_server
from spectree import run
from watchbill.errors import ToolError, UsageError
from watchbill.stack.loopback import free_port
from watchbill.stack.loopback import running as running_server
from watchbill.testpage.deployed import deployed, greet, look_up, post
from watchbill.tools import GENERATIONS, generation

ROOT = Path(__file__).parents[3]
USER, PASSWORD = "on-call", "s:cret@1"
HASHED = "$2b$04$abcdefghijklmnopqrstuu8BnC6OYNwPWIaxufx7f1z7P6lK2UtpO"
IN_URL = "s%3Acret%401"
LABELS = {"alertname": "TestPage", "service": "test-page/x"}


@contextmanager
def answering(status: int, body: str, **headers: str) -> Iterator[str]:
    """Answer everything in one way; gives the address."""

    class One(Handler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            return headers.get("Date") or super().date_time_string(timestamp)

        def do_GET(self) -> None:  # noqa: N802 (its base calls it so)
            self.send_response(status)
            sent = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
            for name, value in sent.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

    with http_server(One) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(params=GENERATIONS)
def guarded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Run an Alertmanager that asks for a user and a password; gives its host and port."""
    (web := tmp_path / "web.yml").write_text(f"basic_auth_users: {{{USER}: '{HASHED}'}}\n")
    (config := tmp_path / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    place = f"127.0.0.1:{free_port()}"

    def asks() -> bool:
        try:
            urllib.request.urlopen(f"http://{place}/-/ready").close()
        except urllib.error.HTTPError as error:
            error.close()
            return error.code == 401
        except OSError:
            return False
        raise AssertionError("it lets everybody in")

    program = generation(request.param).alertmanager
    arguments = [f"--config.file={config}", f"--storage.path={tmp_path}", f"--web.config.file={web}"]
    arguments += [f"--web.listen-address={place}", "--cluster.listen-address="]
    with running_server(program, arguments, log=tmp_path / "log", folder=program.parent, ready=asks):
        yield place


def test_a_user_and_a_password_in_the_address_are_used(guarded: str) -> None:
    server = deployed(f"http://{USER}:{IN_URL}@{guarded}/")
    assert (server.url, server.user, server.password) == (f"http://{guarded}", USER, PASSWORD)
    version, now = greet(server)
    assert version in {str(generation(name).alertmanager_version) for name in GENERATIONS}
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=10)
    ends = (now + timedelta(minutes=1)).isoformat()
    post(server, {"labels": LABELS, "startsAt": now.isoformat(), "endsAt": ends})
    routed = look_up(server, LABELS["service"])
    assert routed is not None
    assert routed.receivers == ("nobody",)
    assert look_up(server, "another") is None


def test_a_password_that_is_missing_or_wrong_is_reported_and_none_is_printed(guarded: str) -> None:
    for user, notified in (
        ("", "asks for a user and a password (401); write them into the address, before the host and @"),
        (f"{USER}:wr%40ng@", "refuses this user and password (401)"),
    ):
        address = f"http://{user}{guarded}"
        result = run(ROOT, "page", "--team", "backend", "--alertmanager", address)
        assert (result.code, result.stdout) == (3, "")
        assert result.stderr == f"watchbill: http://{guarded} {notified}\n"


def test_no_password_is_printed_where_all_is_well_either(guarded: str) -> None:
    for format_ in ("text", "json"):
        address = f"http://{USER}:{IN_URL}@{guarded}"
        command = ("page", "--team", "backend", "--alertmanager", address, "--wait", "0", "--format", format_)
        result = run(ROOT, *command)
        assert result.code == 1  # it routes to nobody
        assert guarded in result.stdout
        for secret in (PASSWORD, IN_URL, USER):
            assert secret not in result.stdout + result.stderr


def test_a_password_is_not_shown_by_accident() -> None:
    assert PASSWORD not in repr(deployed(f"http://{USER}:{IN_URL}@host"))


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("https://host", "https://host"),
        ("http://host:9093/", "http://host:9093"),
        ("http://host/alertmanager/", "http://host/alertmanager"),
        ("http://host:9093/#/alerts?silenced=false", "http://host:9093"),
        ("http://[::1]:9093", "http://[::1]:9093"),
        ("http://host/ein weg", "http://host/ein%20weg"),
    ],
)
def test_an_address_is_read_as_people_copy_it(address: str, url: str) -> None:
    assert deployed(address).url == url


@pytest.mark.parametrize(
    ("address", "notified"),
    [
        ("localhost:9093", "--alertmanager must begin with http:// or https://"),
        ("ftp://u:pass1word@host", "--alertmanager must begin with http:// or https://"),
        ("", "--alertmanager must begin with http:// or https://"),
        ("http://", "--alertmanager names no host"),
        ("http://u:pass1word@host:99999", "--alertmanager is no address"),
        ("http://[::1", "--alertmanager is no address"),
    ],
)
def test_what_is_no_address_is_refused_and_not_quoted(address: str, notified: str) -> None:
    with pytest.raises(UsageError) as caught:
        deployed(address)
    assert str(caught.value).startswith(notified)
    assert "pass1word" not in str(caught.value)


STATUS = json.dumps({"versionInfo": {"version": "0.33.1"}})


@pytest.mark.parametrize(
    ("status", "body", "headers", "notified"),
    [
        (404, "404 page not found", {}, "but is no Alertmanager: it does not know the API v2 (404)"),
        (200, "<html>Welcome</html>", {}, "but is no Alertmanager: it answers with something else than JSON"),
        (200, '{"status": "success"}', {}, "but is no Alertmanager: what it says is not the status of one"),
        (200, "[]", {}, "but is no Alertmanager: what it says is not the status of one"),
        (302, "", {"Location": "https://u:p@login.example.com/x"}, "sends on to login.example.com (302)"),
        (502, "no\nupstream", {}, "answers with 502: no upstream"),
        (200, STATUS[:-1], {}, "but is no Alertmanager: it answers with something else than JSON"),
    ],
)
def test_what_is_no_alertmanager_is_reported(status: int, body: str, headers: dict[str, str], notified: str) -> None:
    with answering(status, body, **headers) as url, pytest.raises(ToolError) as caught:
        greet(deployed(url))
    assert str(caught.value).startswith(url)
    assert notified in str(caught.value)


def test_groups_that_are_none_are_reported() -> None:
    with answering(200, '["a", "b"]') as url, pytest.raises(ToolError, match="not groups of alerts"):
        look_up(deployed(url), "x")


def test_the_time_there_counts_and_ours_where_it_tells_none() -> None:
    with answering(200, STATUS, Date="Sun, 01 Nov 2026 08:49:37 GMT") as url:
        assert greet(deployed(url)) == ("0.33.1", datetime(2026, 11, 1, 8, 49, 37, tzinfo=UTC))
    with answering(200, STATUS, Date="yesterday") as url:
        assert abs(greet(deployed(url))[1] - datetime.now(UTC)) < timedelta(seconds=10)


@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}", "http://b\u00fc.invalid", "http://.:{port}"])
def test_whatever_does_not_answer_is_one_sentence_and_code_3(address: str) -> None:
    address = address.format(port=free_port())
    result = run(ROOT, "page", "--team", "backend", "--alertmanager", address)
    assert (result.code, result.stdout) == (3, "")
    assert result.stderr.startswith(f"watchbill: {address} does not answer: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "notified"),
    [
        (("--team", "backnd", "--alertmanager", "http://h"), 'there is no team "backnd"; use "backend"'),
        (("--team", "backend", "--alertmanager", "h:1"), "--alertmanager must begin with http:// or https://"),
        (
            ("--team", "backend", "--alertmanager", "http://h", "--env", "staging"),
            '"staging" does not page, so no pager',
        ),
        (("--team", "backend", "--alertmanager", "http://h", "--severity", "P2"), "'P2' is not one of"),
        (("--team", "backend", "--alertmanager", "http://h", "--wait", "-1"), "-1 is not in the range"),
        (("--team", "backend"), "Missing option '--alertmanager'"),
        (("--alertmanager", "http://h"), "Missing option '--team'"),
    ],
)
def test_a_wrong_command_line_ends_with_2_and_says_why(arguments: tuple[str, ...], notified: str) -> None:
    result = run(ROOT, "page", *arguments)
    assert (result.code, result.stdout) == (2, "")
    assert notified in result.stderr
