"""Prove where alerts go: amtool is asked about every alert, environment, and label that is missing or unknown.

Two alerts for which every matcher of the routes holds alike take the same way, so amtool is asked about one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchbill import naming
from watchbill.errors import ToolError
from watchbill.model.alerts import Alert, Stage
from watchbill.model.bundle import Bundle, Environment
from watchbill.model.routing import FALLBACK
from watchbill.proof.finding import Finding
from watchbill.proof.promtests import cores
from watchbill.verify import amtool
from watchbill.words import firing

ROUTED_BY = ("team", "env", "severity")
UNKNOWN = "nobody-knows-this"
SUBJECT = "routing"
_MATCHER = re.compile(r'^\s*(?P<label>[A-Za-z_][A-Za-z0-9_]*)\s*(?P<op>=~|!~|!=|=)\s*"?(?P<value>.*?)"?\s*$', re.DOTALL)


@dataclass(frozen=True, slots=True)
class RoutingQuestion:
    """A question about an alert: its labels, and who must be notified."""

    subject: str
    case: str
    labels: Mapping[str, str]
    receivers: tuple[str, ...]


def questions(bundle: Bundle, alerts: Iterable[Alert]) -> Iterator[RoutingQuestion]:
    """Ask of every alert in every environment; of live ones also with each label that routes read spoilt."""
    for alert in alerts:
        for environment in bundle.platform.environments:
            labels = labels_of(alert, environment)
            notified = tuple(receiver.name for receiver in alert.receivers[environment.name])
            yield RoutingQuestion(alert.id, f"reaches its receivers in {environment.name}", labels, notified)
            if alert.stage is Stage.LIVE and not alert.fallback:
                for label in ROUTED_BY:
                    case = f"pages the default team without a known {label}"
                    less = {name: value for name, value in labels.items() if name != label}
                    yield RoutingQuestion(alert.id, case, less, (naming.UNOWNED,))
                    yield RoutingQuestion(alert.id, case, labels | {label: UNKNOWN}, (naming.UNOWNED,))


def of_platform(bundle: Bundle) -> Iterator[RoutingQuestion]:
    """Ask for every team and severity, whether an alert has them yet or not, and for what does not go to people."""
    platform = bundle.platform
    for environment in platform.environments:
        place = {"cluster": environment.clusters[0], "env": environment.name, "alertname": "Any", "service": "any"}
        for team in platform.teams:
            for severity in platform.policies:
                labels = {**place, "team": team, "severity": severity.value}
                notified = (platform.receiver(team, severity, environment).name,)
                case = f"{severity.value} of {team} in {environment.name}"
                yield RoutingQuestion(SUBJECT, case, labels, notified)
                yield RoutingQuestion(
                    SUBJECT, f"{case}, if that were unknown", {**labels, "env": UNKNOWN}, (naming.UNOWNED,)
                )
                for stage, receiver in ((Stage.SHADOW, naming.SHADOW), (Stage.HEARTBEAT, naming.HEARTBEAT)):
                    yield RoutingQuestion(
                        SUBJECT, f"{stage.value} {case}", {**labels, "stage": stage.value}, (receiver,)
                    )
        for alert in (alert for alert in bundle.alerts if alert.fallback):
            labels = {**labels_of(alert, environment), "service": "any"}
            owner = tuple(each.name for each in alert.receivers[environment.name] if each != FALLBACK)
            yield RoutingQuestion(SUBJECT, f"a namesake of {alert.id} in {environment.name}", labels, owner)


def labels_of(alert: Alert, environment: Environment) -> dict[str, str]:
    """Label an alert as it arrives from an environment."""
    return firing.labels(alert, {"cluster": environment.clusters[0], "env": environment.name})


def alike(asked: Iterable[RoutingQuestion], content: Any) -> list[list[RoutingQuestion]]:
    """Group questions that take the same way by a configuration, given as data, and must be answered alike."""
    matchers = tuple(_matchers(content.get("route", {})))
    groups: dict[tuple[object, ...], list[RoutingQuestion]] = {}
    for question in asked:
        key = (question.receivers, *(holds(matcher, question.labels) for matcher in matchers))
        groups.setdefault(key, []).append(question)
    return list(groups.values())


def findings(tool: Path, config: Path, asked: Iterable[RoutingQuestion], content: Any) -> Iterator[Finding]:
    """Find alerts that go elsewhere; `content` is the configuration as data."""
    groups = alike(asked, content)

    def ask(group: list[RoutingQuestion]) -> tuple[str, ...] | str:
        try:
            return amtool.receivers(tool, config, group[0].labels)
        except ToolError as error:
            return str(error)

    with ThreadPoolExecutor(cores()) as pool:
        for group, notified in zip(groups, pool.map(ask, groups), strict=True):
            if notified != group[0].receivers:
                names = notified if isinstance(notified, str) else " and ".join(notified)
                for question in group:
                    text = f"{_shown(question.labels)} reaches {names}, not {' and '.join(question.receivers)}"
                    yield Finding(question.subject, question.case, text)


def _shown(labels: Mapping[str, str]) -> str:
    return "{" + ", ".join(f'{name}="{labels[name]}"' for name in ROUTED_BY if name in labels) + "}"


def _matchers(route: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(matcher) for matcher in route.get("matchers", ()))
    for inner in route.get("routes", ()):
        yield from _matchers(inner)


def holds(matcher: str, labels: Mapping[str, str]) -> bool | str:
    """Say whether a matcher holds; where it cannot be read, what it might look at."""
    match = _MATCHER.match(matcher)
    if match is None:
        return str(sorted(labels.items()))
    value, wanted = labels.get(match["label"], ""), match["value"].replace('\\"', '"').replace("\\\\", "\\")
    same = re.fullmatch(wanted, value) is not None if "~" in match["op"] else value == wanted
    return same is not match["op"].startswith("!")
