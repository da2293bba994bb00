"""Prose for one service only: who reads it, how a page for all readers shows it, and what may not stand elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from prosetree import REST, runbook
from spectree import write_tree
from watchbill.errors import SpecError
from watchbill.outputs.docs import render
from watchbill.pipeline import compile_specs

LOAD = "runbooks/RB-001-load.md"
MEANING = 11  # the line of the first section's text
_SERVICE = """\
service: {name}
title: {title}
team: backend
target: {{job: {name}}}
scrape:
  {name}:
    targets: {{production: [{name}-1.example.com:8000]}}
  {name}-db:
    targets: {{production: [{name}-primary.example.com:9187]}}
signals:
  kit: {{profile: kit, limits: {{memory: 512MiB, cores: 2, window: 90m}}}}
alerts:
  own:
    LoadHigh: {{signal: kit, kind: level, metric: load, above: 5, for: 5m, severity: P0, summary: Load, action: Look}}
    HeapLarge: {{signal: kit, kind: level, metric: heap, above: 1GiB, for: 9m, severity: P1, summary: H, action: A}}
"""
BOTH = "[shop/LoadHigh, store/LoadHigh]"


def _tree(root: Path, *, more: str = "", meaning: str = "All.") -> Path:
    specs = write_tree(
        root,
        {
            "services/shop.yaml": _SERVICE.format(name="shop", title="Shop"),
            "services/store.yaml": _SERVICE.format(name="store", title="The Store"),
        },
    )
    rest = REST.replace("shop/HeapLarge", '"*/HeapLarge"')
    books = {
        LOAD: runbook(alerts=BOTH, more=more, meaning=meaning),
        "runbooks/RB-002-rest.md": runbook(2, alerts=rest, severity="P1"),
    }
    for name, text in books.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return specs


def _faults(root: Path, meaning: str) -> list[str]:
    try:
        compile_specs(_tree(root, meaning=meaning))
    except SpecError as error:
        return [str(diagnostic).removeprefix(f"{root}/") for diagnostic in error.diagnostics]
    return []


def _pages(root: Path, text: str) -> Mapping[str, str]:
    """Render the pages on which a text stands, by service; "" is the runbook's own."""
    pages = render(compile_specs(_tree(root, meaning=text)).bundle)
    found = {name: pages[f"docs/alerts/{name}/LoadHigh.md"] for name in ("shop", "store")}
    found[""] = pages["docs/runbooks/RB-001.md"]
    return {name: page.partition("## Meaning\n")[2].partition("\n## ")[0].strip() for name, page in found.items()}


@pytest.mark.parametrize(
    ("text", "shop", "store", "shared"),
    [
        pytest.param(
            "For all. {% only shop %}Go `home`.{% endonly %} End.",
            "For all. Go `home`. End.",
            "For all.  End.",
            "For all. *Shop only:* Go `home`. End.",
            id="within a line",
        ),
        pytest.param(
            "1. **A**\n\n{% only store %}\n2. **B**\n\n    more\n{% endonly %}\n\n3. **C**",
            "1. **A**\n\n\n3. **C**",
            "1. **A**\n\n2. **B**\n\n    more\n\n3. **C**",
            "1. **A**\n\n2. *The Store only:* **B**\n\n    more\n\n3. **C**",
            id="a step",
        ),
        pytest.param(
            "| A | B |\n|---|---|\n{% only shop %}\n| c | d |\n| e | f |\n{% endonly %}\n| g | h |",
            "| A | B |\n|---|---|\n| c | d |\n| e | f |\n| g | h |",
            "| A | B |\n|---|---|\n| g | h |",
            "| A | B |\n|---|---|\n| *Shop only:* c | d |\n| *Shop only:* e | f |\n| g | h |",
            id="rows",
        ),
        pytest.param(
            "```bash\nls\n{% only shop %}\n  cd\n{% endonly %}\ndf\n```",
            "```bash\nls\n  cd\ndf\n```",
            "```bash\nls\ndf\n```",
            "```bash\nls\n  # Shop only:\n  cd\n  # end of Shop only\ndf\n```",
            id="lines of code",
        ),
        pytest.param(
            "{% only shop %}\n```bash\n\nls\n```\n\nOne.\n\nTwo.\n{% endonly %}\n\n"
            "{% only shop, store %}\nAll.\n{% endonly %}",
            "```bash\n\nls\n```\n\nOne.\n\nTwo.\n\nAll.",
            "All.",
            "*Shop only:*\n\n```bash\n\nls\n```\n\n*Shop only:* One.\n\n*Shop only:* Two.\n\n"
            "*Shop and The Store only:* All.",
            id="blocks",
        ),
        pytest.param(
            "All.\n\n{% only store %}\n| A | B |\n|---|---|\n| c | {{ this.service }} |\n{% endonly %}",
            "All.",
            "All.\n\n| A | B |\n|---|---|\n| c | store |",
            "All.\n\n*The Store only:*\n\n| A | B |\n|---|---|\n| c | <code>&lt;service&gt;</code> |",
            id="a whole table with a fact",
        ),
    ],
)
def test_a_passage_shows_on_its_services_pages_and_is_named_where_all_read(
    tmp_path: Path, text: str, shop: str, store: str, shared: str
) -> None:
    assert _pages(tmp_path, text) == {"shop": shop, "store": store, "": shared}


