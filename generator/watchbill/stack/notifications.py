"""Messages as receivers read them: what the real ones would take, whom it tells, and of what.

PagerDuty: its "Events API v2" reference. Slack: its "Incoming webhooks" and "Message attachments" references. Mail:
RFC 5321 and 4954. A dead man's switch takes a POST with its token.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

PAGERDUTY, SLACK, MAIL, FALLBACK_MAIL, SWITCH = "PagerDuty", "Slack", "e-mail", "e-mail, fallback", "switch"
_LARGEST_EVENT = 512 * 1024
_LONGEST_SUMMARY, _LONGEST_KEY, _LONGEST_ATTACHMENT = 1024, 255, 8000

Recipient = tuple[str, str]
"""A channel, and an address on it."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One message that a receiver took: whom it told and when, of what still fires (or of an end), and its texts.

    `firing` and `resolved` are the parts of the text about each, `incident` tells the incidents of a receiver apart,
    `links` what can be tapped, by name.
    """

    recipient: Recipient
    at: float
    ended: bool
    incident: str
    title: str
    firing: str
    resolved: str
    links: Mapping[str, str]


class Received:
    """What all receivers took, in the order of arrival, and what they refused."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notices: list[Notification] = []
        self._refused: list[str] = []
        self._out_of_order: dict[str, float] = {}

    def take(self, notification: Notification) -> None:
        """Note a message."""
        with self._lock:
            self._notices.append(notification)

    def refuse(self, why: str) -> None:
        """Note a message that the real receiver would not take."""
        with self._lock:
            self._refused.append(why)

    def notifications(self) -> list[Notification]:
        """List what has arrived."""
        with self._lock:
            return list(self._notices)

    def refused(self) -> list[str]:
        """List what no real receiver would have taken."""
        with self._lock:
            return list(self._refused)

    def break_(self, channel: str, until: float) -> None:
        """Let a channel answer that it is broken until a moment."""
        with self._lock:
            self._out_of_order[channel] = until

    def broken(self, channel: str) -> bool:
        """Whether a channel is broken now."""
        with self._lock:
            return time.time() < self._out_of_order.get(channel, 0)


class Refusal(Exception):  # noqa: N818 (the receiver is fine)
    """A message that a real receiver does not take, with the status that it answers."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def need(fine: object, status: int, text: str) -> None:
    """Refuse a message unless something is so."""
    if not fine:
        raise Refusal(status, text)


def pagerduty_event(body: Mapping[str, Any], keys: Mapping[str, str], at: float) -> Notification:
    """Judge an event as PagerDuty does; `keys` maps integration keys to their services."""
    need(body.get("routing_key") in keys, 400, "routing_key is not of any service")
    action = body.get("event_action")
    need(action in {"trigger", "acknowledge", "resolve"}, 400, f"event_action is {action!r}")
    dedup = str(body.get("dedup_key", ""))
    need(dedup and len(dedup) <= _LONGEST_KEY, 400, "dedup_key is empty or too long")
    payload = body.get("payload") or {}
    if action == "trigger":
        summary = payload.get("summary", "")
        need(summary and len(summary) <= _LONGEST_SUMMARY, 400, "payload.summary is empty or too long")
        need(payload.get("source"), 400, "payload.source is empty")
        known = {"critical", "error", "warning", "info"}
        need(payload.get("severity") in known, 400, f"payload.severity is {payload.get('severity')!r}")
    details = payload.get("custom_details") or {}
    ended = action == "resolve"
    recipient = "\n".join(str(details.get(key, "")) for key in ("what", "impact", "next_step", "firing"))
    links = {link.get("text", ""): link["href"] for link in body.get("links") or () if link.get("href")}
    return Notification(
        recipient=(PAGERDUTY, keys[body["routing_key"]]),
        at=at,
        ended=ended,
        incident=dedup,
        title=str(payload.get("summary", "")),
        firing="" if ended else recipient,
        resolved=str(details.get("resolved", "")),
        links=links,
    )


def slack_message(body: Mapping[str, Any], channels: frozenset[str], at: float) -> Notification:
    """Judge a message as Slack's webhooks do."""
    channel = body.get("channel", "")
    need(channel in channels, 404, f"channel_not_found: {channel}")
    attachments = body.get("attachments") or []
    need(attachments, 400, "no_text")
    first = attachments[0]
    text = str(first.get("text", ""))
    need(len(text) <= _LONGEST_ATTACHMENT, 400, "invalid_attachments: the text is too long")
    need(first.get("fallback") and first.get("title"), 400, "invalid_attachments: no fallback, or no title")
    title = str(first["title"])
    ended = " resolved" in title[: title.find("]")]
    firing, _, resolved = text.partition("*Resolved*")
    buttons = {button.get("text", ""): button["url"] for button in first.get("actions") or () if button.get("url")}
    return Notification(
        recipient=(SLACK, channel),
        at=at,
        ended=ended,
        incident="",
        title=_unescaped(title),
        firing="" if ended else _unescaped(f"{title}\n{firing}"),
        resolved=_unescaped(f"{title}\n{resolved}" if ended else resolved),
        links=buttons,
    )


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def mail(message: EmailMessage, recipient: Recipient, at: float) -> Notification:
    """Read a mail's subject and plain text."""
    body = message.get_body(("plain",))
    need(body is not None, 550, "a mail without plain text")
    text = str(body.get_content()).replace("\r\n", "\n") if body is not None else ""
    subject = str(message["Subject"])
    ended = " resolved" in subject[: subject.find("]")]
    firing, _, resolved = text.partition("\nResolved:\n") if "\nResolved:\n" in text else text.partition("Resolved:\n")
    named = (line.partition(": ") for line in text.splitlines())
    links = {name: target for name, _, target in named if target.startswith("http")}
    return Notification(recipient, at, ended, "", subject, firing, resolved, links)
