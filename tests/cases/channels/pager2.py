"""Pager Two, which nobody sells: it takes what Slack's webhooks take, at an address of each team's own.

The one file, beside its template, that a channel needs; `test_new_channel.py` adds it.
"""

from __future__ import annotations

import re
from typing import Annotated

from watchbill.channels.base import Definition, Destination, Entry, link_name, template
from watchbill.channels.received import Loopback, Notification, Post, Web, need
from watchbill.language.fields import TextRule
from watchbill.model.routing import Channel, Delivery

LONGEST_TEXT = 4000  # characters
LINKS = ("runbook", "panel", "silence")
Address = Annotated[
    str,
    TextRule(
        "an address of Pager Two",
        "write it as in https://pager2.example.com/night-shift",
        100,
        re.compile(r"https://pager2\.example\.com/[a-z-]+"),
    ),
]


def _entry(destination: Destination, _delivery: Delivery) -> Entry:
    return {
        "api_url": destination.address,
        "send_resolved": True,
        "title": template("pager2.title"),
        "text": template("pager2.text"),
        "fallback": template("pager2.title"),
        "actions": [{"type": "button", "text": link_name(to), "url": template(f"lead.{to}")} for to in LINKS],
    }


def _key(address: str) -> str:
    return address.rpartition("/")[2]


def _read(post: Post) -> Notification:
    need(post.path in post.known, 404, "nobody has this pager")
    (first,) = post.body["attachments"]
    title, text = first["title"], first["text"]
    need(title and 0 < len(text) <= LONGEST_TEXT, 400, "no title, or no text of at most 4000 characters")
    ended = title.startswith("Over: ")
    return Notification(
        recipient=(CHANNEL.channel.called, post.known[post.path]),
        at=post.at,
        ended=ended,
        incident="",
        title=title,
        firing="" if ended else text,
        resolved=text if ended else "",
        links={button["text"]: button["url"] for button in first["actions"]},
        first_only=True,
    )


CHANNEL = Definition(
    channel=Channel(name="pager2", title="Pager Two", called="Pager Two", rank=5, listed="Pager Two {}", wakes=True),
    address=Address,
    usage="""\
teams:
  backend:
    title: Backend
    pager2: https://pager2.example.com/night-shift
severities:
  P0: {to: [pager2, slack]}
""",
    key="slack_configs",
    entry=_entry,
    receiver=Web(read=_read, calls=lambda _, address: _key(address)),
    loopback=Loopback(entry=lambda entry, url: {"api_url": f"{url}/{_key(entry['api_url'])}"}),
)
