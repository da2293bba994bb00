"""The runbook site's pages and navigation."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from watchbill import naming
from watchbill.model.alerts import Severity
from watchbill.model.bundle import Bundle, Platform, Service
from watchbill.model.bundle import Environment as Place
from watchbill.model.routing import Channel
from watchbill.model.signals import Metric, Signal
from watchbill.promql import Matcher, selector
from watchbill.quantity import Unit, decimal_text
from watchbill.requirements import Required, optional, required
from watchbill.targets import matrix, objectives
from watchbill.targets.yamltext import Plain, dump

INDEX = "docs/index.md"
NAVIGATION = "mkdocs.nav.yml"
_UNIT_WORDS = {
    Unit.SECONDS: "seconds",
    Unit.MILLISECONDS: "milliseconds",
    Unit.MICROSECONDS: "microseconds",
    Unit.BYTES: "bytes",
    Unit.RATIO: "ratio, 0 to 1",
    Unit.PERCENT: "percent, 0 to 100",
}
_PLAIN_CODE = re.compile(r"[A-Za-z0-9_:.,=~!\"'(){}/+ -]+")
# Entities where a backslash would not survive the splitting of a row into cells; Markdown's own marks
# are escaped its own way, so that the page's source stays readable.
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "`": "&#96;", "\\": "&#92;", '"': "&quot;"}
_ESCAPES = _ENTITIES | {mark: f"\\{mark}" for mark in "*_{}[]"}


def render(bundle: Bundle) -> dict[str, str]:
    """Render the home page, the page of metrics of each service, and the navigation."""
    environment = _environment()
    pages = {naming.metrics_page(service.name): metrics(service, environment) for service in bundle.services}
    listed = [
        {
            "title": service.title,
            "team": bundle.platform.teams[service.team].title,
            "alerts": len(service.alerts),
            "page": _in_docs(naming.metrics_page(service.name)),
        }
        for service in bundle.services
    ]
    index = environment.get_template("index.md.j2").render(
        services=listed, objectives=any(s.slos for s in bundle.services)
    )
    page = {naming.ROUTING_PAGE: routing(bundle, environment)}
    slos = objectives.listed(bundle)
    if slos:
        page[naming.OBJECTIVES_PAGE] = environment.get_template("objectives.md.j2").render(services=slos)
    return {INDEX: index, **pages, **page, NAVIGATION: navigation(bundle)}


def navigation(bundle: Bundle) -> str:
    """Render the part of MkDocs' configuration that names every page."""
    pages: list[Plain] = [
        {html.escape(service.title): _in_docs(naming.metrics_page(service.name))} for service in bundle.services
    ]
    nav: list[Plain] = [{"Home": _in_docs(INDEX)}, {"Who is woken by what": _in_docs(naming.ROUTING_PAGE)}]
    if any(service.slos for service in bundle.services):
        nav.append({"Objectives": _in_docs(naming.OBJECTIVES_PAGE)})
    nav.append({"Evidence": _in_docs(naming.EVIDENCE_PAGE)})
    nav += [{"Metrics": pages}] if pages else []
    return dump({"nav": nav}, source="specs")


def metrics(service: Service, environment: Environment) -> str:
    """Render the page that tells a service's developers what its alerts rely on."""
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for entry in required(service):
        rows.setdefault(entry.signal.key, []).append(_row(entry))
    signals = [
        ({"key": signal.key, "title": signal.title, "selector": _selection(signal)}, rows[signal.key])
        for signal in service.signals
        if signal.key in rows
    ]
    spare = {metric.name: _metric(metric) for _, metric in optional(service)}
    return environment.get_template("metrics.md.j2").render(
        service={"name": service.name, "title": service.title},
        signals=signals,
        optional=list(spare.values()),
    )


