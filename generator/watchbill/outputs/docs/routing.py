"""The page that tells who is woken by what."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from watchbill import naming
from watchbill.channels import definitions
from watchbill.model.alerts import Severity
from watchbill.model.bundle import Bundle, Environment, Platform, Service
from watchbill.model.routing import Channel
from watchbill.outputs.docs.markdown import PageContext, Writer
from watchbill.words import receivers


def routing(bundle: Bundle, writer: Writer) -> str:
    """Render the page."""
    platform, page = bundle.platform, writer.on(naming.ROUTING_PAGE)
    return writer.template(
        "routing.md.j2",
        page.path,
        paging=[place.name for place in platform.environments if any(c.wakes for c in _everything(platform, place))],
        waking=_waking(platform),
        teams=[
            {"name": team.name, "rows": [_severity(row) for row in own]}
            for team, own in groupby(receivers.rows(bundle), key=lambda row: row.team)
        ],
        asides=[
            {
                "what": aside.what,
                "notified": aside.notified,
                "alerts": [page.alert(alert, full=True) for alert in aside.alerts or ()],
            }
            for aside in receivers.asides(bundle)
        ],
        quiet_times=[receivers.quiet_words(bundle, quiet) for quiet in platform.quiet_times],
        timings=[
            {
                "severity": severity.value,
                "wait": policy.timing.group_wait.words(),
                "interval": policy.timing.group_interval.words(),
                "repeat": policy.timing.repeat_interval.words(),
            }
            for severity, policy in platform.policies.items()
        ],
        promised=[service.title for service in bundle.services if service.promises_time],
        short_wait=platform.short_wait.words(),
        services=[muted for service in bundle.services if (muted := _muting(service, page))["alerts"]],
    )


def _waking(platform: Platform) -> list[str]:
    """Name the channels that wake people here, or that could."""
    used = {channel for policy in platform.policies.values() for channel in policy.channels}
    waking = [each.channel for each in definitions().values() if each.channel.wakes]
    return [channel.called for channel in waking if channel in used] or [channel.called for channel in waking]


def _everything(platform: Platform, environment: Environment) -> set[Channel]:
    return {channel for severity in Severity for channel in platform.channels(severity, environment)}


def _severity(row: receivers.Row) -> Mapping[str, Any]:
    number = len(row.alerts)
    count = f"{number} alert{'' if number == 1 else 's'}"
    return {"severity": row.severity.value, "count": count, "notified": list(row.notified.items())}


def _muting(service: Service, page: PageContext) -> Mapping[str, Any]:
    """List a service's alerts that can be muted; what is of the same service needs no prefix."""
    by = page.bundle.inhibited_by
    alerts = [
        {
            "link": page.alert(alert),
            "severity": alert.severity.value,
            "muted": [page.alert_named(name, within=service.name) for name in by[alert.id]],
        }
        for alert in sorted(service.alerts, key=lambda alert: alert.name)
        if by[alert.id]
    ]
    return {"name": service.name, "title": service.title, "alerts": alerts}
