"""The emitted configuration on loopback, and everything that a drill changes of it (adr/0030).

The compiler writes it from the same specs under a time scale; here addresses and secret files are replaced. Nothing
else changes, but that the night mutes nothing: what arrives must not depend on the hour.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import yaml

from watchbill.model.bundle import Bundle, Platform
from watchbill.model.routing import Channel
from watchbill.naming import secret_file
from watchbill.outputs import alertmanager as alertmanager_target
from watchbill.outputs import prometheus as prometheus_target
from watchbill.quantity import Duration
from watchbill.stack.exporter import NUMBER
from watchbill.stack.receivers import Addresses, Receivers
from watchbill.stack.world import Target

# What must not sink with the time scale: a scrape and an evaluation cost what they cost.
SHORTEST_EVALUATION = 0.25  # seconds
SCRAPES_A_WINDOW = 8  # a window with fewer samples would show what falls between them
FEWEST_SCRAPES = 4  # of a window so short that more would cost too much
SHORTEST_SCRAPE, USUAL_SCRAPE, LONGEST_SCRAPE = Duration(125), Duration(250), Duration(500)
Config = dict[str, Any]


def _load(text: str) -> Config:
    loaded: Config = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 (both are safe)
    return loaded


def dump(content: Config) -> str:
    """Write a configuration."""
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(content, Dumper=dumper, sort_keys=False, allow_unicode=True))


def prometheus(
    bundle: Bundle, targets: Sequence[Target], *, scrape: Callable[[str], Duration], proxy: str, alertmanager: str
) -> Config:
    """Write Prometheus' configuration for some targets: each is asked through the proxy, by its number.

    `scrape` says how often the targets of a job are asked.
    """
    config: Config = _load(prometheus_target.config(bundle))
    config["rule_files"] = ["rules/*.yml"]
    entry = config["alerting"]["alertmanagers"][0]
    entry |= {"scheme": "http", "static_configs": [{"targets": [alertmanager.removeprefix("http://")]}]}
    entry.pop("path_prefix", None)
    jobs = {target.job for target in targets}
    config["scrape_configs"] = [
        {**_scraped(job, targets, proxy), "scrape_interval": str(scrape(job["job_name"]))}
        for job in config["scrape_configs"]
        if job["job_name"] in jobs
    ]
    config["global"]["scrape_interval"] = str(USUAL_SCRAPE)
    config["global"]["evaluation_interval"] = _at_least(config["global"]["evaluation_interval"], SHORTEST_EVALUATION)
    return config


def scrape_interval(window: Duration) -> Duration:
    """Choose how often targets are asked, by the shortest window that has to see them; more often costs more."""
    often = Duration(window.milliseconds // SCRAPES_A_WINDOW)
    if often < USUAL_SCRAPE:
        often = min(USUAL_SCRAPE, Duration(window.milliseconds // FEWEST_SCRAPES))
    return min(LONGEST_SCRAPE, max(SHORTEST_SCRAPE, often))


def scrapes(bundle: Bundle) -> dict[str, Duration]:
    """Choose for each job by the shortest window of its service's alerts, where all services run at once."""
    found: dict[str, Duration] = {}
    for service in bundle.services:
        spans = [alert.rules[0].example.settles.milliseconds for alert in service.alerts]
        shortest = min(filter(None, spans), default=60_000)
        often = max(SHORTEST_SCRAPE, min(USUAL_SCRAPE, Duration(shortest // FEWEST_SCRAPES)))
        found |= {scrape.job: often for scrape in service.scrapes}
    return found


def _scraped(job: Config, targets: Sequence[Target], proxy: str) -> Config:
    static = [
        {
            "targets": [target.instance],
            "labels": {"env": target.place[0], "cluster": target.place[1], f"__param_{NUMBER}": str(number)},
        }
        for number, target in enumerate(targets)
        if target.job == job["job_name"]
    ]
    return {**job, "scheme": "http", "proxy_url": proxy, "static_configs": static}


def rules(text: str, *, without: Iterable[str] = ()) -> Config:
    """Read a rule file, leave some alerts out, and evaluate no group more often than a laptop bears."""
    left_out = set(without)
    config: Config = _load(text)
    for group in config["groups"]:
        if "interval" in group:
            group["interval"] = _at_least(group["interval"], SHORTEST_EVALUATION)
        group["rules"] = [rule for rule in group["rules"] if rule.get("alert") not in left_out]
    return config


def _at_least(duration: str, seconds: float) -> str:
    written = Duration.parse(duration)
    return str(max(written, Duration(round(seconds * 1000))))


def alertmanager(bundle: Bundle, receivers: Receivers, secrets: Path) -> Config:
    """Write Alertmanager's configuration, with every receiver on loopback."""
    config: Config = _load(alertmanager_target.render(bundle)["alertmanager/alertmanager.yml"])
    config["global"] |= {"smtp_require_tls": False, "pagerduty_url": f"{receivers.url}/pagerduty"}
    _wake(config["route"])
    second = bundle.platform.delivery.fallback
    for receiver in config["receivers"]:
        for mail in receiver.get("email_configs", ()):
            here = receivers.second_smtp if second and mail["smarthost"] == second.smtp.host else receivers.smtp
            mail["smarthost"] = here
        for hook in receiver.get("webhook_configs", ()):
            hook["url"] = f"{receivers.url}/switch{urlsplit(hook['url']).path}"
    placed: Config = _with_secrets(config, str(secrets))
    return placed


def _wake(route: Config) -> None:
    route.pop("mute_time_intervals", None)
    for child in route.get("routes", ()):
        _wake(child)


def _with_secrets(node: Any, folder: str, key: str = "") -> Any:
    if isinstance(node, dict):
        return {name: _with_secrets(value, folder, name) for name, value in node.items()}
    if isinstance(node, list):
        return [_with_secrets(value, folder) for value in node]
    return f"{folder}/{PurePosixPath(node).name}" if key.endswith("_file") else copy.copy(node)


def secret_names(config: Mapping[str, Any]) -> frozenset[str]:
    """List the secret files that a configuration reads, by name."""
    found: set[str] = set()

    def walk(node: Any, key: str = "") -> None:
        for name, value in (
            node.items() if isinstance(node, dict) else enumerate(node if isinstance(node, list) else ())
        ):
            walk(value, str(name))
        if key.endswith("_file") and isinstance(node, str):
            found.add(PurePosixPath(node).name)

    walk(config)
    return frozenset(found)


def secret_text(name: str, slack: str) -> str:
    """Make up what a secret file holds."""
    return slack if name == "slack-api-url" else f"drill-{name}"


def addresses(platform: Platform) -> Addresses:
    """List whom the specs name; who is not here cannot be told."""
    delivery, teams = platform.delivery, platform.teams.values()
    switch = {}
    if delivery.heartbeat:
        switch[urlsplit(delivery.heartbeat).path] = "drill-heartbeat-token" if delivery.heartbeat_token else ""

    def of(channel: Channel) -> frozenset[str]:
        return frozenset(team.addresses[channel] for team in teams if channel in team.addresses)

    return Addresses(
        pagerduty={
            f"drill-{Path(secret_file('', f'pagerduty-{team.name}')).name}": team.addresses[Channel.PAGERDUTY]
            for team in teams
            if Channel.PAGERDUTY in team.addresses
        },
        slack=of(Channel.SLACK) | ({delivery.shadow} if delivery.shadow else frozenset()),
        mail=of(Channel.EMAIL),
        fallback_mail=frozenset({delivery.fallback.email}) if delivery.fallback else frozenset(),
        passwords=frozenset({"drill-smtp-password", "drill-second-path-smtp-password"}),
        switch=switch,
    )
