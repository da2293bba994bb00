"""What Alertmanager sends: entries for its receivers, and the templates that these name.

Every text is a template that ships with this package (Alertmanager's docs, "Notification template reference"), so a
message changes without its routing. Only functions that Alertmanager 0.25 knows are used.
"""

from __future__ import annotations

from watchbill.library import ROOT
from watchbill.outputs.yamltext import Plain

FOLDER = "alertmanager/templates"


def templates() -> dict[str, str]:
    """Read the templates that the entries below name; all of them are needed. Paths are relative to `out/`, sorted."""
    files = sorted((ROOT / "templates/alertmanager").glob("*.tmpl"))
    return {f"{FOLDER}/{file.name}": file.read_text(encoding="utf-8") for file in files}


def slack(channel: str) -> dict[str, Plain]:
    """Write one entry of `slack_configs`; the address to post to is global."""
    return {
        "channel": channel,
        "send_resolved": True,
        "link_names": False,  # Slack turns a bare @name into a mention where this is on
        "color": _text("slack.color"),
        "pretext": _text("slack.unowned"),
        "title": _text("slack.title"),
        "title_link": _text("lead.runbook"),
        "text": _text("slack.text"),
        "fallback": _text("slack.fallback"),
        "actions": [_button("runbook"), _button("panel"), _button("silence")],
    }


def pagerduty(routing_key_file: str) -> dict[str, Plain]:
    """Write one entry of `pagerduty_configs`, for the Events API v2; the key stays in a file of its own."""
    return {
        "routing_key_file": routing_key_file,
        "send_resolved": True,
        "client": "Alertmanager",
        "client_url": "{{ .ExternalURL }}",
        "description": _text("pagerduty.description"),
        "severity": _text("pagerduty.severity"),
        "class": _text("pagerduty.class"),
        "component": _text("pagerduty.component"),
        "group": _text("pagerduty.group"),
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


def email(to: str) -> dict[str, Plain]:
    """Write one entry of `email_configs`; the receiver adds its server and sender."""
    return {
        "to": to,
        "send_resolved": True,
        "headers": {"subject": _text("email.subject")},
        "text": _text("email.text"),
        "html": _text("email.html"),
    }


def _text(name: str) -> str:
    return f'{{{{ template "watchbill.{name}" . }}}}'


def _detail(name: str) -> str:
    """Write a detail that stays a text: Alertmanager 0.33 reads each as YAML, in which none may begin with a tab.

    It would make a list of `[P0] …` and a mapping of `… alert: its labels …`, and lose the rest.
    """
    return f"\t{_text(f'pagerduty.{name}')}"


def _button(target: str) -> Plain:
    return {"type": "button", "text": _called(target), "url": _text(f"lead.{target}")}


def _link(target: str) -> Plain:
    return {"text": _called(target), "href": _text(f"lead.{target}")}


def _called(target: str) -> str:
    """Name a link; where the alert has no such address, it leads to Alertmanager, and says so."""
    return "Silence" if target == "silence" else _text(f"lead.{target}.called")