def test_what_only_one_service_assumes_is_listed_for_it_only(tmp_path: Path) -> None:
    text = "{% only shop %}`set SHOP_FLAG=off`{% endonly %} and `set BOTH=off`"
    specs = _tree(tmp_path, meaning=text, more="assumes:\n  SHOP_FLAG: switches\n  BOTH: switches all\n")
    pages = render(compile_specs(specs).bundle)
    listed = {
        name: [word for word in ("`SHOP_FLAG`:", "`BOTH`:") if word in pages[f"docs/{name}.md"]]
        for name in ("alerts/shop/LoadHigh", "alerts/store/LoadHigh", "runbooks/RB-001")
    }
    both = ["`SHOP_FLAG`:", "`BOTH`:"]
    assert listed == {"alerts/shop/LoadHigh": both, "alerts/store/LoadHigh": ["`BOTH`:"], "runbooks/RB-001": both}


@pytest.mark.parametrize(
    ("text", "place", "complaint"),
    [
        ("a {% only shop %}b", "0:3", "the passage does not end; write {% endonly %}"),
        ("a{% endonly %}", "0:2", "no passage ends here"),
        ("{% only shop %}{% only store %}a{% endonly %}{% endonly %}", "0:16", "a passage begins within another"),
        ("a {% only shp %}b{% endonly %}", "0:3", 'no alert of "shp" leads to this runbook; use "shop"'),
        ("`a {% only shop %}b{% endonly %}`", "0:4", "cuts a section or a piece of code in two"),
        ("{% only shop %}`a{% endonly %} b`", "0:1", "cuts a section or a piece of code in two"),
        ("```\n{% only shop %}\na\n```\n{% endonly %}", "1:1", "cuts a section or a piece of code in two"),
        ("a\n\n{% only shop %}\n## Impact\n{% endonly %}", "2:1", "cuts a section or a piece of code in two"),
        ("{% only shop %}a{% endonly %}", "-1:1", '"Meaning" says nothing on the pages of store'),
        ("{% only shop | upper %}a{% endonly %}", "0:1", "no statements but {% only %}"),
        ("a{% only shop %}{{ this.colour }}{% endonly %}", "0:17", 'this has no "colour"'),
    ],
)
def test_a_wrong_passage_is_told_at_its_place(tmp_path: Path, text: str, place: str, complaint: str) -> None:
    line, column = place.split(":")
    found = _faults(tmp_path, text)
    assert any(one.startswith(f"{LOAD}:{MEANING + int(line)}:{column}: ") and complaint in one for one in found), found


