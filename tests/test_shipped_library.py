"""Every pack and profile that we ship, on a service made from what it needs, whether or not an example uses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import spectree
from shipped import ROOT, parsed
from watchbill.model.bundle import Bundle
from watchbill.tools import GENERATIONS

LIBRARY = ROOT / "generator/watchbill/library"
PACKS = sorted((LIBRARY / "packs").glob("*.yaml"))
PROFILES = {path.stem: parsed(path.read_text()) for path in sorted((LIBRARY / "profiles").glob("*.yaml"))}
# What an author would write where the profile leaves a number to the service, and what is surely too much of a unit.
LIMITS = {"bytes": "1GiB", "count": 1000, "s": "90m"}
TOO_MUCH = {"bytes": "3MiB", "count": 5, "s": "2s", "ms": "2s", "us": "2ms", "ratio": "40%", "percent": "40%"}


SECOND = "{email: second@example.com, smtp: {host: 'smtp.example.org:587', from: alerts@example.org}}"
# A platform that has all that a pack can ask for.
PLATFORM = spectree.PLATFORM_WITH_HEARTBEAT.replace("delivery: {", f"delivery: {{fallback: {SECOND}, ")


def signal(profile: str, job: str) -> dict[str, Any]:
    """Fill in what a profile leaves to a service: the numbers of its limits."""
    limits = {
        name: LIMITS[limit["unit"]] for name, limit in PROFILES[profile].get("limits", {}).items() if "unit" in limit
    }
    return {"profile": profile, "target": {"job": job}, "limits": limits}


def service(name: str, signals: dict[str, Any], **sections: Any) -> str:
    """Write a service."""
    head = {"service": name, "title": name.title(), "team": "backend", "target": {"job": name}}
    return yaml.safe_dump({**head, "signals": signals, **sections})


def on_a_pack(pack: dict[str, Any]) -> str:
    """Write a service that takes a pack whole, with a job of its own for each signal that the pack needs."""
    signals = {key: signal(profile, f"{pack['pack']}-{key}") for key, profile in pack["needs"].items()}
    use = {"packs": [pack["pack"]]}
    if "alerts" in pack:
        return service(pack["pack"], signals, alerts=use)  # its panels come with them
    return service(pack["pack"], signals, alerts={}, dashboards=use)


def on_a_profile(name: str) -> str:
    """Write a service with a panel and an alert for every metric of a profile, whole and in each of its classes."""
    alerts: dict[str, Any] = {}
    panels = []
    for title, role, condition, view in readings(PROFILES[name]):
        rest = {"signal": "it", "for": "1m", "severity": "Info", "summary": title}
        alerts[f"Read{len(alerts)}"] = {**rest, "metric": role, **condition}
        panels.append({"title": title, "signal": "it", "help": title, **view})
    return service(name, {"it": signal(name, name)}, alerts={"own": alerts}, dashboards={"own": panels})


def readings(profile: dict[str, Any]) -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """List for each metric, and each class that it can be split by: a title, its role, a condition and a view."""
    found = []
    for role, metric in profile["metrics"].items():
        carried = set(metric.get("labels", []))
        classes = [name for name, entry in profile.get("classes", {}).items() if entry["label"] in carried]
        above, metrics = TOO_MUCH[metric.get("unit", "count")], [role]
        if metric["type"] == "histogram":
            found.append((role, role, {"kind": "latency_mean", "above": above}, {"kind": "mean", "metric": role}))
            continue
        kinds = {"counter": ("event_rate", "rate", "5/min"), "gauge": ("level", "level", above)}
        condition, view, limit = kinds[metric["type"]]
        for where in (None, *classes):
            of = {} if where is None else {"where": where}
            shown = {"kind": view, "metrics": metrics, **of}
            found.append((f"{role} {where or ''}".strip(), role, {"kind": condition, "above": limit, **of}, shown))
    return found


def compiled(folder: Path, name: str, text: str) -> Bundle:
    """Compile a tree with this service alone."""
    files = {"platform.yaml": PLATFORM, f"services/{name}.yaml": text}
    return spectree.compile_tree(spectree.write_tree(folder, files))


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_every_pack_compiles_and_both_generations_prove_its_alerts(tmp_path: Path, path: Path) -> None:
    pack = parsed(path.read_text())
    bundle = compiled(tmp_path, pack["pack"], on_a_pack(pack))
    panels = {panel.title for dashboard in bundle.services[0].dashboards for panel in dashboard.all_panels()}
    assert {panel["title"] for panel in pack.get("panels", [])} <= panels
    assert {alert.name for alert in bundle.alerts if alert.area == pack["pack"]} == pack.get("alerts", {}).keys()
    for generation in GENERATIONS if "alerts" in pack else ():
        assert spectree.run_promtool(bundle, tmp_path / generation, generation, area=pack["pack"]) == ""


@pytest.mark.parametrize("name", PROFILES)
def test_every_metric_and_class_of_a_profile_can_be_read(tmp_path: Path, name: str) -> None:
    bundle = compiled(tmp_path, name, on_a_profile(name))
    assert {role for alert in bundle.alerts if alert.area == "own" for role in alert.metrics} == set(
        PROFILES[name]["metrics"]
    )
    assert spectree.run_promtool(bundle, tmp_path / "out", "oldest", area="own") == ""
