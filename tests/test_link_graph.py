"""The built site's links, in both directions: each way of breaking one is reported at its line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from jinja2 import Environment

from prosetree import WHOLE, runbook, tree
from spectree import run
from watchbill.pipeline import compile_specs
from watchbill.site import linkgraph
from watchbill.site.heads import escape_titles

ROOT = Path(__file__).parents[1]
LOAD = "runbooks/RB-001-load.md"
PAGE = "alerts/shop/LoadHigh.html"
LINKED = WHOLE | {
    LOAD: runbook(
        meaning="See [the rest](RB-002-rest.md#impact)\nand [below](#escalate).",
        after="| a | b |\n|--:|:-:|\n| 1 | 2 |",
    ),
    "adr/0001-title.md": "# 0001: Title\n\n**Status:** accepted\n\n## Context\nBecause.\n",
}


def checkout(folder: Path) -> Path:
    tree(folder, LINKED, more="renamed: {LoadTooHigh: LoadHigh}\n")
    # as ours, less what only a checkout of ours has
    shutil.copyfile(ROOT / "mkdocs.yml", folder / "mkdocs.yml")
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = checkout(tmp_path_factory.mktemp("built"))
    outcome = run(folder, "site")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.endswith("every link of which leads somewhere\n")
    return folder


@pytest.fixture
def broken(built: Path, tmp_path: Path) -> Path:
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    return tmp_path


def diagnostics(folder: Path, panels: dict[str, frozenset[int]] | None = None) -> list[str]:
    compiled = compile_specs(folder / "specs")
    found = linkgraph.check(folder / "site", compiled.bundle, compiled.texts, panels or {})
    return [str(fault).removeprefix(f"{folder}/") for fault in found]


def replace(old: str, new: str, page: str = PAGE) -> Callable[[Path], None]:
    def change(site: Path) -> None:
        text = (site / page).read_text()
        assert old in text, old
        (site / page).write_text(text.replace(old, new))

    return change


def remove(page: str) -> Callable[[Path], None]:
    return lambda site: (site / page).unlink()


def test_a_whole_site_has_no_fault(built: Path) -> None:
    assert diagnostics(built) == []


@pytest.mark.parametrize(
    ("change", "place", "complaint"),
    [
        (
            remove(PAGE),
            "specs/services/shop.yaml:9:5",
            "https://runbooks.example.com/alerts/shop/LoadHigh.html is not on",
        ),
        (remove("runbooks/RB-002.html"), "runbooks/RB-002-rest.md:2:5", "RB-002 is not on the site"),
        (
            replace("RB-002.html#impact", "RB-002.html#effect"),
            f"{LOAD}:11:",
            'links ../../runbooks/RB-002.html#effect, and that page has no "#effect"',
        ),
        (replace('href="#escalate"', 'href="#gone"'), "", 'links #gone, and that page has no "#gone"'),
        (replace('href="../../teams/backend.html"', 'href="../../teams/none.html"'), "", "no such page or file"),
        (
            replace('href="../../teams/backend.html"', 'href="/teams/backend.html"'),
            "",
            "where pages are opened as files",
        ),
        (replace('src="../../assets/', 'src="https://cdn.example.com/'), "", "loads https://cdn.example.com/"),
        (
            replace(".md-typeset", "@import '//cdn.example.com/x';.md-typeset", "assets/site.css"),
            "",
            "loads //cdn.example.com/x",
        ),
        (
            replace("}", "background: url(https://cdn.example.com/y.png)}", "assets/site.css"),
            "",
            "loads https://cdn.example",
        ),
        (replace('href="../../assets/site.css"', 'href="../../assets/none.css"'), "", "loads ../../assets/none.css"),
        (replace("LoadHigh<a", "LoadLow<a"), "specs/services/shop.yaml:9:5", 'begins with "LoadLow", not LoadHigh'),
        (replace("<p>About mitigate first</p>", ""), f"{LOAD}:2:5", 'says nothing below "Mitigate first"'),
        (replace("<p>About impact</p>", "<p> </p>"), f"{LOAD}:2:5", 'says nothing below "Impact"'),
        (replace("../../runbooks/RB-001.html", "../../runbooks/RB-002.html"), f"{LOAD}:2:5", "does not lead to RB-001"),
        (
            replace("../alerts/shop/LoadHigh.html", "../alerts/shop/LoadOdd.html", "runbooks/RB-001.html"),
            f"{LOAD}:2:5",
            "runbooks/RB-001.html does not lead to shop/LoadHigh",
        ),
        (replace("</article>", "<script>alert(1)</script></article>"), "", "holds <script>, which no prose becomes"),
        (replace("</article>", '<p onclick="x">x</p></article>'), "", 'holds <p onclick="x">, which no prose becomes'),
        (replace("</article>", '<p style="background: url(//x)">x</p></article>'), "", "which no prose becomes"),
        (replace("</article>", '<a href="javascript:x">x</a></article>'), "", "which a browser might run"),
        (replace("</article>", f"<p>{'x' * 200_000}</p></article>"), "", "shorten its prose"),
        (replace("url=LoadHigh.html", "url=Gone.html", "alerts/shop/LoadTooHigh.html"), "", "links Gone.html"),
        (replace("location.replace(", "eval(", "alerts/shop/LoadTooHigh.html"), "", "holds <script>, which no prose"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_what_is_broken_in_the_built_site_is_reported_where_it_comes_from(
    broken: Path, change: Callable[[Path], None], place: str, complaint: str
) -> None:
    change(broken / "site")
    found = diagnostics(broken)
    assert any(one.startswith(place) and complaint in one for one in found), found


RUNS = [
    replace("</head>", "<script>window.hit=1</script></head>"),
    replace("</head>", "<SCRIPT src=x.js></SCRIPT></head>"),
    replace("<title>", "<title></title><img src=x onerror=hit()>"),
    replace("<title>", "<!--><svg/onload=hit()>-->x<title>"),
    replace("</body>", '<a href="java&#10;script:hit()">x</a></body>'),
    replace("</body>", "<form action=javascript:hit()></form></body>"),
    replace("</body>", "<img title=\"' onerror=hit()></body>"),
    replace("</body>", "<iframe srcdoc=x></iframe></body>"),
    replace("</body>", "<base href=//x></body>"),
    replace("localStorage", "sessionStorage"),
    replace('type="application/json"', 'type="text/javascript"'),
]


@pytest.mark.parametrize("change", RUNS)
def test_what_a_browser_would_run_and_the_theme_did_not_write_is_told(
    broken: Path, change: Callable[[Path], None]
) -> None:
    change(broken / "site")
    assert any("which a browser would run" in one for one in diagnostics(broken))


def test_a_script_of_the_theme_that_is_not_the_installed_one_is_told(broken: Path) -> None:
    (bundle,) = (broken / "site/assets/javascripts").glob("bundle.*.js")
    bundle.write_text(bundle.read_text(encoding="utf-8") + ";window.hit=1", encoding="utf-8")
    assert any("which a browser would run" in one for one in diagnostics(broken))


def test_a_title_is_text_in_the_head_of_its_page_too() -> None:
    environment = Environment()  # noqa: S701 (MkDocs' own escapes nothing)
    escape_titles(environment)
    title = "R&amp;D &lt;img src=x onerror=hit()&gt; <b>a</b> &amp;lt;i&amp;gt;"
    written = environment.from_string("<title>{{ title | striptags }}</title>").render(title=title)
    assert written == "<title>R&amp;D &lt;img src=x onerror=hit()&gt; a &amp;lt;i&amp;gt;</title>"


def test_what_all_pages_load_from_another_host_is_reported_once(broken: Path) -> None:
    for path in (broken / "site").rglob("*.html"):
        path.write_text(
            path.read_text().replace("</head>", '<script src="https://cdn.example.com/x.js"></script></head>')
        )
    (notified,) = diagnostics(broken)
    assert "more) loads https://cdn.example.com/x.js from another host" in notified


def test_prose_that_is_too_long_or_runs_something_is_reported_once_and_at_its_own_place(broken: Path) -> None:
    text = (broken / LOAD).read_text()
    (broken / LOAD).write_text(text.replace("About resolve", "About `<i>`"))
    for page in (PAGE, "runbooks/RB-001.html"):
        replace("</article>", f"<i>{'x' * 200_000}</i></article>", page)(broken / "site")
    line = text.splitlines().index("About resolve") + 1
    heavy, odd = diagnostics(broken)
    assert heavy.startswith(f"{LOAD}:1:1: {PAGE} (and 1 more) has more than 200,000 bytes; shorten its prose")
    assert odd.startswith(
        f"{LOAD}:{line}:8: {PAGE} (and 1 more) holds <i>, which no prose becomes; put it in backticks"
    )


def test_a_broken_link_in_prose_is_reported_at_its_line_and_column(broken: Path) -> None:
    remove("runbooks/RB-002.html")(broken / "site")
    text = (broken / LOAD).read_text().splitlines()
    column = text[10].index("RB-002-rest") + 1
    assert any(one.startswith(f"{LOAD}:11:{column}:") for one in diagnostics(broken) if "RB-002.html" in one)


def test_a_panel_that_no_dashboard_has_is_reported_at_its_alert(built: Path) -> None:
    bundle = compile_specs(built / "specs").bundle
    panels: dict[str, set[int]] = {}
    for alert in bundle.alerts:
        address = alert.dashboard_url.partition("/d/")[2]
        panels.setdefault(address.partition("/")[0], set()).add(
            int(address.partition("viewPanel=")[2].partition("&")[0])
        )
    whole = {uid: frozenset(ids) for uid, ids in panels.items()}
    assert diagnostics(built, whole) == []
    (first, *_) = whole
    assert any("has no such panel" in one for one in diagnostics(built, whole | {first: frozenset({1})}))
    assert any("which is not compiled" in one for one in diagnostics(built, {"other": frozenset({1})}))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("## Escalate", "<script>alert(1)</script>\n## Escalate", "raw HTML stands in prose"),
        ("[below](#escalate)", "[below](#gone)", 'no heading for "#gone"'),
        ("owner: backend", "owner: nobody", 'team "nobody" is unknown'),
    ],
)
def test_where_prose_is_broken_the_old_site_stays(broken: Path, old: str, new: str, complaint: str) -> None:
    before = {path: path.read_bytes() for path in (broken / "site").rglob("*") if path.is_file()}
    text = (broken / LOAD).read_text()
    (broken / LOAD).write_text(text.replace(old, new))
    outcome = run(broken, "site")
    assert outcome.code == 1
    assert complaint in outcome.stderr
    assert LOAD in outcome.stderr
    assert {path: path.read_bytes() for path in (broken / "site").rglob("*") if path.is_file()} == before


def test_where_mkdocs_refuses_the_old_site_stays_and_its_words_are_reported(broken: Path) -> None:
    config = broken / "mkdocs.yml"
    config.write_text(config.read_text() + "\nnot_in_nav: ''\n")
    (broken / "site/kept").touch()
    outcome = run(broken, "site")
    assert outcome.code == 1
    assert "MkDocs refuses the site: " in outcome.stderr
    assert "alerts/shop/LoadTooHigh.md" in outcome.stderr
    assert (broken / "site/kept").exists()


def test_a_folder_that_is_not_ours_is_not_replaced(broken: Path) -> None:
    (broken / "other").mkdir()
    (broken / "other/letter.txt").touch()
    outcome = run(broken, "site", "--site", "other")
    assert outcome.code == 1
    assert "is not watchbill's" in outcome.stderr
    assert [path.name for path in (broken / "other").iterdir()] == ["letter.txt"]


def test_without_a_configuration_there_is_a_sentence(tmp_path: Path) -> None:
    tree(tmp_path, LINKED)
    outcome = run(tmp_path, "site")
    assert (outcome.code, outcome.stdout) == (2, "")
    assert "mkdocs.yml is not there" in outcome.stderr


def test_the_site_is_what_mkdocs_itself_builds(built: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(built / "mkdocs.yml")]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    subprocess.run([*command, "--site-dir", str(tmp_path / "site")], check=True, capture_output=True, env=environment)
    sites = [
        {path.relative_to(site): path.read_bytes() for path in site.rglob("*") if path.is_file()}
        for site in (tmp_path / "site", built / "site")
    ]
    assert Path("search/search_index.json") in sites[0]
    changed = {path.as_posix() for path in {*sites[0], *sites[1]} if sites[0].get(path) != sites[1].get(path)}
    assert changed - {"catalog.json", "sitemap.xml.gz"} == set()  # ours, and one that holds the time of its making
