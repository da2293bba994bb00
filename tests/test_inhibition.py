"""What mutes what, checked by a real Alertmanager of each generation, on pairs of the shipped alerts.

Each pair has a cluster of its own, which keeps it apart from the others. What is expected follows from the words of
the contract, from the specs and from what expressions ask for, never from the inhibition rules, nor from what the
compiler says of them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml
from amlint.routing import Inhibitor

import shipped
from servers import alertmanager
from watchbill.stack.loopback import inhibited, post_alerts
from watchbill.tools import GENERATIONS

CATALOGUE = shipped.alerts()
SPECS = shipped.services()
INHIBIT_RULES = shipped.file("out/alertmanager/alertmanager.yml")["inhibit_rules"]
CONTRACT = frozenset({"alertname", "incident", "severity", "team", "stage", "service", "subject", "env", "cluster"})

Labels = dict[str, str]


@dataclass(frozen=True)
class Pair:
    """Two alerts that fire at once, and whether the first mutes the second."""

    name: str
    source: Labels
    target: Labels
    muted: bool

    def apart(self, number: int) -> Pair:
        """Put both into a cluster of their own; where one has another cluster, into another one."""
        own = {"scenario": str(number)}  # not read by any rule; tells alerts without a cluster apart
        source, target = (
            labels | own | ({"cluster": f"{number}-{labels['cluster']}"} if "cluster" in labels else {})
            for labels in (self.source, self.target)
        )
        return replace(self, source=source, target=target)


def fired() -> dict[str, Labels]:
    """Read from the promtool tests which labels each alert fires with in production."""
    found: dict[str, Labels] = {}
    for id_, labels in shipped.firings():
        if labels["env"] == "production":
            found.setdefault(id_, {"alertname": id_.partition("/")[2], **labels})
    return found


FIRED = fired()


def speaks_for(source: Labels, target: Labels) -> bool:
    """Say whether both are of one subject, and the source is about nothing narrower than the target."""
    own = set(source) - CONTRACT
    return all(source.get(label) == target.get(label) for label in ("service", "subject", *own))


def declared() -> dict[str, str]:
    """Read from the services' specs what each alert declares down."""
    found: dict[str, str] = {}
    for spec in SPECS.values():
        written = {**spec["alerts"].get("override", {}), **spec["alerts"].get("own", {})}
        found |= {f"{spec['service']}/{name}": alert.get("declares_down", "") for name, alert in written.items()}
    return {name: down for name, down in found.items() if down}


DOWN = declared()


def depends(target: Labels, source_id: str) -> bool:
    """Say whether the target's service needs what the source declares down: another service, or a signal of its own."""
    down, owner = DOWN.get(source_id, ""), source_id.partition("/")[0]
    own_signal = down in SPECS[owner]["signals"]
    return down in SPECS[target["service"]].get("depends_on", []) and (target["service"] == owner or not own_signal)


def counted() -> dict[tuple[str, ...], set[str]]:
    """Read which series the recordings of each objective select, by service, objective and recording."""
    found: dict[tuple[str, ...], set[str]] = {}
    for rule in shipped.rules():
        if rule["file"].endswith(".events.rules.yml"):
            labels = rule["labels"]
            found[labels["service"], labels["slo"], rule["record"]] = selections(rule["expr"])
    return found


def selections(expr: str) -> set[str]:
    return set(re.findall(r"\w+\{[^}]*\}", expr))


COUNTED = counted()


def tells_the_same(page: Labels, target: Labels) -> bool:
    """Say whether the first is an objective's page, and the second tells of the events that it calls bad.

    Of an availability, what selects the same bad series does: a page of 5xx does not tell of 4xx. Of a latency, what
    asks how slow the same histogram is, above whatever limit.
    """
    service, name = page["service"], page["subject"]
    objective = SPECS[service].get("slos", {}).get(name, {})
    of_its_signal = (target["service"], target["subject"]) == (service, objective.get("signal"))
    if not (page["severity"] == "P0" and page["alertname"].endswith("BudgetBurn") and of_its_signal):
        return False
    alert = CATALOGUE[f"{service}/{target['alertname']}"]
    asked, events = selections(alert["expr"]), COUNTED[service, name, "slo:events:sum"]
    bad = COUNTED[service, name, "slo:errors:sum"] - events
    if objective["kind"] == "latency":
        buckets = {selection.partition("_bucket{")[0] for selection in events if "_bucket{" in selection}
        read = {re.split(r"_(?:bucket|sum|count)\{", selection)[0] for selection in asked}
        return alert["direction"] == "above" and bool(buckets & read)  # too slow, and not absent
    return objective["kind"] == "availability" and bool(bad & asked)


def leaves_blind(absence: Labels, target: Labels) -> bool:
    """Say whether the first tells that the metrics are gone which the second, an objective's, is missing."""
    objective = SPECS[target["service"]].get("slos", {}).get(target["subject"], {})
    both = absence["alertname"].endswith("MetricsAbsent") and target["alertname"].endswith("SliMissing")
    return both and (absence["service"], absence["subject"]) == (target["service"], objective.get("signal"))


def expected(source_id: str, source: Labels, target: Labels) -> bool:
    """Say by the contract whether the source mutes the target, in one cluster and environment."""
    if "stage" in source or "stage" in target or target["severity"] == "P0":
        return False
    if source["severity"] == "P0" and speaks_for(source, target):
        return True
    if tells_the_same(source, target) or leaves_blind(source, target):
        return True
    return target["severity"] == "P1" and depends(target, source_id)


