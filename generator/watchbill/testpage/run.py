"""Send a test page, watch it until it has been notified, and check what Alertmanager did with it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchbill.errors import ToolError
from watchbill.testpage.deployed import Deployed, Routed, greet, look_up, post
from watchbill.testpage.plan import PagePlan, alert, end, service, waiting

TAKEN_SECONDS = 10.0  # for an alert to be listed; a few milliseconds are usual
TOLD_SECONDS = 5.0  # from the end of the wait for others until its time intervals are known
SETTLED_SECONDS = 0.3  # the inhibitor takes in alerts beside the API


@dataclass(frozen=True, slots=True)
class Sent:
    """A test page that is on its way, and until when; `quiet` are the quiet times that hold, in words."""

    plan: PagePlan
    server: Deployed
    version: str
    key: str
    at: datetime
    ends: datetime
    watched: float
    quiet: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PageResult:
    """What became of a test page, and what is wrong with that, each in a sentence."""

    sent: Sent
    routed: Routed
    wrong: tuple[str, ...]


def prepare(plan: PagePlan, server: Deployed, wait: int | None) -> Sent:
    """Ask the server for its time, and settle what will be sent; nothing is sent yet. Raises `ToolError`.

    `wait` is in seconds; without it, the page is watched until it has been notified.
    """
    version, now = greet(server)
    watched = float(plan.group_wait.seconds) + TOLD_SECONDS if wait is None else float(wait)
    ends = end(plan, now, timedelta(seconds=watched))
    return Sent(plan, server, version, secrets.token_hex(4), now, ends, watched, waiting(plan, now))


def send(sent: Sent, say: Callable[[str], None]) -> PageResult:
    """Send it, and watch it; raises `ToolError` where it cannot be sent, or not be watched."""
    post(sent.server, alert(sent.plan, sent.key, sent.at, sent.ends))
    say(f"sent; watching it for {sent.watched:.0f} s …")
    try:
        routed = _watch(sent)
    except ToolError as error:
        raise ToolError(f"the test page was sent and ends by itself at {sent.ends:%H:%M} UTC, but {error}") from None
    return PageResult(sent, routed, problems(sent, routed))


def _watch(sent: Sent) -> Routed:
    begun = time.monotonic()
    while look_up(sent.server, service(sent.key)) is None:
        if time.monotonic() - begun > TAKEN_SECONDS:
            raise ToolError(f"{sent.server.url} does not list it")
        time.sleep(0.1)
    time.sleep(max(SETTLED_SECONDS, begun + sent.watched - time.monotonic()))
    routed = look_up(sent.server, service(sent.key))
    if routed is None:
        raise ToolError(f"{sent.server.url} no longer lists it")
    return routed


def problems(sent: Sent, routed: Routed) -> tuple[str, ...]:
    """Say what is wrong: other receivers than the specs say, or something that mutes it."""
    wrong = []
    url, wanted = sent.server.url, (sent.plan.receiver.name,)
    if set(routed.receivers) != set(wanted):
        wrong.append(
            f"Alertmanager routes it to {_names(routed.receivers)}, and by these specs it belongs to {_names(wanted)};"
            " deploy out/alertmanager there, and see that it was loaded"
        )
    if routed.silenced_by:
        wrong.append(f"it is silenced, by {_names(routed.silenced_by)}; look at {url}/#/silences")
    if routed.inhibited_by:
        wrong.append(
            f"it is inhibited, by the alert with the fingerprint {_names(routed.inhibited_by)}; look at {url}/#/alerts"
        )
    if routed.muted_by:
        wrong.append(f"it is muted at this hour, by the time interval {_names(routed.muted_by)}")
    elif sent.quiet:
        wrong.append(f"nobody is notified at this hour: {'; '.join(sent.quiet)}")
    return tuple(wrong)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)
