"""Alertmanager: who is notified of what, and what mutes what.

Read by: Alertmanager, from 0.25 on.

Checked by: amtool (`check-config`); `watchbill prove` asks it where each alert goes.
"""

from __future__ import annotations

from watchbill import naming
from watchbill.channels import definitions, templates
from watchbill.channels.base import secret
from watchbill.channels.destinations import destinations
from watchbill.model.bundle import Bundle
from watchbill.model.routing import InhibitRule, QuietTime, TimeRange
from watchbill.outputs.alertmanager.receivers import receivers, written
from watchbill.outputs.alertmanager.routes import matcher, root
from watchbill.words.yamltext import Plain, dump

__all__ = ["config", "receivers", "render"]

TEMPLATES = "alertmanager/templates"


def render(bundle: Bundle) -> dict[str, str]:
    """Render `alertmanager.yml` and the templates of its messages."""
    shown = {f"{TEMPLATES}/{name}": text for name, text in templates().items()}
    return {naming.ALERTMANAGER: config(bundle), **shown}


def config(bundle: Bundle) -> str:
    """Render the configuration. Secrets are files on the machine that runs it, never text."""
    platform = bundle.platform
    content: dict[str, Plain] = {
        "global": _global(bundle),
        "templates": ["templates/*.tmpl"],
        "route": root(bundle),
        "inhibit_rules": [_inhibit(rule) for rule in bundle.inhibit_rules],
        "receivers": [written(receiver, platform) for receiver in receivers(bundle)],
    }
    if platform.quiet_times:
        content["time_intervals"] = [_quiet_time(quiet) for quiet in platform.quiet_times]
    return dump(content, source="specs/platform.yaml and specs/services/")


def _global(bundle: Bundle) -> Plain:
    """Set what no receiver can have of its own. A mail server is not: a receiver without one would inherit its user."""
    platform = bundle.platform
    used = {
        destination.channel.name for receiver in receivers(bundle) for destination in destinations(receiver, platform)
    }
    files = {
        setting: secret(platform.delivery, name)
        for channel, definition in definitions().items()
        if channel in used
        for setting, name in definition.global_files.items()
    }
    return {"resolve_timeout": "5m", **files}


def _inhibit(rule: InhibitRule) -> Plain:
    return {
        "source_matchers": [matcher(match) for match in rule.source],
        "target_matchers": [matcher(match) for match in rule.target],
        "equal": list(rule.equal),
    }


def _quiet_time(quiet: QuietTime) -> Plain:
    return {"name": quiet.name, "time_intervals": [_range(part, quiet.zone) for part in quiet.ranges]}


def _range(part: TimeRange, zone: str) -> Plain:
    entry: dict[str, Plain] = {"times": [{"start_time": part.start, "end_time": part.end}], "location": zone}
    return {**({"weekdays": list(part.days)} if part.days else {}), **entry}
