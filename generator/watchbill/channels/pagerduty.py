"""PagerDuty, by its Events API v2: its docs, "Send an alert event"."""

from __future__ import annotations

import json
from typing import Any

from watchbill.channels.base import Definition, Destination, Entry, SecretForm, link_name, secret, template
from watchbill.channels.received import Answer, Loopback, Notification, Post, Web, drill_secret, need
from watchbill.language.fields import Sentence
from watchbill.model.routing import Channel, Delivery
from watchbill.quantity import Duration

LONGEST_SUMMARY, LONGEST_KEY = 1024, 255  # characters
KEY_CHARACTERS = 32  # of an integration key
IDLE_INCIDENT = Duration.parse("6h")  # after which it may close an incident by itself (its "Auto-Resolve")
ACTIONS = frozenset({"trigger", "acknowledge", "resolve"})
SEVERITIES = frozenset({"critical", "error", "warning", "info"})
KEY = SecretForm(
    f"a key of {KEY_CHARACTERS} characters",
    lambda text: len(text) == KEY_CHARACTERS and text.isalnum(),
    "put the integration key of PagerDuty's service alone into it",
)


def _entry(destination: Destination, delivery: Delivery) -> Entry:
    """Write one entry; the integration key of the team's service stays in a file of its own."""
    return {
        "routing_key_file": secret(delivery, _secret(destination.team)),
        "send_resolved": True,
        "client": "Alertmanager",
        "client_url": "{{ .ExternalURL }}",
        "description": template("pagerduty.description"),
        "severity": template("pagerduty.severity"),
        "class": template("pagerduty.class"),
        "component": template("pagerduty.component"),
        "group": template("pagerduty.group"),
        "links": [_link("runbook"), _link("panel"), _link("silence")],
        "details": {
            "what": _detail("what"),
            "impact": _detail("impact"),
            "next_step": _detail("next"),
            "since": _detail("since"),
            "environment": _detail("environment"),
            "silence": _detail("silence"),
            # Alertmanager adds these four by itself, in a form of its own, wherever they are not set.
            "firing": _detail("firing"),
            "resolved": _detail("resolved"),
            "num_firing": "{{ len .Alerts.Firing }}",
            "num_resolved": "{{ len .Alerts.Resolved }}",
        },
    }


def _secret(team: str) -> str:
    return f"pagerduty-{team}"


def _detail(name: str) -> str:
    """Write a detail that stays a text: Alertmanager 0.33 reads each as YAML, in which none may begin with a tab.

    It would make a list of `[P0] …` and a mapping of `… alert: its labels …`, and lose the rest.
    """
    return f"\t{template(f'pagerduty.{name}')}"


def _link(target: str) -> Any:
    return {"text": link_name(target), "href": template(f"lead.{target}")}


def _read(post: Post) -> Notification:
    """Read an event as PagerDuty does."""
    body = post.body
    need(body.get("routing_key") in post.known, 400, "routing_key is not of any service")
    action = body.get("event_action")
    need(action in ACTIONS, 400, f"event_action is {action!r}")
    dedup = str(body.get("dedup_key", ""))
    need(dedup and len(dedup) <= LONGEST_KEY, 400, "dedup_key is empty or too long")
    payload = body.get("payload") or {}
    if action == "trigger":
        summary = payload.get("summary", "")
        need(summary and len(summary) <= LONGEST_SUMMARY, 400, "payload.summary is empty or too long")
        need(payload.get("source"), 400, "payload.source is empty")
        need(payload.get("severity") in SEVERITIES, 400, f"payload.severity is {payload.get('severity')!r}")
    details = payload.get("custom_details") or {}
    ended = action == "resolve"
    firing = "\n".join(str(details.get(key, "")) for key in ("what", "impact", "next_step", "firing"))
    return Notification(
        recipient=(CHANNEL.channel.called, post.known[body["routing_key"]]),
        at=post.at,
        ended=ended,
        incident=dedup,
        title=str(payload.get("summary", "")),
        firing="" if ended else firing,
        resolved=str(details.get("resolved", "")),
        links={link.get("text", ""): link["href"] for link in body.get("links") or () if link.get("href")},
        first_only=True,
    )


def _answer(notification: Notification) -> Answer:
    text = json.dumps({"status": "success", "message": "Event processed", "dedup_key": notification.incident})
    return Answer(202, text, "application/json")


CHANNEL = Definition(
    channel=Channel(
        name="pagerduty",
        title="PagerDuty",
        called="PagerDuty",
        rank=10,
        listed="PagerDuty {}",
        wakes=True,
        incidents=True,
    ),
    address=Sentence,
    usual=("P0",),
    usage="""\
teams:
  backend:
    title: Backend
    pagerduty: backend-primary
""",
    key="pagerduty_configs",
    entry=_entry,
    closes_after=IDLE_INCIDENT,
    secret_forms={"routing_key_file": KEY, "service_key_file": KEY},
    receiver=Web(read=_read, answer=_answer, calls=lambda team, _: drill_secret(_secret(team))),
    loopback=Loopback(settings=lambda url: {"pagerduty_url": url}),
)
