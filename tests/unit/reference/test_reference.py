from __future__ import annotations

import json
import posixpath
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

import spectree
from shipped import ROOT
from watchbill import conditions, sli, views
from watchbill.channels import definitions
from watchbill.language.base import Authored
from watchbill.language.schema import DOCUMENTS
from watchbill.outputs import alertmanager, catalog
from watchbill.reference import channels, fields, of_site, outputs, render, spec_files
from watchbill.reference.house import house
from watchbill.spec.runbook import DecisionSpec, RunbookSpec

LIBRARY = ROOT / "generator/watchbill/library"
DEFAULTS = "{team: backend, retention: 40d}"
HEAD = "service: shop\ntitle: Shop\nteam: backend\ntarget: {job: shop}\n"


def block(page: str, language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)\n```$", page, re.MULTILINE | re.DOTALL)
    assert found is not None, page
    return found[1]


@pytest.mark.parametrize("kind", sorted(conditions.kinds()))
def test_the_example_of_a_condition_becomes_the_promql_beside_it_and_is_proven(tmp_path: Path, kind: str) -> None:
    page = render()[f"conditions/{kind}.md"]
    files = {
        "platform.yaml": spectree.PLATFORM_WITH_HEARTBEAT.replace("{team: backend}", DEFAULTS),
        "profiles/orders.yaml": (LIBRARY / "examples/specs/profiles/orders.yaml").read_text(),
        "services/shop.yaml": f"{HEAD}{block(page, 'yaml')}\n",
    }
    bundle = spectree.compile_tree(spectree.write_tree(tmp_path, files))
    (alert,) = [alert for alert in bundle.services[0].alerts if alert.area == "own"]
    assert alert.kind == kind
    assert "\n\n".join(rule.expr.rstrip() for rule in alert.rules) == block(page, "promql")
    assert spectree.run_promtool(bundle, tmp_path / "out", "newest", area="own") == ""


def test_every_kind_has_a_page() -> None:
    kinds = {"conditions": [*conditions.kinds()], "slis": [*sli.kinds()], "views": [*views.kinds()]}
    wanted = {f"{folder}/{kind}.md" for folder, of in kinds.items() for kind in of}
    assert {path for path in render() if path.partition("/")[0] in kinds} == wanted


@pytest.mark.parametrize(("folder", "key"), [("packs", "alerts"), ("profiles", "metrics")])
def test_every_shipped_file_has_a_page_that_names_all_that_it_gives(folder: str, key: str) -> None:
    for file in sorted((LIBRARY / folder).glob("*.yaml")):
        content, page = yaml.safe_load(file.read_text()), render()[f"{folder}/{file.stem}.md"]
        missing = [
            name for name in content.get(key, {}) if not re.search(rf"^(?:### |\| )`{name}`", page, re.MULTILINE)
        ]
        missing += [panel["title"] for panel in content.get("panels", ()) if f"| {panel['title']} |" not in page]
        assert missing == [], file.name


def outside_of_listings(page: str) -> str:
    return re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)


def _models() -> dict[str, type[Authored]]:
    roots: list[type[Authored]] = [*DOCUMENTS.values(), RunbookSpec, DecisionSpec, *fields.ELSEWHERE]
    roots += [*conditions.kinds().values(), *sli.kinds().values(), *views.kinds().values()]
    return {f"{model.__module__}.{model.__name__}": model for root in roots for model in (root, *_below(root))}


def _below(root: type[Authored]) -> list[type[Authored]]:
    return [model for _, model in fields.nested(root)]


@pytest.mark.parametrize("model", _models().values(), ids=_models())
def test_every_field_says_what_it_is(model: type[Authored]) -> None:
    assert [name for name in model.model_fields if name != "kind" and not fields.meaning(model, name)] == []


def test_a_field_tells_its_type_its_default_and_its_unit() -> None:
    page = render()["conditions/error_ratio.md"]
    assert "<br>A percentage such as 1%; required. |" in page
    assert "<br>A duration such as 30s, 5m or 1h30m; `5m` unless written. |" in page
    assert "<br>A plain number such as 5; optional. |" in page
    assert "| `across` |" in (level := render()["conditions/level.md"])
    assert "<br>`worst` or `sum`; `worst` unless written. |" in level


def test_every_link_leads_to_a_page() -> None:
    pages = render()
    links = [
        (path, way) for path, text in pages.items() for way in re.findall(r"\]\(([^)]+)\)", outside_of_listings(text))
    ]
    assert len(links) > len(pages)
    broken = [
        (path, way)
        for path, way in links
        if posixpath.normpath(posixpath.join(posixpath.dirname(path), way.partition("#")[0])) not in pages
    ]
    assert broken == []


def test_the_index_links_every_page() -> None:
    linked = set(re.findall(r"\]\(([^)]+)\)", render()["README.md"]))
    assert linked == {path for path in render() if path != "README.md"}


def test_tables_have_two_columns_so_that_a_telephone_shows_them_whole() -> None:
    for path, text in render().items():
        assert {row.count("|") for row in outside_of_listings(text).splitlines() if row.startswith("|")} <= {3}, path


def test_the_example_house_compiles_without_a_warning(tmp_path: Path) -> None:
    checked = spectree.run(tmp_path, "generate", "--specs", str(LIBRARY / "examples/specs"))
    assert (checked.code, checked.stderr) == (0, "")
    assert [runbook.id for runbook in house().pages.runbooks] == ["RB-001"]


def test_every_kind_of_file_has_a_page() -> None:
    assert set(DOCUMENTS) <= set(spec_files.names())


def test_the_site_has_the_same_pages_which_its_search_skips() -> None:
    unsearched = "---\nsearch: {exclude: true}\n---\n"
    assert of_site() == {f"docs/reference/{path}": unsearched + text for path, text in render().items()}


def test_pages_that_are_not_what_the_code_says_are_found_and_mended(tmp_path: Path) -> None:
    folder = tmp_path / "docs/reference"
    assert spectree.run(tmp_path, "reference", "--check").code == 1
    assert spectree.run(tmp_path, "reference").code == 0
    assert spectree.run(tmp_path, "reference", "--check").code == 0
    (folder / "conditions/level.md").write_text("another\n")
    (folder / "conditions/absent.md").unlink()
    (folder / "conditions/gone.md").write_text("of a kind that is gone\n")
    found = spectree.run(tmp_path, "reference", "--check")
    assert found.code == 1
    assert re.findall(r"^  (.*)$", found.stdout, re.MULTILINE) == [
        "conditions/absent.md",
        "conditions/gone.md",
        "conditions/level.md",
    ]
    assert spectree.run(tmp_path, "reference").code == 0
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.md")} == set(render())


def test_explain_shows_a_page_on_the_terminal(tmp_path: Path) -> None:
    shown = spectree.run(tmp_path, "explain", "--kind", "level")
    assert shown.code == 0
    lines = shown.stdout.splitlines()
    assert lines[0] == "level"
    assert "      How long the worst value is remembered." in lines
    assert '    max by (cluster, env, queue) (bullmq_job_count{job="shop",state="waiting"}) > 1000' in lines
    assert "|" not in shown.stdout


@pytest.mark.parametrize(
    ("option", "name"), [("sli", "latency"), ("view", "rate"), ("pack", "http-api"), ("profile", "redis")]
)
def test_explain_shows_pages_of_each_sort(tmp_path: Path, option: str, name: str) -> None:
    assert spectree.run(tmp_path, "explain", f"--{option}", name).stdout.startswith(f"{name}\n\n")


def test_explain_names_what_there_is_instead_of_an_unknown_page(tmp_path: Path) -> None:
    shown = spectree.run(tmp_path, "explain", "--pack", "http-apl")
    assert shown.code == 2
    assert shown.stderr == 'watchbill: Packs of the reference have no "http-apl"; use "http-api"\n'


@pytest.mark.parametrize("label", ["Read by", "Checked by"])
def test_an_output_says_who_reads_it_and_what_checks_it(monkeypatch: pytest.MonkeyPatch, label: str) -> None:
    monkeypatch.setattr(catalog, "__doc__", (catalog.__doc__ or "").replace(f"{label}:", "By the way:"))
    what = f'watchbill/outputs/catalog: its docstring has no paragraph "{label}: …"; write one'
    with pytest.raises(ValueError, match=what):
        outputs.page("catalog")


NOT_THERE = """\
teams: {backend: {slack: "#b"}}
severities: {P0: {to: [pagerduty, email]}, P1: {to: [email]}, Info: {to: [email]}}
"""


@pytest.mark.parametrize(
    ("usage", "what"),
    [
        ("teams: {backend: {title: Backend}}", r"gives no team an address; write teams: {backend: {slack: …}}"),
        (
            "teams: {backend: {slack: backend}}",
            r'does not compile: the text "backend" is not a Slack channel; write it',
        ),
        (
            NOT_THERE,
            r"lets no severity go there; write severities: {P1: {to: \[slack\]}}",
        ),
    ],
)
def test_a_usage_of_a_channel_that_does_not_use_it_is_refused(
    monkeypatch: pytest.MonkeyPatch, usage: str, what: str
) -> None:
    known = {"slack": replace(definitions()["slack"], usage=usage)}
    monkeypatch.setattr("watchbill.reference.channels.definitions", lambda: known)
    with pytest.raises(ValueError, match=rf"watchbill/channels/slack\.py: its usage {what}"):
        channels.page("slack")


@pytest.mark.parametrize("name", definitions())
def test_the_example_of_a_channel_becomes_the_receiver_beside_it(tmp_path: Path, name: str) -> None:
    page = render()[f"channels/{name}.md"]
    usage, entry = (yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL))
    house_ = yaml.safe_load((LIBRARY / "examples/specs/platform.yaml").read_text())
    house_["teams"]["backend"] |= usage.pop("teams")["backend"]
    files = {"platform.yaml": json.dumps(house_ | usage)}
    alert = "signal: kit, kind: level, metric: load, above: 5, for: 5m, severity: Info, summary: Load"
    files["services/shop.yaml"] = spectree.service({"LoadHigh": alert})
    bundle = spectree.compile_tree(spectree.write_tree(tmp_path, files))
    made = yaml.safe_load(alertmanager.config(bundle))["receivers"]
    ((key, (own,)),) = entry.items()
    assert any(own in each.get(key, ()) for each in made)
