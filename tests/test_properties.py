"""What must hold for any spec tree: no traceback, no half-written output, no order that matters, no injection."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import spectree
from condition_cases import CASES
from watchbill import pipeline
from watchbill.conditions import kinds
from watchbill.errors import WatchbillError
from watchbill.link import link
from watchbill.lower import lower
from watchbill.model.bundle import Bundle
from watchbill.outputs import render
from watchbill.promql import Matcher, selections
from watchbill.source import read_tree
from watchbill.tools import GENERATIONS, generation

REST = "signal: kit, severity: P1, action: Look, summary: Something is wrong"
OWN = {
    kind.replace("_", " ").title().replace(" ", ""): f"kind: {kind}, {cases[0]}, "
    + (REST.replace("P1", "Info") if kinds()[kind].heartbeat else REST)
    for kind, cases in CASES.items()
}
PACK = """\
pack: own
title: Own
needs: {kit: kit}
dashboard: own
alerts:
  PackedHigh: {signal: kit, kind: level, metric: load, above: 5, for: 1m, severity: Info, summary: High}
  PackedLow: {signal: kit, kind: level, metric: load, below: 1, for: 1m, severity: Info, summary: Low}
"""
SERVICE = spectree.service(OWN).replace(
    "alerts:\n",
    "alerts:\n  packs: [own]\n  override: {PackedHigh: {above: 6, why: Bigger}}\n  drop: {PackedLow: Never}\n",
)
SLOS = """\
slos:
  orders: {title: Orders, signal: kit, kind: availability, objective: 99.9%, per: [route], impact: Bad, action: Look}
  speed: {title: Speed, signal: kit, kind: latency, within: 250ms, objective: 95%, impact: Bad, action: Look}
  room: {title: Room, signal: kit, kind: threshold, metric: filled, at_most: 9%, objective: 99%, impact: A, action: B}
"""
SCRAPE = "scrape:\n  shop: {interval: 15s, targets: {production: ['localhost:8000'], staging: ['localhost:8001']}}\n"
TREE = {
    "platform.yaml": spectree.PLATFORM_WITH_HEARTBEAT.replace("{team: backend}", "{team: backend, retention: 35d}"),
    "profiles/kit.yaml": spectree.KIT,
    "packs/own.yaml": PACK,
    "services/shop.yaml": SERVICE.replace("signals:\n", SCRAPE + SLOS + "signals:\n", 1),
}
FILES = st.sampled_from(sorted(TREE))
NUMBERS = [0, -1, 10**40, 1e308, 0.1]
TEXTS = ["", " ", "x" * 1000, "\n", "{{ $value }}", "'\"\\", "日本\u0301", "kit", "load", "production", "0x10", "1"]
QUANTITIES = ["5%", "500ms", "-5m", "1e999", "999999999d", "100000000000000TiB", "p99"]
EXPRESSIONS = ["sum(", "load @ 5", '{__name__="load"}', "load offset -1d", "up[5m]", "rate(load[1h:])", "time()", "'x'"]
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, [], {}, [[]], {"a": None}, *NUMBERS, *TEXTS, *QUANTITIES, *EXPRESSIONS]
)
# These compile whole trees hundreds of times, and counting lines triples the time of each.
pytestmark = pytest.mark.no_cover
LIMITS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@contextmanager
def tree(files: dict[str, str]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        spectree.write_tree(Path(folder), files)
        yield Path(folder)


def compiles(files: dict[str, str]) -> bool:
    """Compile and render; any other error fails the test."""
    with tree(files) as folder:
        try:
            pipeline.rendered(pipeline.compile_specs(folder / "specs").bundle)
        except WatchbillError:
            return False
        return True


def test_the_tree_that_is_mutated_is_valid() -> None:
    assert compiles(TREE)


@st.composite
def mutated_texts(draw: st.DrawFn) -> dict[str, str]:
    """Change characters and lines."""
    path = draw(FILES)
    text = TREE[path]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        stop = min(len(text), start + draw(st.integers(0, 12)))
        put = draw(
            st.one_of(
                st.text(max_size=4), st.sampled_from([text[stop : stop + 40], ": ", "- ", "\n", "{", "&a ", "*a"])
            )
        )
        text = text[:start] + put + text[stop:]
    return TREE | {path: text}


@st.composite
def mutated_trees(draw: st.DrawFn) -> dict[str, str]:
    """Change keys, values and structure, and leave it YAML."""
    path = draw(FILES)
    data = yaml.safe_load(TREE[path])
    for _ in range(draw(st.integers(1, 3))):
        parent, key = draw(st.sampled_from(_entries(data)))
        _mutate(draw, parent, key, draw(st.sampled_from(_entries(data))))
        if not data:
            break
    return TREE | {path: yaml.safe_dump(data, sort_keys=False, allow_unicode=True)}


def _entries(node: Any) -> list[tuple[Any, Any]]:
    """List every place below a node, as its parent and key."""
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else []
    return [(node, key) for key in keys] + [entry for key in keys for entry in _entries(node[key])]


def _mutate(draw: st.DrawFn, parent: Any, key: Any, elsewhere: tuple[Any, Any]) -> None:
    other = yaml.safe_load(yaml.safe_dump(elsewhere[0][elsewhere[1]]))
    match draw(st.sampled_from(["delete", "junk", "rename", "copy", "wrap", "insert"])):
        case "delete":
            del parent[key]
        case "junk":
            parent[key] = draw(JUNK)
        case "rename" if isinstance(parent, dict):
            name = draw(st.one_of(st.text(min_size=1, max_size=8), st.just(elsewhere[1])))
            parent[str(name)] = parent.pop(key)
        case "copy":
            parent[key] = other
        case "wrap":
            parent[key] = [parent[key]]
        case _ if isinstance(parent, dict):
            parent[str(elsewhere[1])] = other


@settings(LIMITS, max_examples=100)
@given(mutated_texts())
def test_changed_characters_give_output_or_diagnostics(files: dict[str, str]) -> None:
    compiles(files)


@settings(LIMITS, max_examples=150)
@given(mutated_trees())
def test_changed_structure_gives_output_or_diagnostics(files: dict[str, str]) -> None:
    compiles(files)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish the valid tree once, checked by the newest promtool."""
    folder = tmp_path_factory.mktemp("published")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WATCHBILL_PROMTOOL", str(generation("newest").promtool))
        pipeline.generate(spectree.write_tree(folder, TREE), folder / "out", say=print)
    return folder