def routing(bundle: Bundle, environment: Environment) -> str:
    """Render the page that tells who is woken by what."""
    platform = bundle.platform
    return environment.get_template("routing.md.j2").render(
        paging=[place.name for place in platform.environments if Channel.PAGERDUTY in _everything(platform, place)],
        teams=[
            {"title": team.title, "rows": [_severity(row) for row in own]}
            for team, own in groupby(matrix.rows(bundle), key=lambda row: row.team)
        ],
        asides=[
            {"what": aside.what, "told": aside.told, "alerts": [alert.id for alert in aside.alerts or ()]}
            for aside in matrix.asides(bundle)
        ],
        quiet_times=[matrix.quiet_words(bundle, quiet) for quiet in platform.quiet_times],
        timings=[
            {
                "severity": severity.value,
                "wait": policy.timing.group_wait.words(),
                "interval": policy.timing.group_interval.words(),
                "repeat": policy.timing.repeat_interval.words(),
            }
            for severity, policy in platform.policies.items()
        ],
        prompt=[service.title for service in bundle.services if service.prompt],
        prompt_wait=platform.prompt_wait.words(),
        services=[muted for service in bundle.services if (muted := _muting(service, bundle))["alerts"]],
    )


def _everything(platform: Platform, environment: Place) -> set[Channel]:
    return {channel for severity in Severity for channel in platform.channels(severity, environment)}


def _severity(row: matrix.Row) -> Mapping[str, Any]:
    number = len(row.alerts)
    count = f"{number} alert{'' if number == 1 else 's'}"
    return {"severity": row.severity.value, "count": count, "told": list(row.told.items())}


def _muting(service: Service, bundle: Bundle) -> Mapping[str, Any]:
    """List a service's alerts that can be muted; what is of the same service needs no prefix."""
    alerts = [
        {
            "name": alert.name,
            "severity": alert.severity.value,
            "muted": [name.removeprefix(f"{service.name}/") for name in bundle.inhibited_by[alert.id]],
        }
        for alert in sorted(service.alerts, key=lambda alert: alert.name)
        if bundle.inhibited_by[alert.id]
    ]
    return {"title": service.title, "alerts": alerts}


def inline(text: str) -> str:
    """Make a text safe anywhere in Markdown, cells of tables included: it shows as it is, on one line."""
    return "".join(_ESCAPES.get(character, character) for character in " ".join(text.split()))


def code(text: str) -> str:
    """Show a text as code, also inside a cell; only what could break out of backticks takes the form of HTML."""
    if _PLAIN_CODE.fullmatch(text) and text == text.strip():
        return f"`{text}`"
    return f"<code>{inline(text)}</code>"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("watchbill", "library/templates"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 (the output is Markdown; the filters below escape what goes into it)
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"inline": inline, "code": code}
    return environment


def _in_docs(path: str) -> str:
    return path.removeprefix("docs/")


def _selection(signal: Signal) -> str:
    return selector("x", signal.matchers).removeprefix("x")


def _metric(metric: Metric) -> dict[str, Any]:
    unit = _UNIT_WORDS.get(metric.unit)
    return {"name": metric.name, "kind": f"{metric.type} in {unit}" if unit else metric.type.value, "help": metric.help}


def _row(entry: Required) -> Mapping[str, Any]:
    named = {"name": entry.name, "kind": "read by an expression of the service's own", "help": ""}
    matched = {matcher.label for matcher in entry.matchers}
    return {
        **(_metric(entry.metric) if entry.metric is not None else named),
        "parts": [series.removeprefix(entry.name) for series in entry.series if series != entry.name],
        "labels": [label for label in entry.labels if label not in matched],
        "matched": [_value(entry.signal, matcher) for matcher in entry.matchers],
        "edges": [decimal_text(edge) for edge in entry.edges],
        "alerts": [alert.partition("/")[2] for alert in entry.alerts],
    }


def _value(signal: Signal, matcher: Matcher) -> tuple[str, str]:
    """Write a matcher, and an example where the profile knows one."""
    example = next((c.member for c in signal.classes.values() if c.matcher == matcher), matcher.value)
    return str(matcher), example if example != matcher.value else ""