ELSEWHERE = [
    ("`kubectl rollout undo statefulset/store`", 35),
    ("`kubectl -n x delete pod store-1`", 26),
    ("```bash\nssh store-primary.example.com 'systemctl stop x'\n```", 5),
    ("`psql -h store-primary -c x`", 10),
    ("`curl -X POST http://store-1.example.com:8000/pause`", 22),
    ("`kubectl top pod -l 'app in (shop, store)'`", 36),
    ("`kubectl annotate ingress store x=y`", 27),
    ("```bash\npromtool query instant http://p 'load{job=\"store\"}'\n```", 44),
    ("```bash\npromtool query instant http://p 'load{job=~\".*e\"}'\n```", 34),
    ("```bash\npromtool query instant http://p 'sum(heap_bytes)'\n```", 34),
    ("```bash\npromtool query instant http://p 'up{job=~\"s.*\"}'\n```", 34),
    ("`curl store/health -X POST`", 7),
    ('`ALERTS{service!="shop"}`', 2),
]


@pytest.mark.parametrize(("text", "column"), ELSEWHERE)
def test_what_is_about_another_service_is_refused_at_its_place(tmp_path: Path, text: str, column: int) -> None:
    line = 1 if text.startswith("```") else 0
    told = [one for one in _faults(tmp_path, f"{text}\n\nAll.") if "on the page of shop/LoadHigh" in one]
    assert [one.split(": ")[0] for one in told] == [f"{LOAD}:{MEANING + line}:{column}"]
    assert "store" in told[0].split("; ")[0]


@pytest.mark.parametrize(("text", "column"), ELSEWHERE)
def test_what_is_about_another_service_may_stand_on_that_services_page(tmp_path: Path, text: str, column: int) -> None:
    whose = f"{{% only store %}}\n{text}\n{{% endonly %}}\n\nAll."
    assert not [one for one in _faults(tmp_path, whose) if "shop/LoadHigh" in one], column


@pytest.mark.parametrize(
    "text",
    [
        "The `store` needs it, as does `statefulset/store`.",
        "`kubectl rollout undo statefulset/{{ this.service }}`",
        "`curl http://localhost:8000/store/store-1`",
        "```bash\npromtool query instant http://p 'load{job=\"{{ this.job }}\"}'\n```",
        "```bash\npromtool query instant http://p 'count(up == 0) / count(up)'\n```",
        "```bash\npromtool query instant http://p 'topk(5, scrape_duration_seconds)'\n```",
        "`kubectl exec -it stores-1 -- restore`",
        "`ssh <store> reboot`",
        "`rm -r out/store/cache`",
    ],
)
def test_what_is_about_no_other_service_is_left_alone(tmp_path: Path, text: str) -> None:
    assert _faults(tmp_path, f"{text}\n\nAll.") == []


def test_a_runbook_of_one_service_touches_no_other_either(tmp_path: Path) -> None:
    _tree(tmp_path)
    (tmp_path / LOAD).write_text(runbook(alerts="[shop/LoadHigh]", meaning="`kubectl delete pod store-1`"), "utf-8")
    (tmp_path / "runbooks/RB-003-store.md").write_text(runbook(3, alerts="[store/LoadHigh]"), encoding="utf-8")
    with pytest.raises(SpecError) as refused:
        compile_specs(tmp_path / "specs")
    assert [f"{one.span.line}:{one.span.column}:{one.code}" for one in refused.value.diagnostics] == [
        f"{MEANING}:21:runbook/other-service"
    ]


def test_a_decision_has_no_passages(tmp_path: Path) -> None:
    specs = _tree(tmp_path)
    page = tmp_path / "adr/ADR-020-x.md"
    page.parent.mkdir()
    front = "---\nid: ADR-020\ntitle: Decision\nstatus: accepted\nservice: shop\ndate: 2026-01-31\n---\n"
    page.write_text(f"{front}## Context\n{{% only shop %}}a{{% endonly %}}\n", encoding="utf-8")
    with pytest.raises(SpecError) as refused:
        compile_specs(specs)
    assert [(one.span.line, one.code) for one in refused.value.diagnostics] == [(9, "prose/wrong-only")]
