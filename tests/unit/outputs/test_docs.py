from __future__ import annotations

import dataclasses
import html
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown import markdown  # type: ignore[import-untyped]  # ships no type information

from audited import compiled
from prosetree import REST, WHOLE, decision, runbook
from prosetree import compiled as prose_compiled
from spectree import compile_tree, write_tree
from watchbill import outputs as targets
from watchbill.model.bundle import Bundle
from watchbill.outputs import catalog
from watchbill.outputs.docs import code, inline, render

DURATION = """\
`web_duration_seconds`
:   histogram in seconds: How long a request takes

    - series ending in: `_bucket`, `_count`
    - bucket edges: `0.5`
    - read by: [TooSlow](../alerts/shop/TooSlow.md)
"""
REQUESTS = """\
`web_requests_total`
:   counter: Requests

    - labels: `route`
    - a series with `status=~"5.."`, such as `503`
    - read by: [TooManyErrors](../alerts/shop/TooManyErrors.md)
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return compiled(tmp_path_factory.mktemp("tree"))


def in_cell(content: str) -> str:
    """Return the one cell of a table as a browser would show it."""
    page: str = markdown(f"| a | b |\n|---|---|\n| {content} | end |\n", extensions=["tables", "attr_list"])
    assert page.count("<td>") == 2, page
    return page.partition("<td>")[2].partition("</td>")[0]


def test_there_is_a_page_for_everything_that_an_alert_can_be_found_by(bundle: Bundle) -> None:
    made = {path for path in render(bundle) if path.endswith(".md")}
    alerts = {f"docs/alerts/shop/{alert.name}.md" for alert in bundle.alerts}
    assert made - alerts == {
        "docs/alerts/index.md",
        "docs/index.md",
        "docs/metrics/shop.md",
        "docs/routing.md",
        "docs/services/shop.md",
        "docs/severities/P1.md",
        "docs/symptoms.md",
        "docs/teams/backend.md",
    }
    assert alerts < made


def test_pages_are_the_same_on_every_run(bundle: Bundle, tmp_path: Path) -> None:
    assert render(bundle) == render(compiled(tmp_path))


def test_navigation_names_every_page(bundle: Bundle) -> None:
    tree = targets.render(bundle)
    pages = {path.removeprefix("docs/") for path in tree if path.endswith(".md")}
    assert set(re.findall(r"[\w/-]+\.md", tree["mkdocs.nav.yml"])) == pages | {"reference/README.md"}


def test_home_page_links_each_service(bundle: Bundle) -> None:
    assert "| [Shop](services/shop.md) | [Backend](teams/backend.md) | 0 | 7 | 0 |" in render(bundle)["docs/index.md"]


@pytest.mark.parametrize(
    "expected",
    [
        'Found by `{job="shop",shard="a"}`.',
        DURATION,
        REQUESTS,
        "1 for the state &#124; it is in",
        "## Optional metrics\n\nThe profiles know these too, and no alert reads them.\n\n",
        "`web_spare_total`\n:   counter: Nobody reads it\n",
        "watchbill audit --service shop --metrics shop.prom\n```\n",
    ],
)
def test_page_of_metrics_says_what_alerts_need(bundle: Bundle, expected: str) -> None:
    assert expected in render(bundle)["docs/metrics/shop.md"]


def test_navigation_of_no_service_has_no_empty_section(bundle: Bundle) -> None:
    empty = render(dataclasses.replace(bundle, services=()))
    assert "Services" not in empty["mkdocs.nav.yml"]


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"])) | st.text(alphabet="a |`*_[]{}<>&\\\"'!#(:.~-"))
def test_any_text_stays_itself_in_a_cell(text: str) -> None:
    shown = in_cell(inline(text))
    assert "<" not in shown


@given(st.text(alphabet="a |`*_[]{}<>&\\\"'!#(:.~-", min_size=1))
def test_any_code_stays_one_piece_of_code_in_a_cell(text: str) -> None:
    shown = in_cell(code(text))
    assert shown.count("<") == 2
    assert shown.startswith("<code>")
    assert shown.endswith("</code>")


def test_page_of_objectives_says_what_is_promised_and_when_it_tells(tmp_path: Path) -> None:
    case = Path(__file__).parents[2] / "cases/objectives/availability"
    files = {"platform.yaml": "platform.yaml", "services/shop.yaml": "service.yaml"}
    specs = write_tree(tmp_path, {place: (case / name).read_text() for place, name in files.items()})
    tree = render(compile_tree(specs))
    page = tree["docs/objectives.md"]
    assert "](slos/shop/orders.md)\n:   99.95% of requests over 30 days are good: those that" in page
    page = tree["docs/slos/shop/orders.md"]
    assert "99.95% of requests over 30 days are good: those that are not 5xx.\n" in page
    assert "Gone in\n:   2 days 2 hours at 0.72% bad, where it begins to fire over 1 hour\n" in page
    assert "Budget\n:   0.05% of requests may be bad: 500 of a million, or 21 minutes 36 seconds" in page
    assert (
        "Pages\n:   above 0.72% bad over 1 hour and over 5 minutes (14.4x, the whole budget in 2 days 2 hours)" in page
    )
    assert (
        "- Objectives:\n  - objectives.md\n  - Shop:\n    - Orders: slos/shop/orders.md\n" in (tree["mkdocs.nav.yml"])
    )


def test_where_nothing_is_promised_there_is_no_page_of_objectives(bundle: Bundle) -> None:
    assert "objectives" not in "".join(render(bundle))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    own = "It is above {{ alert('shop/LoadHigh').threshold }} on `{{ this.service }}`"
    own += " for {{ this.for }}, {{ this.team }}."
    books = {
        "runbooks/RB-001-load.md": runbook(
            meaning=own, impact="See {{ runbook('RB-002').link }}", more="formerly: [RB-007]\n"
        ),
        "runbooks/RB-002-rest.md": runbook(2, alerts=REST, severity="P1", meaning="[other](RB-001-load.md#impact)"),
        "adr/ADR-020-cqrs.md": decision(text="See [the runbook](../runbooks/RB-001-load.md)."),
    }
    cited = "renamed: {LoadTooHigh: LoadHigh}\n"
    return render(prose_compiled(tmp_path_factory.mktemp("prose"), books, more=cited))


@pytest.fixture(scope="module")
def assuming(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    flag, route = "FLAG_<A>: a switch", '"POST /api/<id>": it stops'
    step = "```sh\nset FLAG_<A>=off\ncurl -X POST http://localhost/api/<id>\n```"
    books = {
        "runbooks/RB-001-load.md": runbook(mitigate=step, more=f"assumes: {{{route}, {flag}}}\n"),
        "runbooks/RB-002-rest.md": runbook(2, alerts=REST, severity="P1", resolve=step, more=f"assumes: {{{flag}}}\n"),
    }
    return render(prose_compiled(tmp_path_factory.mktemp("assumes"), books))


def test_what_the_commands_assume_stands_behind_all_steps(assuming: dict[str, str]) -> None:
    for place in ("docs/alerts/shop/LoadHigh.md", "docs/runbooks/RB-001.md"):
        _, _, after = assuming[place].partition("## After")
        assert "- <code>FLAG\\_&lt;A&gt;</code>: a switch\n- <code>POST /api/&lt;id&gt;</code>: it stops\n" in after


def test_one_page_gathers_what_all_runbooks_assume_and_is_found(assuming: dict[str, str]) -> None:
    _, _, listed = assuming["docs/runbooks/assumptions.md"].partition("## Backend\n")
    assert [line for line in listed.splitlines() if line.startswith("- ")] == [
        "- <code>FLAG\\_&lt;A&gt;</code>: a switch ([RB-001](RB-001.md), [RB-002](RB-002.md))",
        "- <code>POST /api/&lt;id&gt;</code>: it stops ([RB-001](RB-001.md))",
    ]
    assert "(assumptions.md)" in assuming["docs/runbooks/index.md"]
    assert "What they assume: runbooks/assumptions.md" in assuming["mkdocs.nav.yml"]


def test_nothing_tells_of_what_is_assumed_where_nothing_is(written: dict[str, str]) -> None:
    assert not [path for path, text in written.items() if "assum" in path or "assume" in text]


def test_prose_on_an_alerts_page_has_that_alerts_facts(written: dict[str, str]) -> None:
    page = written["docs/alerts/shop/LoadHigh.md"]
    assert "## Meaning\n\nIt is above 5 on `shop` for 5 minutes, [Backend](../../teams/backend.md).\n" in page
    assert "## Impact\n\nSee [RB-002: Book 2](../../runbooks/RB-002.md)\n" in page


def test_prose_on_a_runbooks_own_page_has_placeholders(written: dict[str, str]) -> None:
    page = written["docs/runbooks/RB-001.md"]
    assert "It is above 5 on `<service>` for <code>&lt;for&gt;</code>, <code>&lt;team&gt;</code>.\n" in page


def test_what_is_needed_first_stands_first(written: dict[str, str]) -> None:
    titles = re.findall(r"^## (.*)$", written["docs/alerts/shop/LoadHigh.md"], re.MULTILINE)
    first, rest = ["Is it real?", "Mitigate first", "Escalate"], ["Meaning", "Impact", "Diagnose", "Resolve"]
    assert titles == [*first, *rest, "Prevent", "After", "Facts"]


def test_links_between_files_of_prose_lead_to_their_pages(written: dict[str, str]) -> None:
    assert "[other](../../runbooks/RB-001.md#impact)" in written["docs/alerts/shop/HeapLarge.md"]
    assert "[other](RB-001.md#impact)" in written["docs/runbooks/RB-002.md"]
    assert "[the runbook](../runbooks/RB-001.md)" in written["docs/adr/ADR-020.md"]


def test_a_page_that_had_another_name_leaves_a_stub_that_no_list_names(written: dict[str, str]) -> None:
    stub = written["docs/alerts/shop/LoadTooHigh.md"]
    assert '<meta http-equiv="refresh" content="0; url=LoadHigh.html">' in stub
    assert '<script>location.replace("LoadHigh.html" + location.search + location.hash)</script>' in stub
    assert "url=RB-001.html" in written["docs/runbooks/RB-007.md"]
    nav, _, rest = written["mkdocs.nav.yml"].partition("not_in_nav")
    assert rest.split()[-2:] == ["/alerts/shop/LoadTooHigh.md", "/runbooks/RB-007.md"]
    assert "LoadTooHigh" not in nav


def test_a_page_says_what_it_was_called_so_that_a_search_finds_it(written: dict[str, str]) -> None:
    assert "Formerly\n:   `LoadTooHigh`\n" in written["docs/alerts/shop/LoadHigh.md"]
    assert "It was called RB-007 before." in written["docs/runbooks/RB-001.md"]


def test_facts_of_an_alert_are_on_its_page(written: dict[str, str]) -> None:
    page = written["docs/alerts/shop/LoadHigh.md"]
    for fact in (
        "Threshold\n:   above 5\n",
        "Owner\n:   [Backend](../../teams/backend.md)\n",
        ":   production: PagerDuty backend-primary, Slack #backend, backend@example.com\n",
        "Mutes\n:   [HeapLarge](HeapLarge.md), [KitMetricsAbsent](KitMetricsAbsent.md), [LoadOdd](LoadOdd.md)",
        "Spec\n:   `specs/services/shop.yaml#alerts.LoadHigh`\n",
        "https://prometheus.example.com/graph?g0.expr=max%20by",
        "silences/new?filter=%7Balertname%3D%22LoadHigh%22%2Cservice%3D%22shop%22%7D",
        "Proven by\n:   fires\n:",
    ):
        assert fact in page, fact


def test_the_catalogue_knows_runbooks_and_their_alerts(tmp_path: Path) -> None:
    bundle = prose_compiled(tmp_path, WHOLE)
    (first, second) = json.loads(catalog.render(bundle)["catalog.json"])["runbooks"]
    assert (first["id"], first["alerts"], first["file"]) == ("RB-001", ["shop/LoadHigh"], "runbooks/RB-001-load.md")
    assert first["url"] == "https://runbooks.example.com/runbooks/RB-001.html"
    assert second["alerts"] == ["shop/HeapLarge", "shop/KitMetricsAbsent", "shop/TargetDown"]


@pytest.mark.parametrize("text", ["#incidents", "- 5", "+ 5", "1. first", "12) x", "= 5", "~~~", ": x", "99.9%", "5xx"])
def test_a_text_at_the_start_of_a_line_begins_no_heading_and_no_list(text: str) -> None:
    shown = str(markdown(f"term\n:   {inline(text)}\n", extensions=["def_list", "fenced_code"]))
    assert re.findall(r"<(\w+)>", shown) == ["dl", "dt", "dd"]
    assert html.unescape(shown.partition("<dd>")[2].partition("</dd>")[0]) == text


def test_an_alert_without_a_runbook_says_so_and_why_it_may(tmp_path: Path) -> None:
    until = datetime.now(tz=UTC).date() + timedelta(days=30)
    books = {"runbooks/RB-001-load.md": runbook(alerts='["*/Load*", "*/T*", "*/K*"]')}
    more = f'without_runbook: {{HeapLarge: {{until: "{until}", why: the heap is new}}}}\n'
    page = render(prose_compiled(tmp_path, books, more=more))["docs/alerts/shop/HeapLarge.md"]
    assert f'!!! note "No runbook yet"\n    Until {until}: the heap is new\n' in page


def test_what_a_service_needs_is_listed_with_the_most_urgent_that_tells_of_it(tmp_path: Path) -> None:
    bundle = prose_compiled(tmp_path, WHOLE, more="needs: {Disks: [kit], The sky: []}\n")
    written = render(bundle)
    for page, up in (("docs/services/shop.md", "../alerts/shop"), ("docs/alerts/shop/HeapLarge.md", ".")):
        text = written[page].replace("](LoadHigh", "](./LoadHigh")
        assert f":   Disks: [LoadHigh]({up}/LoadHigh.md)\n:   The sky: no alert of ours watches it\n" in text


FALL = """\
drill: fall
title: The load | rises
breaks: [shop/LoadHigh]
flaps: {broken: 45s, healthy: 15s, times: 3}
expect:
  notified: [shop/LoadHigh]
  muted: [shop/LoadOdd]
  quiet: [shop/HeapLarge]
  incidents: {backend: 1}
