"""Series are found for any counters of an author that can tell good from bad, and refused where none can."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest

import spectree
from watchbill.model.examples import SourceCounter

SLO = """\
slos:
  own:
    {{title: Own, signal: kit, kind: events, total: '{total}', {good}: '{text}', noun: jobs, good_is: that work,
     objective: 99%, period: 14d, impact: Users suffer, action: Look at it}}
alerts:
"""
LOAD = "signal: kit, kind: level, metric: load, above: 5, for: 5m, severity: Info, summary: High"


def tree(folder: Path, total: str, good: str, text: str) -> Path:
    written = spectree.service({"LoadHigh": LOAD}).replace("alerts:\n", SLO.format(total=total, good=good, text=text))
    return spectree.write_tree(folder, {"services/shop.yaml": written})


def moved(counters: Iterable[SourceCounter]) -> dict[str, tuple[Decimal, Decimal]]:
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for counter in counters:
        labels = ",".join(f"{label}={value}" for label, value in counter.labels if label != "instance")
        key = f"{counter.metric}{{{labels}}}"
        good, bad = found.get(key, (Decimal(0), Decimal(0)))
        found[key] = (good + counter.good, bad + counter.bad)
    return found


@pytest.mark.parametrize(
    ("total", "good", "text", "expected"),
    [
        ("hits + misses", "good", "hits", {"hits{}": (1, 0), "misses{}": (0, 1)}),
        ("work", "bad", "failed", {"work{}": (1, 1), "failed{}": (0, 1)}),
        ("work", "good", "work - failed", {"work{}": (1, 1), "failed{}": (0, 1)}),
        ("x", "bad", 'x{code="5"}', {"x{code=5}": (0, 1), "x{code=other}": (1, 0)}),
        ("x", "good", 'x{code!="5"}', {"x{code=5}": (0, 1), "x{code=other}": (1, 0)}),
        ("x", "bad", 'x{code=~"5|6"}', {"x{code=5}": (0, 1), "x{code=other}": (1, 0)}),
    ],
)
def test_good_events_count_once_and_bad_ones_as_bad(
    total: str, good: str, text: str, expected: dict[str, tuple[int, int]], tmp_path: Path
) -> None:
    bundle = spectree.compile_tree(tree(tmp_path, total, good, text))
    (slo,) = bundle.services[0].slos
    assert slo.sli_source is not None
    assert moved(slo.sli_source.counters) == {key: tuple(map(Decimal, each)) for key, each in expected.items()}


@pytest.mark.parametrize(
    ("total", "good", "text", "said"),
    [
        ("x", "good", "x", "nothing that these count could ever be bad"),
        ("x", "bad", "x", "nothing that these count could ever be good"),
        ("x", "bad", 'x{code=~"[45].."}', "no example of code matches [45].."),
    ],
)
def test_what_no_series_can_show_is_refused(total: str, good: str, text: str, said: str, tmp_path: Path) -> None:
    tree(tmp_path, total, good, text)
    notified = spectree.run(tmp_path, "generate")
    assert notified.code == 1
    assert said in notified.stderr
