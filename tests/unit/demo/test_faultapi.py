"""The API of a demo over real HTTP, without the servers behind it: what it takes, refuses and shows."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from spectree import compile_tree
from watchbill.demo.events import EventLog
from watchbill.demo.faultapi import DemoState, answering
from watchbill.demo.faults import Faults, Possible, possible
from watchbill.demo.overlay import LivingWorld
from watchbill.demo.pages import Local
from watchbill.model.bundle import Bundle, Urls
from watchbill.quantity import TimeScale
from watchbill.stack.exporter import serving

ROOT = Path(__file__).parents[3]
ALERT = "core-api/HTTP5xxErrorRateCritical"
SAME_SERIES = "core-api/HTTP4xxErrorRateWarning"
JSON = {"Content-Type": "application/json"}
URLS = Urls("https://site.test", "https://grafana.test", "https://prometheus.test", "https://alerts.test")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Api:
    url: str
    demo_state: DemoState
    said: list[str]

    def ask(
        self, method: str, path: str, body: bytes | str | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        found = Answer(answer.status, dict(answer.getheaders()), answer.read().decode())
        connection.close()
        return found

    def inject(self, alert: str = ALERT, ttl: str = "2m") -> Answer:
        return self.ask("POST", "/faults", json.dumps({"alert": alert, "ttl": ttl}), JSON)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return compile_tree(ROOT / "specs", scale=TimeScale(60))


@pytest.fixture(scope="module")
def what(bundle: Bundle) -> Possible:
    return possible(bundle)


@pytest.fixture
def api(tmp_path: Path, bundle: Bundle, what: Possible) -> Iterator[Api]:
    (tmp_path / "site").mkdir()
    links = (
        "https://site.test/a.html https://grafana.test/d/core-api-slo/slug?viewPanel=7 https://prometheus.test/graph"
    )
    (tmp_path / "site/page.html").write_text(links)
    (tmp_path / "secret.html").write_text("secret")
    said: list[str] = []
    states: list[DemoState] = []
    with serving(answering(lambda: states[0] if states else None)) as url:
        local = Local(URLS, index=url, prometheus="http://127.0.0.1:1", alertmanager="http://127.0.0.1:2")
        event_log = EventLog(lambda entry: said.append(str(entry)), local)
        faults = Faults(bundle, what, LivingWorld({}), event_log.note)
        states.append(DemoState(faults, event_log, {"scale": 60}, {"site": tmp_path / "site"}, local))
        yield Api(url, states[0], said)


def test_a_fault_is_injected_listed_and_cleared(api: Api) -> None:
    answer = api.inject()
    assert answer.status == 201
    assert answer.json["alert"] == ALERT
    (listed,) = api.ask("GET", "/faults").json["faults"]
    assert listed["id"] == answer.json["id"]
    assert 115 < listed["seconds_left"] <= 120
    assert api.ask("DELETE", f"/faults/{listed['id']}").status == 204
    assert api.ask("GET", "/faults").json == {"faults": []}
    kinds = [event["kind"] for event in api.ask("GET", "/events").json["events"]]
    assert kinds == ["cleared", "fault"]
    assert "HTTP5xxErrorRateCritical for 2m: More than 1% of requests are 5xx" in api.said[0]


def test_a_fault_ends_by_itself(api: Api) -> None:
    api.inject(ttl="50ms")
    api.demo_state.faults.expire()
    assert len(api.demo_state.faults.running()) == 1
    time.sleep(0.06)
    api.demo_state.faults.expire()
    assert api.demo_state.faults.running() == []
    assert api.inject().status == 201


def test_a_bare_name_is_enough_where_one_service_has_it(api: Api) -> None:
    assert api.inject("CircuitBreakerOpen").json["alert"] == "core-api/CircuitBreakerOpen"


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("{", 400, "not JSON"),
        ("[" * 50_000, 400, "not JSON"),
        (b"\xff", 400, "not JSON"),
        ("[]", 400, "not an object"),
        ('{"ttl": "2m"}', 400, '"alert" is missing'),
        ('{"alert": 5, "ttl": "2m"}', 400, '"alert" is missing or not a string'),
        (f'{{"alert": "{ALERT}"}}', 400, '"ttl" is missing'),
        (f'{{"alert": "{ALERT}", "ttl": "soon"}}', 400, '"soon" is not a duration'),
        (f'{{"alert": "{ALERT}", "ttl": "0s"}}', 400, "at most 1h"),
        (f'{{"alert": "{ALERT}", "ttl": "1h1ms"}}', 400, "at most 1h"),
        (f'{{"alert": "{ALERT}", "ttl": "2m", "env": "x"}}', 400, 'unknown field "env"'),
        (f'{{"alert": "{"x" * 300}", "ttl": "2m"}}', 400, "longer than"),
        ('{"alert": "core-api/CircuitBreakrOpen", "ttl": "2m"}', 404, 'use "core-api/CircuitBreakerOpen"'),
        ('{"alert": "TargetDown", "ttl": "2m"}', 404, 'several services have "TargetDown"'),
        ('{"alert": "core-api/availability", "ttl": "2m"}', 404, "is an objective; name one of its alerts"),
        ('{"alert": "monitoring/Watchdog", "ttl": "2m"}', 409, "fires always"),
        ('{"alert": "core-api/HTTPTrafficDrop", "ttl": "2m"}', 409, "longer history"),
        (" " * (64 * 1024 + 1), 413, "65536 are allowed"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(api: Api, body: str | bytes, status: int, words: str) -> None:
    answer = api.ask("POST", "/faults", body, JSON)
    assert (answer.status, words in answer.json["error"]) == (status, True), answer.text
    assert "\n" not in answer.json["error"]
    assert api.demo_state.faults.running() == []


def test_two_faults_do_not_move_the_same_series(api: Api) -> None:
    first = api.inject().json["id"]
    answer = api.inject(SAME_SERIES)
    assert answer.status == 409
    assert answer.json["error"] == (
        f"{SAME_SERIES} moves http_requests_total of core-api in production, and so does fault {first} ({ALERT}); "
        "clear that one first"
    )
    assert api.inject().status == 409
    api.ask("DELETE", f"/faults/{first}")
    assert api.inject(SAME_SERIES).status == 201


@pytest.mark.parametrize("path", ["/faults/7", "/faults/", "/faults", "/elsewhere"])
def test_what_does_not_run_cannot_be_cleared(api: Api, path: str) -> None:
    answer = api.ask("DELETE", path)
    assert answer.status == 404
    assert answer.json["error"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 415),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({**JSON, "Origin": "https://evil.test"}, 403),
        ({**JSON, "Origin": "null"}, 403),
        ({**JSON, "Origin": "http://127.0.0.1:1"}, 403),
        ({**JSON, "Host": "evil.test"}, 403),
        ({"Content-Type": "application/json; charset=utf-8"}, 201),
    ],
)
def test_other_pages_of_the_web_cannot_inject(api: Api, headers: dict[str, str], status: int) -> None:
    answer = api.ask("POST", "/faults", json.dumps({"alert": ALERT, "ttl": "2m"}), headers)
    assert answer.status == status
    assert len(api.demo_state.faults.running()) == (status == 201)


def test_the_own_page_may_inject_and_others_may_neither_clear_nor_read_nor_frame(api: Api) -> None:
    own = {"Origin": api.url.replace("127.0.0.1", "localhost"), "Host": urlsplit(api.url).netloc}
    body = json.dumps({"alert": ALERT, "ttl": "2m"})
    fault = api.ask("POST", "/faults", body, {**JSON, **own}).json["id"]
    assert api.ask("DELETE", f"/faults/{fault}", headers={"Origin": "https://evil.test"}).status == 403
    assert api.ask("OPTIONS", f"/faults/{fault}", headers={"Origin": "https://evil.test"}).status == 501
    assert api.ask("GET", "/faults", headers={"Host": "evil.test"}).status == 403
    index = api.ask("GET", "/")
    assert "frame-ancestors 'none'" in index.headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in index.headers


def test_a_body_without_its_length_is_refused(api: Api) -> None:
    answer = api.ask("POST", "/faults", None, {**JSON, "Transfer-Encoding": "chunked"})
    assert (answer.status, answer.headers["Connection"]) == (411, "close")


def test_links_of_served_pages_lead_to_this_machine(api: Api) -> None:
    answer = api.ask("GET", "/site/page.html")
    assert answer.text.split() == [
        f"{api.url}/site/a.html",
        f"{api.url}/board/core-api-slo.html?viewPanel=7",
        "http://127.0.0.1:1/graph",
    ]


@pytest.mark.parametrize("path", ["/site/../secret.html", "/site/%2e%2e/secret.html", "/site//etc/passwd", "/site/%00"])
def test_nothing_outside_of_what_is_served_can_be_read(api: Api, path: str) -> None:
    assert api.ask("GET", path).status == 404


def test_the_page_and_its_parts_are_there(api: Api) -> None:
    for path, kind in (("/", "text/html"), ("/demo.css", "text/css"), ("/demo.js", "text/javascript")):
        answer = api.ask("GET", path)
        assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (200, kind)