"""


@pytest.fixture(scope="module")
def drilled(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return prose_compiled(tmp_path_factory.mktemp("drilled"), WHOLE | {"specs/drills/fall.yaml": FALL})


@pytest.mark.parametrize(
    ("alert", "expected"), [("LoadHigh", "notified"), ("LoadOdd", "muted"), ("HeapLarge", "quiet")]
)
def test_a_page_lists_the_drills_that_name_its_alert_and_what_they_expect(
    drilled: Bundle, alert: str, expected: str
) -> None:
    page = render(drilled)[f"docs/alerts/shop/{alert}.md"]
    assert (
        f"Drilled by\n:   [The load &#124; rises](../../drills.md#fall): {expected}; Backend sees 1 incident; "
        f"`watchbill drill fall`\n:   itself: `watchbill drill shop/{alert}`\n"
    ) in page


def test_an_alert_that_no_drill_names_is_drilled_by_itself(drilled: Bundle) -> None:
    page = render(drilled)["docs/alerts/shop/TargetDown.md"]
    assert "Drilled by\n:   itself: `watchbill drill shop/TargetDown`\n" in page


def test_the_page_of_drills_says_what_each_breaks_and_expects(drilled: Bundle) -> None:
    tree = render(drilled)
    for part in (
        "## The load &#124; rises { #fall }\n",
        "Breaks\n:   [shop/LoadHigh](alerts/shop/LoadHigh.md)\n",
        "Muted\n:   [shop/LoadOdd](alerts/shop/LoadOdd.md)\n",
        "Wakes\n:   Backend sees 1 incident\n",
        "Also\n:   the fault is there for 45 seconds and gone for 15 seconds, 3 times\n",
        "Spec\n:   `specs/drills/fall.yaml`\n",
    ):
        assert part in tree["docs/drills.md"], part
    assert "Fire drills: drills.md" in tree["mkdocs.nav.yml"]


def test_the_catalogue_knows_drills_and_which_alerts_they_name(drilled: Bundle) -> None:
    content = json.loads(catalog.render(drilled)["catalog.json"])
    named = {alert["name"]: alert["drills"] for alert in content["alerts"] if alert["drills"]}
    assert named == {"LoadHigh": ["fall"], "LoadOdd": ["fall"], "HeapLarge": ["fall"]}
    (drill,) = content["drills"]
    assert (drill["name"], drill["told"], drill["incidents"]) == ("fall", ["shop/LoadHigh"], {"backend": 1})


def test_without_drills_there_is_no_page_of_them(written: dict[str, str]) -> None:
    assert "docs/drills.md" not in written
    assert "drills" not in written["mkdocs.nav.yml"]