def of_one_service() -> Iterator[Pair]:
    """Pair each alert that may mute something with every other one of its service."""
    for source_id, target_id in itertools.permutations(FIRED, 2):
        source, target = FIRED[source_id], FIRED[target_id]
        loud = source["severity"] == "P0" or source_id in DOWN or source_id.endswith("MetricsAbsent")
        if loud and source["service"] == target["service"]:
            muted = expected(source_id, source, target)
            yield Pair(f"{source_id} and {target_id}", source, target, muted)


def spoilt() -> Iterator[Pair]:
    """Take pairs that mute each other apart: another environment, cluster, service, subject or instance, or none."""
    for source_id, target_id in (
        ("core-api/HTTP5xxErrorRateCritical", "core-api/HTTP4xxErrorRateWarning"),
        ("core-api/MemoryUsageCritical", "core-api/CPUUsageHigh"),
        ("support-desk/PostgresDown", "support-desk/MessageQueueLagHigh"),
    ):
        source, target = FIRED[source_id], FIRED[target_id]
        same = ("service", "subject") if expected(source_id, source, target | {"severity": "Info"}) else ()
        yield Pair(f"{source_id}: as it is", source, target, muted=True)
        for label in ("env", "cluster", *same, *(set(source) - CONTRACT if same else ())):
            yield Pair(f"{source_id}: another {label}", source | {label: "another"}, target, muted=False)
            without = [{name: value for name, value in side.items() if name != label} for side in (source, target)]
            # a source that tells no instance speaks for all of them
            widens = label not in CONTRACT
            yield Pair(f"{source_id}: no {label} on its side", without[0], target, muted=widens)
            yield Pair(f"{source_id}: no {label} on the other side", source, without[1], muted=False)
            yield Pair(f"{source_id}: no {label} on both sides", without[0], without[1], muted=widens)
        trial = {"stage": "shadow"}
        yield Pair(f"{source_id}: on trial", source | trial, target, muted=False)
        yield Pair(f"{target_id}: on trial", source, target | trial, muted=False)


def spoilt_where_rules_name_alerts() -> Iterator[Pair]:
    """Take pairs of which the rule names the source apart; `info` says whether an Info is muted as a P1 is."""
    for source_id, target_id, info in (
        ("support-desk/PostgresDown", "support-desk/MessageQueueLagHigh", False),
        ("core-api/AvailabilityBudgetBurn", "core-api/EndpointHighErrorRate", True),
    ):
        source, target, another = FIRED[source_id], FIRED[target_id], {"service": "another"}
        serviceless = {name: value for name, value in source.items() if name != "service"}
        yield Pair(f"{source_id}: it mutes a P1", source, target, muted=True)
        yield Pair(f"{source_id}: its namesake of another service", source | another, target, muted=False)
        yield Pair(f"{source_id}: its namesake of no service", serviceless, target, muted=False)
        yield Pair(f"{target_id}: its namesake of another service", source, target | another, muted=False)
        yield Pair(f"{target_id}: as an Info", source, target | {"severity": "Info"}, muted=info)
        yield Pair(f"{target_id}: as a P0", source, target | {"severity": "P0"}, muted=False)


EVERY = (*of_one_service(), *spoilt(), *spoilt_where_rules_name_alerts())
PAIRS = [pair.apart(number) for number, pair in enumerate(EVERY)]


def test_there_are_pairs_of_both_kinds() -> None:
    muted = [pair for pair in PAIRS if pair.muted]
    assert len(muted) >= 30
    assert len(PAIRS) - len(muted) >= 200


@pytest.mark.parametrize("name", GENERATIONS)
def test_an_alert_is_muted_by_what_speaks_for_it_and_by_nothing_else(name: str, tmp_path: Path) -> None:
    config = tmp_path / "alertmanager.yml"
    quiet = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}
    config.write_text(yaml.safe_dump({**quiet, "inhibit_rules": INHIBIT_RULES}))
    posted = [{"labels": labels} for pair in PAIRS for labels in (pair.source, pair.target)]
    by = ("cluster", "alertname", "scenario")
    with alertmanager(name, config, tmp_path) as url:
        post_alerts(url, posted)
        found = inhibited(url, posted, by=by)
    wrong = [pair for pair in PAIRS if found[tuple(pair.target.get(label, "") for label in by)] is not pair.muted]
    assert wrong == []


def test_a_simulation_in_python_agrees() -> None:
    simulated = Inhibitor(INHIBIT_RULES)
    assert [p for p in PAIRS if (simulated.inhibited_by(p.target, [p.source]) is not None) is not p.muted] == []


def test_the_catalogue_names_what_mutes_an_alert() -> None:
    for target_id, target in FIRED.items():
        muting = sorted(
            source_id
            for source_id, source in FIRED.items()
            if source_id != target_id and expected(source_id, source, target)
        )
        assert CATALOGUE[target_id]["inhibited_by"] == muting, target_id


@pytest.mark.parametrize("label", ["cluster", "env", "service", "subject"])
def test_every_rule_about_a_subject_needs_its_labels_on_both_sides(label: str) -> None:
    same = [rule for rule in INHIBIT_RULES if 'severity="P0"' in rule["source_matchers"]]
    assert len(same) >= 3
    for found in same:
        assert label in found["equal"]
        assert f'{label}!=""' in found["source_matchers"]
        assert f'{label}!=""' in found["target_matchers"]


def test_no_rule_asks_a_label_to_be_two_things_at_once() -> None:
    for rule in INHIBIT_RULES:
        for side in ("source_matchers", "target_matchers"):
            labels = [re.split(r"[=!~]", matcher)[0] for matcher in rule[side]]
            assert len(labels) == len(set(labels)), rule
