"""Slack, by an incoming webhook: its docs, "Incoming webhooks" and "Message attachments"."""

from __future__ import annotations

import re
from typing import Annotated, Any

from watchbill.channels.base import Definition, Destination, Entry, link_name, template
from watchbill.channels.received import Loopback, Notification, Post, Web, need
from watchbill.language.fields import TextRule
from watchbill.model.routing import Channel, Delivery

LONGEST_ATTACHMENT = 8000  # characters
SECRET = "slack-api-url"  # noqa: S105 (the name of a file)
Address = Annotated[
    str,
    TextRule(
        "a Slack channel",
        "write it as in #incidents, in quotes",
        80,
        re.compile(r"#[a-z0-9][a-z0-9._-]{0,78}"),
    ),
]


def _entry(destination: Destination, _delivery: Delivery) -> Entry:
    """Write one entry; the address to post to is global."""
    return {
        "channel": destination.address,
        "send_resolved": True,
        "link_names": False,  # Slack turns a bare @name into a mention where this is on
        "color": template("slack.color"),
        "pretext": template("slack.unowned"),
        "title": template("slack.title"),
        "title_link": template("alerts"),
        "text": template("slack.text"),
        "fallback": template("slack.fallback"),
        "actions": [_button("runbook"), _button("panel"), _button("silence")],
    }


def _button(target: str) -> Any:
    return {"type": "button", "text": link_name(target), "url": template(f"lead.{target}")}


def _read(post: Post) -> Notification:
    """Read a message as Slack's webhooks do."""
    channel = post.body.get("channel", "")
    need(channel in post.known, 404, f"channel_not_found: {channel}")
    attachments = post.body.get("attachments") or []
    need(attachments, 400, "no_text")
    first = attachments[0]
    text = str(first.get("text", ""))
    need(len(text) <= LONGEST_ATTACHMENT, 400, "invalid_attachments: the text is too long")
    need(first.get("fallback") and first.get("title"), 400, "invalid_attachments: no fallback, or no title")
    title = str(first["title"])
    ended = " resolved" in title[: title.find("]")]
    firing, _, resolved = text.partition("*Resolved*")
    return Notification(
        recipient=(CHANNEL.channel.called, post.known[channel]),
        at=post.at,
        ended=ended,
        incident="",
        title=_unescaped(title),
        firing="" if ended else _unescaped(f"{title}\n{firing}"),
        resolved=_unescaped(f"{title}\n{resolved}" if ended else resolved),
        links={button.get("text", ""): button["url"] for button in first.get("actions") or () if button.get("url")},
    )


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


CHANNEL = Definition(
    channel=Channel(name="slack", title="Slack", called="Slack", rank=20, listed="Slack {}"),
    address=Address,
    usual=("P0", "P1", "Info"),
    usage="""\
teams:
  backend:
    title: Backend
    slack: "#backend"
""",
    key="slack_configs",
    entry=_entry,
    global_files={"slack_api_url_file": SECRET},
    receiver=Web(read=_read),
    loopback=Loopback(secrets=lambda url: {SECRET: url}),
)
