"""A page for each shipped profile: its metrics, labels, classes and limits."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from watchbill import library
from watchbill.language.base import Diagnostics, read
from watchbill.reference.page import Block, Facts, Heading, Listing, Page, Row, Table, Text
from watchbill.spec.profile import ClassSpec, LimitSpec, MetricSpec, ProfileSpec

TITLE = "Profiles"
_USUAL = {"bytes": "512MiB", "count": "100", "s": "90m"}
_CORES = "2"
_UNITS = {
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "bytes": "bytes",
    "ratio": "shares of 1",
    "percent": "percent",
    "count": "plain numbers",
}


@cache
def shipped() -> dict[str, ProfileSpec]:
    """Read the profiles, by name."""
    found = (read(ProfileSpec, document, Diagnostics()) for document in library.documents("profiles"))
    return {spec.profile: spec for spec in found if spec is not None}


def names() -> tuple[str, ...]:
    """List the profiles, sorted."""
    return tuple(shipped())


def taken(name: str, limits: Collection[str]) -> str:
    """Write a signal of a profile, with those of the limits that each signal states."""
    units = {limit: spec.unit for limit, spec in shipped()[name].limits.items() if limit in limits and spec.unit}
    stated = ", ".join(f"{limit}: {_CORES if limit == 'cpu' else _USUAL[unit]}" for limit, unit in units.items())
    return f"{{profile: {name}, limits: {{{stated}}}}}" if stated else f"{{profile: {name}}}"


def page(name: str) -> Page:
    """Tell of a profile."""
    profile = shipped()[name]
    presence = ", ".join(f"`{role}`" for role in profile.presence)
    blocks: tuple[Block, ...] = (
        Text(f"{profile.title}: {len(profile.metrics)} metric{'s' * (len(profile.metrics) != 1)}."),
        Facts((("Watched for absence", presence),)),
        Heading("Take it"),
        Text("A signal of this profile; what the service names or measures in another way is written beside it."),
        Listing(f"signals:\n  {name.replace('-', '_')}: {taken(name, profile.limits)}\n", "yaml"),
        *_table("Metrics", ("Metric", "What it is"), tuple(_metric(role, m) for role, m in profile.metrics.items())),
        *_table(
            "Labels",
            ("Label", "What it is"),
            tuple(
                Row(role, f"The label `{label.name}`, such as `{label.example}`.")
                for role, label in profile.labels.items()
            ),
        ),
        *_table("Classes", ("Class", "What is in it"), tuple(_class(key, one) for key, one in profile.classes.items())),
        *_table(
            "Limits", ("Limit", "Where it comes from"), tuple(_limit(key, one) for key, one in profile.limits.items())
        ),
    )
    return Page(f"profiles/{name}.md", name, blocks)


def _table(title: str, head: tuple[str, str], rows: tuple[Row, ...]) -> tuple[Block, ...]:
    return (Heading(title), Table(head, rows)) if rows else ()


def _metric(role: str, metric: MetricSpec) -> Row:
    unit = "" if metric.unit == "count" else f" in {_UNITS[metric.unit]}"
    labels = f", with labels {', '.join(f'`{label}`' for label in metric.labels)}" if metric.labels else ""
    buckets = f"Buckets: {', '.join(map(str, metric.buckets))}." if metric.buckets else ""
    facts = (f"`{metric.name}`, a {metric.type}{unit}{labels}.", buckets)
    return Row(role, f"{metric.help.rstrip('.')}.", tuple(fact for fact in facts if fact))


def _class(key: str, one: ClassSpec) -> Row:
    values = f"is `{one.equals}`" if one.equals is not None else f"matches `{one.matches}`, such as `{one.member}`"
    return Row(key, f"The label `{one.label}` {values}; not `{one.other}`.")


def _limit(key: str, one: LimitSpec) -> Row:
    if one.metric is not None:
        return Row(key, f"The metric `{one.metric}`.")
    if one.unit is not None:
        return Row(key, f"Each signal states it, in {_UNITS[one.unit]}.")
    return Row(key, f"The platform's `{one.platform}`.")
