"""A server that takes a test page, and then does not say what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from servers import Handler, http_server
from spectree import compile_tree, service, write_tree
from watchbill.errors import ToolError
from watchbill.model.alerts import Severity
from watchbill.testpage import run
from watchbill.testpage.deployed import Deployed
from watchbill.testpage.plan import PagePlan, choose_plan
from watchbill.testpage.run import Sent, prepare, send

LOAD = "signal: kit, kind: level, metric: load, above: 5, for: 5m, severity: P0, summary: Load, action: Look"
AT = datetime(2026, 11, 24, 18, 4, tzinfo=UTC)


@pytest.fixture
def plan(tmp_path: Path) -> PagePlan:
    made = compile_tree(write_tree(tmp_path, {"services/shop.yaml": service({"LoadHigh": LOAD})}))
    return choose_plan(made, team="backend", severity=Severity.P0, env=None)


@contextmanager
def taking(status: int, groups: str) -> Iterator[Deployed]:
    """Answer a posted alert with a status, and every question with the same text."""

    class Taker(Handler):
        def do_POST(self) -> None:  # noqa: N802 (its base calls it so)
            self.respond(status, "application/json", '"no\\nroom"')

        def do_GET(self) -> None:  # noqa: N802 (the same)
            self.respond(200, "application/json", groups)

    with http_server(Taker) as port:
        yield Deployed(f"http://127.0.0.1:{port}")


def sent(plan: PagePlan, server: Deployed) -> Sent:
    return Sent(plan, server, "0.33.1", "k", AT, AT.replace(minute=9), watched=0.0, quiet=())


def test_a_page_is_watched_until_it_has_been_notified_where_nobody_says_for_how_long(plan: PagePlan) -> None:
    notified = float(plan.group_wait.seconds)
    with taking(200, '{"versionInfo": {"version": "0.33.1"}}') as server:
        assert prepare(plan, server, None).watched == notified + run.TOLD_SECONDS
        assert prepare(plan, server, 3).watched == 3.0


def test_a_page_that_is_never_listed_is_reported_with_its_end(plan: PagePlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "TAKEN_SECONDS", 0.3)
    with taking(200, "[]") as server, pytest.raises(ToolError) as caught:
        send(sent(plan, server), lambda _: None)
    ends = "the test page was sent and ends by itself at 18:09 UTC, but"
    assert str(caught.value) == f"{ends} {server.url} does not list it"


def test_a_page_that_is_refused_was_not_sent(plan: PagePlan) -> None:
    said: list[str] = []
    with taking(507, "[]") as server, pytest.raises(ToolError) as caught:
        send(sent(plan, server), said.append)
    assert str(caught.value) == f'{server.url} answers with 507: "no\\nroom"'
    assert said == []
