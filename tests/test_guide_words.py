"""The glossary has each word once, what people read avoids the former ones, and the list of decisions is whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GLOSSARY = (ROOT / "docs/glossary.md").read_text()
TERMS = re.findall(r"^\*\*([^*]+)\*\*: ", GLOSSARY, re.MULTILINE)

# What people no longer read, and the word that they read instead.
FORMER = {
    r"\bwitness(es)?\b": "example series",
    r"\bcoined\b": "built-in",
    r"\bbesides\b": "as well",
    r"\btold\b(?! apart)": "notified",
    r"\bjudg(e|es|ed|ing)\b": "check",
    r"\bcalm\b": "healthy",
    r"\bheed(ing)?\b": "hear",
    r"\boftener\b": "more often",
    r"\bsecond path\b": "fallback receiver",
    r"\bholds? (it |them )?against\b": "check against",
    r"\bheld (to|against)\b": "checked against",
    r"\bregimes?\b": "phase",
    r"\bdiary\b": "event log",
}
NAMES_THEM = ROOT / "adr/0040-rooms-and-words.md"  # the decision about these very words
READ = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "runbooks").rglob("*.md")),
    *sorted(set((ROOT / "adr").rglob("*.md")) - {NAMES_THEM}),
    *sorted((ROOT / "specs").rglob("*.yaml")),
    *sorted((ROOT / "generator/watchbill/library").rglob("*.yaml")),
    *sorted((ROOT / "generator/watchbill/library/templates").rglob("*.j2")),
]


def test_each_term_stands_once_and_in_order() -> None:
    assert len(TERMS) > 50
    assert [term.casefold() for term in TERMS] == sorted({term.casefold() for term in TERMS})


def test_each_term_has_one_sentence_at_least() -> None:
    entries = re.findall(r"^\*\*[^*]+\*\*: (.+)$", GLOSSARY, re.MULTILINE)
    assert [entry for entry in entries if not entry.endswith(".") or len(entry) < 20] == []


@pytest.mark.parametrize("path", READ, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_people_read_uses_the_fields_words(path: Path) -> None:
    text = re.sub(r"Formerly `[a-z_]+`", "", path.read_text(encoding="utf-8"))  # a key's former name is said as such
    found = {match[0]: word for pattern, word in FORMER.items() for match in re.finditer(pattern, text, re.IGNORECASE)}
    assert found == {}


def decisions(pattern: str) -> dict[str, str]:
    """Map the files of the decisions to the titles that they begin with."""
    found = {}
    for path in sorted((ROOT / "adr").rglob(pattern)):
        head = re.search(r"^# (?:\d+: )?(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        found[str(path.relative_to(ROOT / "adr"))] = head[1] if head else ""
    return found


def test_the_list_of_decisions_names_each_by_its_title_in_order() -> None:
    listed = re.findall(r"^\| \[\d+\]\(([^)]+)\) \| (.+) \|$", (ROOT / "adr/README.md").read_text(), re.MULTILINE)
    assert dict(listed) == decisions("0*.md")
    assert [path for path, _ in listed] == sorted(path for path, _ in listed)


def test_the_list_of_decisions_names_those_of_the_services() -> None:
    listed = re.findall(r"^\| \[ADR-\d+\]\(([^)]+)\) \|", (ROOT / "adr/README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(decisions("ADR-*.md"))
