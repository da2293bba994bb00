from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import spectree
from shipped import ROOT
from watchbill import naming
from watchbill.reference import diagnostics
from watchbill.reference.page import Listing

PRODUCT = ROOT / "generator/watchbill"
SHOWN = re.compile(r" \[([a-z]+/[a-z0-9-]+)\]$")
CODE = re.compile(r"[a-z]+/[a-z0-9]+(?:-[a-z0-9]+)*")
# where a call has the code
FORMS = {
    "Diagnostic": 1,
    "add": 1,
    "problem": 0,
    "Refusal": 0,
    "_fault": 1,
    "stop": 1,
    "file_error": 1,
    "warn": 2,
    "Problem": 0,
}
AREAS = {code.partition("/")[0] for code in diagnostics.catalogue()}
CELLS = {"Burn rate", "Coverage", "Events"}  # of an explanation, which has an `add` of its own
GOLDEN = sorted((ROOT / "tests/cases/diagnostics").glob("*/expected/stderr.txt"))


def nodes() -> Iterator[ast.AST]:
    for path in sorted(PRODUCT.rglob("*.py")):
        yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def written() -> Iterator[str]:
    """What stands where a diagnostic has its code."""
    for node in nodes():
        if isinstance(node, ast.Call):
            name = str(getattr(node.func, "attr", "") or getattr(node.func, "id", ""))
            at = FORMS.get(name, len(node.args))
            if len(node.args) > at + 1 or (name != "add" and len(node.args) > at):
                code = node.args[at]
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    yield code.value


def in_text() -> set[str]:
    """Every text of the product that has the form of a code of a known area."""
    texts = (node.value for node in nodes() if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return {text for text in texts if CODE.fullmatch(text) and text.partition("/")[0] in AREAS}


def test_every_code_is_in_the_catalogue_and_every_entry_is_used() -> None:
    assert in_text() == set(diagnostics.catalogue())


def test_what_stands_in_the_place_of_a_code_is_one() -> None:
    found = [text for text in written() if text not in CELLS]
    assert len(found) > 250
    assert set(found) <= set(diagnostics.catalogue())


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.parts[-3])
def test_what_an_author_reads_has_a_code_of_the_catalogue(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    shown = [line for line in lines if line.startswith(("specs/", "runbooks/", "adr/"))]
    codes = [found[1] for line in shown if (found := SHOWN.search(line))]
    assert shown
    assert len(codes) == len(shown)
    assert set(codes) <= set(diagnostics.catalogue())


@pytest.mark.parametrize("code", diagnostics.names())
def test_every_entry_says_what_it_means_and_what_to_write(code: str) -> None:
    entry = diagnostics.catalogue()[code]
    assert entry.means.endswith(".")
    assert entry.why.endswith(".")
    assert bool(entry.remedy) is not bool(entry.right)
    assert bool(entry.wrong) is bool(entry.right)
    assert entry.wrong != entry.right or not entry.wrong


@pytest.mark.parametrize("code", [code for code in diagnostics.names() if not code.startswith(("yaml/", "file/"))])
def test_the_right_half_of_an_example_of_a_spec_is_yaml(code: str) -> None:
    listing = diagnostics.page(code).blocks[-1]
    if isinstance(listing, Listing) and listing.language == "yaml":
        assert yaml.safe_load(listing.text) is not None


def test_each_code_has_an_anchor_on_the_page_of_its_area_and_the_table_leads_there() -> None:
    pages = diagnostics.render()
    assert set(pages) == {f"diagnostics/{area}.md" for area in AREAS}
    headings, links = [], []
    for path, page in pages.items():
        headings += re.findall(r"^## `(.+)`$", page, re.MULTILINE)
        links += [(path, *found) for found in re.findall(r"^\| \[`(.+?)`\]\((.+?)#(.+?)\)", page, re.MULTILINE)]
    assert tuple(sorted(headings)) == diagnostics.names()
    at = ((code, code.partition("/")[0], naming.anchor(code)) for code in diagnostics.names())
    assert links == [(f"diagnostics/{area}.md", code, f"{area}.md", anchor) for code, area, anchor in at]


def test_explain_shows_an_entry_and_the_nearest_code(tmp_path: Path) -> None:
    shown = spectree.run(tmp_path, "explain", "--code", "pack/unknown-alert")
    assert shown.stdout.startswith("pack/unknown-alert\n")
    assert "no pack of this service has" in shown.stdout
    unknown = spectree.run(tmp_path, "explain", "--code", "pack/unknown-alrt")
    assert unknown.code == 2
    assert 'use "pack/unknown-alert"' in unknown.stderr
