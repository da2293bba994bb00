"""A page of prose takes time in proportion to its length, whatever it is made of."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date

import pytest

from prosetree import runbook
from watchbill.language.base import Diagnostics
from watchbill.prose.runbooks import read_runbooks
from watchbill.source.prose import read_page
from watchbill.source.text import Text

TODAY = date(2026, 12, 1)
MADE_OF: dict[str, Callable[[int], str]] = {
    "headings": lambda n: "\n".join(f"### Heading {i}" for i in range(n)),
    "sections": lambda n: "\n".join(f"## Section {i}" for i in range(n // 2)),
    "links to pages": lambda n: "\n".join(f"[a](RB-002-x.md#h{i})" for i in range(n)),
    "links to pages in one line": lambda n: "[a](RB-002-x.md)" * n,
    "passages": lambda n: "{% only shop %}\na\n{% endonly %}\n" * n,
    "passages in one line": lambda n: "{% only shop %}a{% endonly %}" * n,
    "notes to authors": lambda n: "<!-- a -->\n" * n,
    "code": lambda n: "    - a\n    ```\n    x\n    ```\n" * n,
    "spans of code": lambda n: "`a` " * n,
    "backticks": lambda n: "`" * 20 * n,
}


def _seconds(text: str) -> float:
    """Measure the reading of a page; the least of some tries is what the work takes, the rest is the machine's."""
    source = read_page(text, path="p.md", pointer="runbooks/RB-001-x.md")
    return _least(lambda: read_runbooks([source], ["backend"], TODAY, Diagnostics()))


def _least(work: Callable[[], object]) -> float:
    tries = []
    for _ in range(3):
        begun = time.process_time()
        work()
        tries.append(time.process_time() - begun)
    return min(tries)


@pytest.mark.parametrize("made", MADE_OF.values(), ids=MADE_OF)
def test_four_times_the_prose_takes_far_less_than_sixteen_times_as_long(made: Callable[[int], str]) -> None:
    short, long = (_seconds(runbook(meaning=made(lines))) for lines in (3_000, 12_000))
    assert long / short < 8


def test_the_places_of_all_lines_are_found_in_time_that_grows_with_the_text() -> None:
    def places(lines: int) -> Callable[[], object]:
        text = "x" * 99 + "\n"
        return lambda: _all_places(Text("p.md", text * lines), lines)

    assert _least(places(16_000)) / _least(places(4_000)) < 8


def _all_places(text: Text, lines: int) -> None:
    for line in range(lines):
        assert text.between(100 * line, 100 * line + 50).line == line + 1
