"""Pigeon, a plain webhook: it gets what Alertmanager makes by itself, so it has no template and no links.

The one file that such a channel needs; `test_new_channel.py` adds it.
"""

from __future__ import annotations

import re
from typing import Annotated

from watchbill.channels.base import Definition, Destination, Entry
from watchbill.channels.received import Loopback, Notification, Post, Web, need
from watchbill.language.fields import TextRule
from watchbill.model.routing import Channel, Delivery

Address = Annotated[
    str,
    TextRule(
        "a loft of Pigeon",
        "write it as in https://pigeon.example.com/north",
        100,
        re.compile(r"https://pigeon\.example\.com/[a-z]+"),
    ),
]


def _entry(destination: Destination, _delivery: Delivery) -> Entry:
    return {"url": destination.address, "send_resolved": True}


def _loft(address: str) -> str:
    return address.rpartition("/")[2]


def _read(post: Post) -> Notification:
    need(post.path in post.known, 404, "there is no such loft")
    alerts = post.body["alerts"]
    texts = {
        status: "\n".join(
            f"{alert['annotations'].get('summary', '')}. {alert['annotations'].get('description', '')}"
            for alert in alerts
            if alert["status"] == status
        )
        for status in ("firing", "resolved")
    }
    return Notification(
        recipient=(CHANNEL.channel.called, post.known[post.path]),
        at=post.at,
        ended=post.body["status"] == "resolved",
        incident="",
        title=alerts[0]["annotations"].get("summary", ""),
        firing=texts["firing"],
        resolved=texts["resolved"],
        links={},
    )


CHANNEL = Definition(
    channel=Channel(name="pigeon", title="Pigeon", called="Pigeon", rank=40, listed="Pigeon {}"),
    address=Address,
    usage="""\
teams:
  backend:
    title: Backend
    pigeon: https://pigeon.example.com/north
severities:
  Info: {to: [pigeon]}
""",
    key="webhook_configs",
    entry=_entry,
    links=False,
    receiver=Web(read=_read, calls=lambda _, address: _loft(address)),
    loopback=Loopback(entry=lambda entry, url: {"url": f"{url}/{_loft(entry['url'])}"}),
)
