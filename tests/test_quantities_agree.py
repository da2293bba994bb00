"""What a threshold or an objective reads like: the author's own text, the same wherever people see it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

import condition_cases
import shipped
import spectree
from watchbill.explain import explain
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle
from watchbill.outputs import docs
from watchbill.words.annotations import template
from watchbill.words.annotations import texts as texts_of

PACKS = shipped.ROOT / "generator/watchbill/library/packs"
SIDES = ("above", "below")
WITHOUT_A_LINE = {"surge", "drop", "growth"}  # they compare with a past that moves, so that there is no number to draw
ITS_OWN_SENTENCE = {"promql"}
NOTHING = re.compile(r"0(\D.*)?")  # above 0 reads as "any", or as the state itself


def texts(path: Path) -> Any:
    """Read a spec with every number as the text that its author wrote."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 (builds texts only)


def limit_of(entry: Any) -> str | None:
    return next((entry[side] for side in SIDES if side in entry), None)


def written_in_shipped_specs() -> dict[str, str]:
    """Read the limit of every shipped alert from the specs as they stand, overrides before packs."""
    found: dict[str, str] = {}
    for path in sorted((shipped.SPECS / "services").glob("*.yaml")):
        spec = texts(path)
        alerts = spec["alerts"]
        entries: dict[str, Any] = {}
        for pack in alerts.get("packs", []):
            entries |= texts(PACKS / f"{pack}.yaml")["alerts"]
        for name, change in alerts.get("override", {}).items():
            if limit_of(change) is not None:
                entries[name] = entries[name] | {side: change[side] for side in SIDES if side in change}
        entries = {name: entry for name, entry in entries.items() if name not in alerts.get("drop", {})}
        entries |= alerts.get("own", {})
        for name, entry in entries.items():
            limit = limit_of(entry)
            if limit is not None and entry["kind"] not in WITHOUT_A_LINE:
                found[f"{spec['service']}/{name}"] = limit
    return found


def places(bundle: Bundle, alert: Alert) -> Iterable[tuple[str, str]]:
    """Collect what people read of an alert's threshold: the place, and its text."""
    page = docs.render(bundle)[f"docs/alerts/{alert.service}/{alert.name}.md"]
    yield "page", page[page.index("\nThreshold\n") :].split("\n\n")[0]
    lines = {line.text for board in bundle.dashboards for panel in board.all_panels() for line in panel.lines}
    own = {text for text in lines if text.startswith(f"{alert.name}: ")}
    if own:
        yield "panel", " ".join(sorted(own))
    if alert.kind not in ITS_OWN_SENTENCE:
        yield "sentence", alert.sentence
        yield "message", message(alert)
        yield "explain", re.sub(r"\s+", " ", explain(bundle, alert))


def message(alert: Alert) -> str:
    """Take what Prometheus is given to say; numbers that are measured stand in it as templates."""
    return template(texts_of(alert)["description"])


def says(text: str, limit: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(limit)}(?![\w%])", text) is not None


SHIPPED = written_in_shipped_specs()


@pytest.mark.parametrize("alert_id", sorted(SHIPPED))
def test_the_threshold_of_a_shipped_alert_reads_as_its_author_wrote_it(alert_id: str) -> None:
    bundle, limit = shipped.bundle(), SHIPPED[alert_id]
    alert = bundle.alert(alert_id)
    for place, text in places(bundle, alert):
        if not (NOTHING.fullmatch(limit) and place not in {"page", "panel"}):
            assert says(text, limit), f"{place} does not say {limit}: {text}"


def test_no_shipped_alert_with_a_threshold_is_left_out() -> None:
    with_one = {alert.id for alert in shipped.bundle().alerts if alert.threshold is not None}
    assert with_one - set(SHIPPED) == {"monitoring/RetentionTooShort"}  # its limit is the platform's retention


@pytest.mark.parametrize("kind", sorted(set(condition_cases.CASES) - WITHOUT_A_LINE))
def test_a_threshold_reads_as_written_in_every_unit(kind: str, tmp_path: Path) -> None:
    cases = {f"case-{number:02}": case for number, case in enumerate(condition_cases.CASES[kind])}
    limits = {
        name: match[1] for name, case in cases.items() if (match := re.search(r"(?<!_)(?:above|below): ([^,]+)", case))
    }
    bundle = spectree.compile_tree(spectree.write_tree(tmp_path, condition_cases.services(kind)))
    for name, limit in limits.items():
        alert = bundle.alert(f"{name}/Case")
        for place, text in places(bundle, alert):
            if not (NOTHING.fullmatch(limit) and place not in {"page", "panel"}):
                assert says(text, limit), f"{place} of {cases[name]} does not say {limit}: {text}"


@pytest.mark.parametrize("slo_id", sorted(slo.id for service in shipped.bundle().services for slo in service.slos))
def test_an_objective_reads_as_its_author_wrote_it(slo_id: str) -> None:
    bundle = shipped.bundle()
    service, name = slo_id.split("/")
    objective = texts(shipped.SPECS / f"services/{service}.yaml")["slos"][name]["objective"]
    slo = bundle.service(service).slo(name)
    panels = [panel for board in bundle.dashboards for panel in board.all_panels() if panel.title.endswith(slo.title)]
    lines = [line.text for panel in panels for line in panel.lines if line.text.startswith("objective: ")]
    read = {
        "page": docs.render(bundle)[f"docs/slos/{service}/{name}.md"],
        "explain": explain(bundle, slo),
        "panel": " ".join(lines),
    }
    burns = [alert for alert in bundle.service(service).alerts if alert.slo == name and alert.kind == "burn_rate"]
    read |= {f"message of {alert.name}": message(alert) for alert in burns}
    for place, text in read.items():
        assert says(text, objective), f"{place} does not say {objective}: {text}"


def test_only_one_module_writes_shares_and_units() -> None:
    package = shipped.ROOT / "generator/watchbill"
    elsewhere = re.compile(r"\* 100\)[^\n]{0,4}\}%|decimal_text\([^\n]*\)\}\{[\w.]*symbol|Unit\.PERCENT\)\)\}%")
    found = {
        f"{path.relative_to(package)}: {match[0]}"
        for path in package.rglob("*.py")
        if path.relative_to(package).parts[0] != "quantity" and path.name != "annotations.py"  # as Prometheus renders
        for match in elsewhere.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()
