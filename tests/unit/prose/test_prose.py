"""Runbooks and decisions as people write them: what is refused, where, and what a browser never gets to see."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown import Markdown  # type: ignore[import-untyped]  # ships no type information

from prosetree import ALERTS, REST, WHOLE, compiled, decision, diagnostics, runbook, tree
from spectree import PLATFORM, run, service, write_tree
from watchbill.errors import SpecError
from watchbill.language.base import Diagnostics
from watchbill.pipeline import compile_specs
from watchbill.prose.markdown import Markup
from watchbill.prose.page import read_page
from watchbill.site.html import read
from watchbill.source import Prose

ROOT = Path(__file__).parents[3]
LOAD = "runbooks/RB-001-load.md"
MEANING = 11  # the line of the first section's text


def in_meaning(root: Path, text: str) -> list[str]:
    return diagnostics(root, WHOLE | {LOAD: runbook(meaning=text)})


def test_a_tree_without_any_runbook_is_asked_for_none(tmp_path: Path) -> None:
    assert not compiled(tmp_path, {}).pages.begun


def test_a_readme_is_no_runbook(tmp_path: Path) -> None:
    assert not compiled(tmp_path, {"runbooks/README.md": "<b>Not ours</b>"}).pages.begun


def test_a_whole_tree_leads_every_alert_to_its_runbook(tmp_path: Path) -> None:
    led = compiled(tmp_path, WHOLE).pages.by_alert
    assert {name: book.id for name, book in led.items()} == {
        "shop/HeapLarge": "RB-002",
        "shop/KitMetricsAbsent": "RB-002",
        "shop/LoadHigh": "RB-001",
        "shop/TargetDown": "RB-002",
    }


def test_from_the_first_runbook_on_every_p0_and_p1_needs_one(tmp_path: Path) -> None:
    found = diagnostics(tmp_path, {LOAD: runbook()})
    assert [line.split("; ")[0] for line in found] == [
        "specs/services/shop.yaml:4:1: P1 shop/TargetDown has no runbook",
        "specs/services/shop.yaml:6:3: P1 shop/KitMetricsAbsent has no runbook",
        "specs/services/shop.yaml:10:5: P1 shop/HeapLarge has no runbook",
    ]


def test_a_runbook_that_names_an_alert_goes_before_a_pattern(tmp_path: Path) -> None:
    books = {LOAD: runbook(), "runbooks/RB-002-rest.md": runbook(2, alerts='["shop/*"]', severity="mixed")}
    assert compiled(tmp_path, books).pages.by_alert["shop/LoadHigh"].id == "RB-001"


@pytest.mark.parametrize(
    ("line", "column", "text", "complaint"),
    [
        (0, 1, "<script>alert(1)</script>", "raw HTML stands in prose (<script>)"),
        (0, 3, "a <img src=x onerror=y>", "raw HTML stands in prose"),
        (1, 1, "a\n<div", "raw HTML stands in prose (<div)"),
        (0, 5, "[x](javascript:alert)", '"javascript:alert" leads nowhere on the site'),
        (0, 3, "[x](javascript:alert(1))", "a link cannot be read here"),
        (0, 1, "[x]: javascript:alert(1)", "a link is defined away from its text"),
        (0, 6, "**b**{onclick=x}", "braces outside code set attributes in Markdown"),
        (0, 1, "```html\n<script>alert(1)</script>", "the block of code has no end"),
        (0, 1, "~~~\n<b>\n```", "the block of code has no end"),
        (0, 6, "![x](https://example.com/x.png)", "a page carries no images"),
        (0, 5, "[x](RB-009-gone.md)", '"runbooks/RB-009-gone.md" is no page of runbooks/ or adr/'),
        (0, 5, "[x](RB-002-rest.md#gone)", '"runbooks/RB-002-rest.md" has no heading for "#gone"'),
        (0, 5, "[x](#gone)", 'this page has no heading for "#gone"'),
        (0, 5, '[x]({{ team("backend").link }})', "a reference stands where an address belongs"),
        (0, 1, "TODO: say it", '"TODO" is still to be written'),
        (0, 1, "FILL IN: what it means", "the skeleton is not filled in: what it means"),
        (0, 3, "a `b", "a backtick opens code that does not end"),
        (0, 3, "- `a\n- <b>`", "a backtick opens code that does not end"),
        (1, 1, "`a\n<script>x</script>`", "raw HTML stands in prose (<script>)"),
        (0, 5, "`\\` <b>`", "raw HTML stands in prose (<b>)"),
        (2, 1, "a | b\n---|---\n`c | d\n<b>x` | e", "a backtick opens code that does not end"),
        (0, 4, "```bash {onclick=x}\nx\n```", "Markdown does not take this for code"),
        (1, 1, "    ```\n<script>x</script>\n    ```", "Markdown does not take this for code"),
        (2, 1, "```\n<script>x</script>\n    ```", "Markdown does not take this for code"),
        (1, 1, "    a\n~~~\n<script>x</script>\n~~~", "Markdown does not take this for code"),
        (2, 1, "[x][y]\n\n> [y]: javascript:x", "a link is defined away from its text"),
        (2, 1, "[x][y]\n\n   [y]:\n   javascript:x", "a link is defined away from its text"),
        (0, 1, "<svg/onload=x>", "raw HTML stands in prose"),
        (0, 1, "<details>x</details>", "raw HTML stands in prose"),
        (0, 1, "<javascript:x>", "raw HTML stands in prose"),
        (0, 5, "[x](&#106;avascript:x)", "leads nowhere on the site"),
        (0, 5, "[x](data:text/html,x)", "leads nowhere on the site"),
        (0, 6, "![x](x.svg)", "a page carries no images"),
        (0, 1, "# Title", "the title stands in the front matter already"),
        (0, 1, "## Remedy", '"Remedy" is no section of a runbook'),
        (0, 1, "## Meaning", 'the section "Meaning" stands here twice'),
        (0, 3, 'a {{ alert("shop/LoadLow").threshold }}', 'alert "shop/LoadLow" is unknown'),
        (0, 1, '{{ alert("shop/LoadHigh").treshold }}', 'alert("shop/LoadHigh") has no "treshold"'),
        (0, 1, '{{ alert("shop/TargetDown").threshold }}', 'alert("shop/TargetDown") has no threshold of its own'),
        (0, 1, '{{ slo("shop/speed").objective }}', 'objective "shop/speed" is unknown'),
        (0, 1, '{{ runbook("RB-003").link }}', 'runbook "RB-003" is unknown'),
        (0, 1, '{{ team("backend").telephone }}', 'team("backend") has no "telephone"'),
        (0, 1, "{{ this.colour }}", 'this has no "colour"'),
        (0, 1, '{{ env("HOME").name }}', 'there is no "env" to ask'),
        (0, 1, "{{ ''.__class__ }}", "{{ ''.__class__ }} is no reference"),
        (0, 1, '{{ open("/etc/passwd").read() }}', "is no reference"),
        (0, 1, "{{ 1 + 1 }}", "{{ 1 + 1 }} is no reference"),
        (0, 1, '{{ alert("shop/LoadHigh").for | upper }}', "is no reference"),
        (0, 1, "{% for a in range(1000000000) %}x{% endfor %}", "prose holds references only, no statements"),
        (0, 1, "{% for a in b %}{% for c in a %}x{% endfor %}{% endfor %}", "no statements"),
        (0, 1, "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "no statements"),
        (0, 1, '{{ "x" * 10 ** 9 }}', "is no reference"),
        pytest.param(0, 1, f"{{{{ {'(' * 20_000}1{')' * 20_000} }}}}", "is no reference", id="brackets in brackets"),
        pytest.param(0, 1, f"{{{{ {'(' * 90}1{')' * 90} }}}}", "is no reference", id="some brackets in brackets"),
        pytest.param(0, 1, f"{{{{ 1{'|abs' * 20_000} }}}}", "is no reference", id="filters of filters"),
        (0, 1, "{% include '/etc/passwd' %}", "prose holds references only, no statements"),
        (0, 1, "{{ oh", "braces cannot be read"),
        (0, 12, "token xoxb-123456789012-abcdefghijkl", "a plain secret (a Slack token) stands in a spec"),
    ],
)
def test_what_misleads_a_browser_or_a_reader_is_refused_at_its_place(
    tmp_path: Path, line: int, column: int, text: str, complaint: str
) -> None:
    found = in_meaning(tmp_path, text)
    assert any(f"{LOAD}:{MEANING + line}:" in one and complaint in one for one in found), found
    at_column = [one for one in found if complaint in one]
    assert column == 1 or f":{column}: " in at_column[0], at_column


@pytest.mark.parametrize(
    "text",
    [
        "`<pod>` and `{a}` are as they are, and so is a < b",
        "```bash\nkubectl delete pod <pod> # {x} TODO\n```",
        "1. Step\n\n    ```sql\n    SELECT '{}' <> '<x>';\n    ```",
        "``a ` <b>``",
        "{% raw %}`kubectl get -o go-template='{{.status}}'`{% endraw %}",
        "Text <!-- a note to authors --> goes on",
        "[out](https://example.com/a?b=c#d), [in](#escalate), [other](RB-002-rest.md#impact)",
        "<https://example.com>",
        "`${#list[@]}`",
        "It goes on: `kubectl set env deployment/api\n<NAME>_FALLBACK-` and `<pod>`",
        "a \\` alone",
        "`kubectl get |\n    grep <pod>`",
    ],
)
def test_what_commands_need_is_left_alone(tmp_path: Path, text: str) -> None:
    assert in_meaning(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "place", "complaint"),
    [
        ("No front matter", "1:1", "the runbook has no front matter"),
        ("---\nid: RB-001\n", "1:1", "the front matter has no end"),
        ("---\nid: [RB-001\n---\n", "2:5", ""),
        (runbook().replace("severity: P0", "severity: urgent"), "4:11", 'the text "urgent" is not known here'),
        (runbook().replace("owner: backend", "owner: backnd"), "5:8", 'team "backnd" is unknown; use "backend"'),
        (runbook().replace("2026-01-31", "2026-02-30"), "8:16", '"2026-02-30" is not a day of the calendar'),
        (runbook().replace("2026-01-31", "2999-01-31"), "8:16", "the day has not come yet"),
        (runbook().replace("title: Book 1\n", ""), "2:1", '"title" is missing'),
        (runbook(alerts="[shop/LoadHihg]"), "6:10", 'there is no alert "shop/LoadHihg"; use "shop/LoadHigh"'),
        (runbook(alerts="[]"), "6:9", "no alert leads to this runbook"),
        (runbook(more="reason: none\n"), "9:9", "a reason is for a runbook without alerts"),
        (runbook(more="assumes: [FLAG]\n"), "9:10", "a list stands where a mapping belongs"),
        (runbook(more="assumes:\n  FLAG:\n", meaning="`FLAG`"), "10:8", '"FLAG" has no value'),
        (
            runbook(more="assumes:\n" + "".join(f"  FLAG{number}: a switch\n" for number in range(101))),
            "9:1",
            "the page assumes more than 100 things",
        ),
        (runbook(more="assumes:\n  FLAG: a switch\n"), "10:3", 'no command of this page uses "FLAG"'),
        (runbook(more="assumes:\n  FLAG: '{{ x }}'\n", meaning="`FLAG`"), "10:9", "is not one line of text without"),
        (runbook(severity="P1"), "4:11", "the most urgent of its alerts is P0"),
        (runbook(7), "2:5", 'runbook "RB-007" stands in a file of another name'),
        (runbook(escalate=""), "31:1", '"Escalate" says nothing'),
        (runbook(escalate="-"), "31:1", '"Escalate" says nothing'),
        (runbook(escalate="…"), "31:1", '"Escalate" says nothing'),
        (runbook(mitigate="### Soon"), "19:1", '"Mitigate first" says nothing'),
        (runbook().replace("## Escalate\n", ""), "10:1", 'the section "Escalate" is missing'),
        (runbook().replace("## Impact", "## Effect"), "13:1", '"Effect" is no section of a runbook'),
        (
            runbook().replace("---\n## Meaning", "---\nHello\n## Meaning"),
            "10:1",
            "text stands before the first section",
        ),
    ],
)
def test_a_broken_runbook_is_reported_with_its_line(tmp_path: Path, text: str, place: str, complaint: str) -> None:
    found = diagnostics(tmp_path, WHOLE | {LOAD: text})
    assert any(one.startswith(f"{LOAD}:{place}:") and complaint in one for one in found), found


MARKUP = ["A <script>x", "A </title>", "A <!-- b", "A &lt;img src=x&gt;", "A &#60;b", "A <img/src=x"]


@pytest.mark.parametrize("title", MARKUP)
def test_markup_in_a_title_is_refused_at_its_line(tmp_path: Path, title: str) -> None:
    quoted = f"'{title}'"
    book = diagnostics(tmp_path / "a", WHOLE | {LOAD: runbook().replace("title: Book 1", f"title: {quoted}")})
    adr = diagnostics(
        tmp_path / "b", {"adr/ADR-020-x.md": decision().replace("title: Decision 20", f"title: {quoted}")}
    )
    own = diagnostics(tmp_path / "c", {"adr/0020-x.md": f"# 0020: {title}\n\n**Status:** accepted\n"})
    assert [one.split(": ")[0] for one in book] == [f"{LOAD}:3:8"]
    assert [one.split(": ")[0] for one in adr] == ["adr/ADR-020-x.md:3:8"]
    assert "adr/0020-x.md:1:9" in [one.split(": ")[0] for one in own]


@pytest.mark.parametrize("title", MARKUP)
def test_markup_in_the_title_of_a_service_or_team_is_refused_at_its_line(tmp_path: Path, title: str) -> None:
    shop, quoted = service(ALERTS), f"'{title}'"
    specs = write_tree(
        tmp_path,
        {
            "services/shop.yaml": shop.replace("title: Shop", f"title: {quoted}"),
            "platform.yaml": PLATFORM.replace("title: Backend,", f"title: {quoted},"),
        },
    )
    with pytest.raises(SpecError) as refused:
        compile_specs(specs)
    assert {Path(one.span.file).name for one in refused.value.diagnostics} == {"shop.yaml", "platform.yaml"}
    assert all(
        "is not one line of text without {{ }}, tags and entities" in one.what for one in refused.value.diagnostics
    )


@pytest.mark.parametrize("title", ["R&D", "Latency < 5 s", "A & B; C", "1<2", "x -> y"])
def test_a_title_may_hold_signs_that_are_no_markup(tmp_path: Path, title: str) -> None:
    book = runbook().replace("title: Book 1", f"title: '{title}'")
    assert diagnostics(tmp_path, WHOLE | {LOAD: book}) == []


@pytest.mark.parametrize(
    ("thing", "text"),
    [
        ("FEATURE_<NAME>", "```sh\nset FEATURE_<NAME>=off\n```"),
        ("FLAG", "`FLAG=on`"),
        ("POST /api/<id>/pause", "`curl -X POST http://localhost:3000/api/<id>/pause`"),
    ],
)
def test_what_is_assumed_stands_in_a_command(tmp_path: Path, thing: str, text: str) -> None:
    book = runbook(mitigate=text, more=f'assumes: {{"{thing}": it switches}}\n')
    assert diagnostics(tmp_path, WHOLE | {LOAD: book}) == []


@pytest.mark.parametrize(
    ("thing", "text"),
    [
        ("FEATURE_<NAME>", "set FEATURE_ of NAME=off"),
        ("FLAG", "FLAG=on"),
        ("FLAG", "`FLAGS=on` and `MY_FLAG=on`"),
        ("POST /api/<id>/pause", "`curl -X PUT http://localhost:3000/api/<id>/pause`"),
        ("POST /api/<id>/pause", "`curl -X POST http://localhost/api` and `/api/<id>/pause`"),
    ],
)
def test_what_no_command_uses_is_not_assumed(tmp_path: Path, thing: str, text: str) -> None:
    book = runbook(mitigate=text, more=f'assumes: {{"{thing}": it switches}}\n')
    (notified,) = diagnostics(tmp_path, WHOLE | {LOAD: book})
    assert f':9:11: no command of this page uses "{thing}"; write it as it stands in a command' in notified


@pytest.mark.parametrize("front", ["owner: backend\nownr: x", "title: [x"])
def test_a_runbook_that_cannot_be_read_is_not_unknown_to_others_besides(tmp_path: Path, front: str) -> None:
    telling = runbook(2, alerts=REST, severity="P1", meaning='{{ runbook("RB-001").link }}, [x](RB-001-load.md)')
    books = {LOAD: runbook().replace("owner: backend", front), "runbooks/RB-002-rest.md": telling}
    assert {one.partition(":")[0] for one in diagnostics(tmp_path, books)} == {LOAD}


@pytest.mark.parametrize("text", ["{% for x in y %}", "{{ 1 }}", "{{ config.x }}"])
def test_what_is_no_reference_is_reported_once_and_leaves_those_behind_it_alone(tmp_path: Path, text: str) -> None:
    books = WHOLE | {LOAD: runbook(meaning=text, impact='For {{ alert("shop/LoadHigh").for }}')}
    (notified,) = diagnostics(tmp_path, books)
    assert notified.startswith(f"{LOAD}:11:1: ")


def test_two_runbooks_with_one_id_are_reported_at_the_second(tmp_path: Path) -> None:
    books = WHOLE | {"runbooks/RB-001-more.md": runbook(alerts="[]", more="reason: more\n", severity="mixed")}
    assert [one for one in diagnostics(tmp_path, books) if "already" in one] == [
        f'runbooks/RB-001-more.md:2:5: runbook "RB-001" is {tmp_path}/{LOAD} already; take the next free number'
    ]


def test_an_alert_that_two_runbooks_name_is_reported(tmp_path: Path) -> None:
    books = WHOLE | {"runbooks/RB-003-more.md": runbook(3)}
    assert any('"shop/LoadHigh" has runbook RB-001 already' in one for one in diagnostics(tmp_path, books))


def test_all_faults_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    broken = {name: text.replace("owner: backend", "owner: nobody") for name, text in WHOLE.items()}
    assert len([one for one in diagnostics(tmp_path, broken) if 'team "nobody" is unknown' in one]) == 2


@pytest.mark.parametrize(
    ("waiver", "complaint"),
    [
        ('{until: "2026-01-31", why: later}', "the waiver ended on 2026-01-31; write the runbook of HeapLarge"),
        ('{until: "2999-01-31", why: later}', "a waiver lasts a quarter of a year at most"),
        ('{until: "2026-01-31"}', '"why" is missing'),
    ],
)
def test_a_waiver_ends_soon_and_has_a_reason(tmp_path: Path, waiver: str, complaint: str) -> None:
    books = {LOAD: runbook(), "runbooks/RB-002-rest.md": runbook(2, alerts='["*/T*", "*/K*"]', severity="P1")}
    found = diagnostics(tmp_path, books, more=f"without_runbook: {{HeapLarge: {waiver}}}\n")
    assert [complaint in one for one in found] == [True], found


def test_a_p0_has_no_waiver(tmp_path: Path) -> None:
    books = {"runbooks/RB-002-rest.md": runbook(2, alerts=REST, severity="P1")}
    found = diagnostics(tmp_path, books, more='without_runbook: {LoadHigh: {until: "2026-12-24", why: later}}\n')
    assert any("a waiver is for P1 only, and LoadHigh is P0" in one for one in found)


def test_a_page_of_more_than_a_mebibyte_is_refused(tmp_path: Path) -> None:
    assert any("larger than 1 MiB" in one for one in in_meaning(tmp_path, "x" * (1 << 20)))


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    specs = tree(tmp_path, WHOLE)
    (tmp_path / "runbooks/RB-003-link.md").symlink_to("/etc/passwd")
    outcome = run(tmp_path, "generate", "--specs", os.fspath(specs))
    assert outcome.code == 1
    assert "symbolic links are not followed" in outcome.stderr


@pytest.mark.parametrize("unit", ["` ``", "[", "<", "{{", "![](", "`", "*[a](b)", "```\n~~~\n", "{% raw %}"])
def test_a_page_of_nonsense_costs_seconds_at_most(tmp_path: Path, unit: str) -> None:
    begun = time.monotonic()
    in_meaning(tmp_path, unit * ((1 << 18) // len(unit)))
    assert time.monotonic() - begun < 15


def test_code_is_known_wherever_it_stands() -> None:
    text = "a `b` c\n\n    ```sh\n    `d`\n    ```\n\n~~~\ne\n~~~\nf ``g`h`` `i\n\nj` k"
    markup = Markup(text, 0)
    assert {letter: markup.in_code(text.index(letter)) for letter in "abcdefghijk"} == {
        **dict.fromkeys("acfijk", False),
        **dict.fromkeys("bdegh", True),
    }


def markdown_of_the_site() -> Markdown:
    asked = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["markdown_extensions"]
    named = [entry if isinstance(entry, dict) else {entry: {}} for entry in asked]
    settings_ = {name: setting or {} for entry in named for name, setting in entry.items()}
    return Markdown(extensions=list(settings_), extension_configs=settings_)


PIECES = (
    *(
        "`",
        "``",
        "```",
        "```\n",
        "\n```\n",
        "```bash\n",
        "\n~~~\n",
        "    ",
        "\t",
        "\n",
        "\n\n",
        "- ",
        "1. ",
        "> ",
        "# ",
    ),
    *(
        "---\n",
        "===\n",
        "| ",
        "---|---",
        "a",
        "b c",
        "<script>",
        "</script>",
        "<b>",
        "<img src=x onerror=y>",
        "<div>",
        "-->",
    ),
    *(
        "[x](javascript:y)",
        "[x]: javascript:y",
        "[x]",
        "](",
        "(javascript:y)",
        "![x](y)",
        "{: onclick=x }",
        "\\",
        "\\`",
    ),
    *(
        "<https://e.x>",
        "<javascript:y>",
        "!!! note\n",
        '??? "x"\n',
        "\n:   ",
        "*",
        '"',
        "<!",
        "<?",
        "&#60;",
        "<",
        ">",
        "`<b>`",
    ),
)


@given(text=st.lists(st.sampled_from(PIECES), min_size=2, max_size=14).map("".join))
@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_accepted_runs_nothing_where_the_site_renders_it(tmp_path: Path, text: str) -> None:
    notified = Diagnostics()
    read_page(Prose("0001.md", "adr/0001.md", text, None, 0), notified)
    if notified.fatal:
        return
    page = tmp_path / "page.html"
    shown = markdown_of_the_site().convert(f"## Title\n\n{text.strip()}")
    page.write_text(f"<article>{shown}</article>")
    built = read(page)
    assert built.odd == ()
    assert [link for link in built.links if urlsplit(link).scheme not in {"", "https", "mailto"}] == []
    assert built.loads == ()


def decisions(root: Path, *, more: str = "", **texts: str) -> list[str]:
    files = {f"adr/ADR-{name[1:]}-x.md": text for name, text in texts.items()}
    return diagnostics(root, WHOLE | files, more=more)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (decision(more="related: [ADR-099]\n"), 'there is no other decision "ADR-099"'),
        (decision(more="related: [ADR-020]\n"), 'there is no other decision "ADR-020"'),
        (decision(status="superseded"), '"status: superseded" and "superseded_by" belong together'),
        (decision(status="obsolete"), 'the text "obsolete" is not known here'),
        (decision().replace("service: shop", "service: shap"), 'service "shap" is unknown; use "shop"'),
        (decision(more="supersedes: [ADR-021]\n"), 'ADR-020 supersedes ADR-021, which says "accepted"'),
        (decision(text="{{ this.name }}"), "a decision is embedded by no alert"),
        (decision(5), 'decision "ADR-005" stands in a file of another name'),
        ("Just text", "the decision has neither front matter nor a number as its name"),
    ],
)
def test_a_broken_decision_is_reported(tmp_path: Path, text: str, complaint: str) -> None:
    found = decisions(tmp_path, d020=text, d021=decision(21))
    assert any(complaint in one for one in found), found


def test_both_sides_of_a_supersession_agree(tmp_path: Path) -> None:
    old = decision(20, status="superseded", more="superseded_by: ADR-021\n")
    assert decisions(tmp_path / "a", d020=old, d021=decision(21, more="supersedes: [ADR-020]\n")) == []
    (found,) = decisions(tmp_path / "b", d020=old, d021=decision(21))
    assert "ADR-021 does not say that it supersedes ADR-020" in found


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# 0002: Other\n\n**Status:** accepted\n", 'the first line does not say "# 0001: …"'),
        ("# 0001: Title\n\n## Context\n", "no status stands below the title"),
        ("# 0001: Title\n\n**Status:** superseded by 0002\n", 'there is no other decision "0002"'),
    ],
)
def test_the_projects_own_decisions_say_number_and_status(tmp_path: Path, text: str, complaint: str) -> None:
    found = diagnostics(tmp_path, WHOLE | {"adr/0001-title.md": text})
    assert [complaint in one for one in found] == [True], found


def test_a_spec_cites_decisions_that_exist(tmp_path: Path) -> None:
    slo = "slos: {success: {title: Success, kind: availability, signal: kit, bad: 5xx, objective: 99%, period: 7d,"
    slo += " impact: Bad, action: Look, page: false, adr: [ADR-019]}}\n"
    books = {LOAD: runbook(), "runbooks/RB-002-rest.md": runbook(2, alerts='["shop/*"]', severity="mixed")}
    found = diagnostics(tmp_path, books | {"adr/ADR-020-x.md": decision()}, more=slo)
    assert any('decision "ADR-019" is unknown; use "ADR-020"' in one for one in found), found


@pytest.mark.parametrize(
    ("renamed", "complaint"),
    [("{LoadHigh: HeapLarge}", '"LoadHigh" is still there'), ("{Old: LoadHihg}", 'there is no "LoadHihg"')],
)
def test_a_former_name_is_gone_and_leads_to_one_that_is_there(tmp_path: Path, renamed: str, complaint: str) -> None:
    found = diagnostics(tmp_path, WHOLE, more=f"renamed: {renamed}\n")
    assert [complaint in one for one in found] == [True], found


def test_the_projects_own_decisions_may_show_templates_and_use_none(tmp_path: Path) -> None:
    text = "# 0001: Title\n\n**Status:** accepted\n\n`{{ x.y }}` and `{% raw %}`\n"
    (own,) = compiled(tmp_path, WHOLE | {"adr/0001-title.md": text}).pages.decisions
    assert own.text == ("`{{ x.y }}` and `{% raw %}`",)


def test_prose_is_found_from_within_the_specs_too(tmp_path: Path) -> None:
    tree(tmp_path, WHOLE | {LOAD: runbook(severity="P1")})
    outcome = run(tmp_path / "specs", "check", "--specs", ".", "--out", "../out")
    assert outcome.stderr.startswith("../runbooks/RB-001-load.md:4:11: the most urgent of its alerts is P0")


@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_change_of_a_page_gives_pages_or_faults(tmp_path: Path, data: st.DataObject) -> None:
    whole = runbook(meaning="{{ this.name }} `<pod>` [x](#impact)\n\n```sh\necho {{ this.for }}\n```\n")
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    pieces = [
        "{{",
        "}}",
        "{%",
        "%}",
        "<!--",
        "-->",
        "```",
        "---\n",
        "## ",
        "[",
        "](",
        "`",
        "\n\n",
        "{",
        "<a",
        "\t",
        ":",
    ]
    more = data.draw(st.lists(st.sampled_from(pieces) | st.text(max_size=5), max_size=4))
    text = (whole[:start] + "".join(more) + whole[end:]).encode("utf-8", "replace").decode()
    for fault in diagnostics(tmp_path, WHOLE | {LOAD: text}):
        assert re.match(r"(runbooks|specs)/[\w./-]+:\d+:\d+: .+; .+", fault, re.DOTALL), fault
