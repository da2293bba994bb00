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

from watchbill.channels import Definition, definitions
from watchbill.channels.base import Destination
from watchbill.channels.destinations import destinations
from watchbill.channels.received import Mail, Web, drill_secret
from watchbill.model.bundle import Bundle, Platform
from watchbill.model.routing import FALLBACK, HEARTBEAT, SHADOW, Delivery
from watchbill.outputs import alertmanager as alertmanager_target
from watchbill.outputs import prometheus as prometheus_target
from watchbill.quantity import Duration
from watchbill.stack.exporter import NUMBER
from watchbill.stack.notifications import SWITCH
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
    config: Config = _load(alertmanager_target.config(bundle))
    for definition in definitions().values():
        config["global"] |= definition.loopback.settings(receivers.at[definition.channel.called])
    _wake(config["route"])
    emitted = zip(config["receivers"], alertmanager_target.receivers(bundle), strict=True)
    for written, receiver in emitted:
        _place(written, destinations(receiver, bundle.platform), receivers.at)
        for hook in written.get("webhook_configs", ()) if receiver == HEARTBEAT else ():
            hook["url"] = f"{receivers.url}/{SWITCH}{urlsplit(hook['url']).path}"
    placed: Config = _with_secrets(config, str(secrets))
    return placed


def _place(written: Config, reached: Iterable[Destination], at: Mapping[str, str]) -> None:
    """Lead each entry of a receiver to where its channel answers; channels may share a list."""
    entries = {key: iter(value) for key, value in written.items() if isinstance(value, list)}
    for destination in reached:
        definition = definitions()[destination.channel.name]
        entry = next(entries[definition.key])
        entry |= definition.loopback.entry(entry, at[destination.recipient[0]])


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


def secret_text(name: str, receivers: Receivers) -> str:
    """Make up what a secret file holds."""
    for definition in definitions().values():
        texts = definition.loopback.secrets(receivers.at[definition.channel.called])
        if name in texts:
            return texts[name]
    return drill_secret(name)


def addresses(platform: Platform) -> Addresses:
    """List whom the specs name; who is not here cannot be reached."""
    delivery = platform.delivery
    known = {name: _known(definition, platform) for name, definition in definitions().items()}
    for destination in destinations(SHADOW, platform) if delivery.shadow else ():
        known[destination.channel.name][destination.address] = destination.address
    switch = {}
    if delivery.heartbeat:
        switch[urlsplit(delivery.heartbeat).path] = drill_secret("heartbeat-token") if delivery.heartbeat_token else ""
    fallback = destinations(FALLBACK, platform) if delivery.fallback else ()
    return Addresses(known, fallback, switch, _passwords(fallback, delivery))


def _passwords(fallback: Iterable[Destination], delivery: Delivery) -> dict[str, str]:
    """Map whom a mail server reaches to its password; what takes mail without a login is left out."""
    files = {
        each.channel.called: each.receiver.password(delivery)
        for each in definitions().values()
        if isinstance(each.receiver, Mail)
    }
    for destination in fallback:
        receiver = definitions()[destination.channel.name].receiver
        if isinstance(receiver, Mail):
            files[destination.recipient[0]] = receiver.fallback_password(delivery)
    return {called: drill_secret(name) for called, name in files.items() if name}


def _known(definition: Definition, platform: Platform) -> dict[str, str]:
    """Map what a message calls each team's address to the address."""
    receiver = definition.receiver
    found = {}
    for team in platform.teams.values():
        address = team.addresses.get(definition.channel)
        if address is not None:
            found[receiver.calls(team.name, address) if isinstance(receiver, Web) else address] = address
    return found
