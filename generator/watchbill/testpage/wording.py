"""Tell of a test page: on a terminal before and after it is sent, and to scripts."""

from __future__ import annotations

from typing import Any

from watchbill.testpage.plan import service
from watchbill.testpage.run import PageResult, Sent


def before(sent: Sent) -> str:
    """Say whom it will reach, and when, before it is sent."""
    plan = sent.plan
    rows = [
        ("Reaches", f"{plan.notified}, by the receiver {plan.receiver.name}"),
        ("Through", f"Alertmanager {sent.version}, {sent.server.url}"),
        ("Notifies", f"{plan.group_wait.words()} after it was sent, as every {plan.severity}"),
        ("Ends", f"by itself at {sent.ends:%H:%M} UTC, and that is notified within {plan.group_interval.words()}"),
        ("Runbook", plan.runbook_url),
        *(("Quiet", f"{words}: it will not be sent now") for words in sent.quiet),
    ]
    head = f"Test page for {plan.team.title} ({plan.team.name}), as {plan.severity} of {plan.env}/{plan.cluster}"
    return "\n".join([head, "", *(f"  {name:<9}{text}" for name, text in rows), ""])


def after(verdict: PageResult) -> str:
    """Say what Alertmanager did with it; a fault stands beside the answer."""
    plan = verdict.sent.plan
    if verdict.wrong:
        return "\n".join(["The test page is not sent as the specs say:", *(f"  {fault}" for fault in verdict.wrong)])
    return (
        f"Alertmanager routed it to {', '.join(verdict.routed.receivers)}, and nothing mutes it.\n"
        f"Now look whether it arrived: {plan.notified}. What did not is explained in Alertmanager's log."
    )


def as_json(verdict: PageResult) -> dict[str, Any]:
    """Give the same as data."""
    sent, plan, routed = verdict.sent, verdict.sent.plan, verdict.routed
    return {
        "team": plan.team.name,
        "severity": plan.severity.value,
        "env": plan.env,
        "alertmanager": {"url": sent.server.url, "version": sent.version},
        "alert": {"service": service(sent.key), "starts": sent.at.isoformat(), "ends": sent.ends.isoformat()},
        "expected": {"receivers": [plan.receiver.name], "notified": plan.notified},
        "routed": {
            "receivers": list(routed.receivers),
            "silenced_by": list(routed.silenced_by),
            "inhibited_by": list(routed.inhibited_by),
            "muted_by": list(routed.muted_by),
            "quiet": list(sent.quiet),
        },
        "wrong": list(verdict.wrong),
    }