@settings(LIMITS, max_examples=25)
@given(mutated_trees())
def test_a_failed_run_leaves_the_output_alone(published: Path, files: dict[str, str]) -> None:
    def content() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted((published / "out").rglob("*")) if path.is_file()}

    before = content()
    specs = spectree.write_tree(published, files)
    try:
        pipeline.rendered(pipeline.compile_specs(specs).bundle)
    except WatchbillError:
        with pytest.raises(WatchbillError):
            pipeline.generate(specs, published / "out", say=print)
    assert content() == before


def _shuffled(node: Any, rng: random.Random) -> Any:
    if isinstance(node, list):
        return [_shuffled(item, rng) for item in node]
    if not isinstance(node, dict):
        return node
    keys = list(node)
    rng.shuffle(keys)
    return {key: _shuffled(node[key], rng) for key in keys}


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_files_and_keys_changes_no_byte(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 (not for secrets)
    shuffled = {
        path: yaml.safe_dump(_shuffled(yaml.safe_load(text), rng), sort_keys=False) for path, text in TREE.items()
    }
    with tree(TREE) as straight, tree(shuffled) as folder:
        documents = list(read_tree(folder / "specs"))
        rng.shuffle(documents)
        assert render(lower(link(documents))) == render(spectree.compile_tree(straight / "specs"))


HOSTILE = st.text(st.sampled_from("ab\"'\\{}[]()$%^*+?.|=~!,#`\n\t é日😀"), min_size=1, max_size=12).filter(str.strip)


def _hostile_tree(job: str, zone: str, route: str) -> dict[str, str]:
    profile = yaml.safe_load(spectree.KIT)
    profile["labels"]["route"]["example"] = route
    service = yaml.safe_load(TREE["services/shop.yaml"])
    del service["scrape"]
    service["target"] = {"job": job, "zone": zone}
    service["signals"]["kit"]["classes"] = {"open": zone, "5xx": route}
    return TREE | {
        "profiles/kit.yaml": yaml.safe_dump(profile),
        "services/shop.yaml": yaml.safe_dump(service, sort_keys=False),
    }


def _compiled(files: dict[str, str]) -> Bundle:
    with tree(files) as folder:
        return spectree.compile_tree(folder / "specs")


Shape: TypeAlias = "list[list[tuple[str | None, list[tuple[str, str, str]]]]]"


def _shape(bundle: Bundle, values: dict[tuple[str, str], str]) -> Shape:
    """Reduce every rule to its selectors, with values replaced by what they stand for."""

    def name(matcher: Matcher) -> tuple[str, str, str]:
        # another definition has another checksum
        known = "SLI" if matcher.label == "sli" else values.get((matcher.label, matcher.value), matcher.value)
        return (matcher.label, matcher.op, known)

    return [
        [(found.metric, sorted(name(m) for m in found.matchers)) for found in selections(rule.expr)]
        for alert in bundle.alerts
        for rule in alert.rules
    ]


@cache
def _usual_shape() -> Shape:
    usual = ("shop", "east", "503")
    return _shape(_compiled(_hostile_tree(*usual)), _stand_ins(*usual))


def _stand_ins(job: str, zone: str, route: str) -> dict[tuple[str, str], str]:
    return {("job", job): "JOB", ("zone", zone): "ZONE", ("state", zone): "OPEN", ("status_code", route): "5XX"}


@settings(LIMITS, max_examples=40)
@given(HOSTILE, HOSTILE, HOSTILE)
@example('"} or vector(1) #', "{{ $value }}", "\\")
@example('a\\"', "\n", "`")
def test_label_values_never_change_an_expression(job: str, zone: str, route: str) -> None:
    if not zone.strip():
        zone = "."
    found = _shape(_compiled(_hostile_tree(job, zone, route)), _stand_ins(job, zone, route))
    assert found == _usual_shape()


@pytest.mark.parametrize("generation_name", GENERATIONS)
@pytest.mark.parametrize("values", [('"} or vector(1) #', "{{ $value }}", "a\\b"), ("a\nb", "日本 'x'", '{{ "}}" }}')])
def test_promtool_reads_label_values_as_they_were_written(
    tmp_path: Path, values: tuple[str, str, str], generation_name: str
) -> None:
    specs = spectree.write_tree(tmp_path, _hostile_tree(*values))
    assert spectree.run_promtool(spectree.compile_tree(specs), tmp_path / "out", generation_name, area="own") == ""
