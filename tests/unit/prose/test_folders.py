"""Runbooks and decisions may stand in folders below theirs; their pages are named by their ids all the same."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from prosetree import REST, WHOLE, compiled, decision, diagnostics, runbook, tree
from spectree import run
from watchbill.outputs import render

OWN = "# 0001: Title\n\n**Status:** accepted\n\nBecause.\n"


def test_a_page_keeps_its_address_when_its_file_moves_to_a_folder(tmp_path: Path) -> None:
    link = {"up": "[x](RB-002-rest.md#impact)", "down": "[x](../deep/RB-002-rest.md#impact)"}
    flat = WHOLE | {"adr/ADR-020-x.md": decision(), "runbooks/RB-001-load.md": runbook(meaning=link["up"])}
    deep = {
        "runbooks/day/RB-001-load.md": runbook(meaning=link["down"]),
        "runbooks/deep/RB-002-rest.md": runbook(2, alerts=REST, severity="P1"),
        "adr/services/shop/ADR-020-x.md": decision(),
    }
    before, after = (render(compiled(tmp_path / name, files)) for name, files in (("a", flat), ("b", deep)))
    assert sorted(before) == sorted(after)
    for page in ("docs/adr/ADR-020.md", "docs/runbooks/RB-001.md"):
        assert before[page] == after[page].replace("runbooks/day/", "runbooks/")


def test_the_readme_of_a_folder_below_is_no_page(tmp_path: Path) -> None:
    files = {"adr/services/README.md": "<b>Not ours</b>", "adr/.drafts/ADR-021-y.md": "Not yet"}
    assert diagnostics(tmp_path, WHOLE | files) == []


@pytest.mark.parametrize(
    ("first", "second", "complaint"),
    [
        (
            ("adr/ADR-020-x.md", decision()),
            ("adr/services/ADR-020-x.md", decision()),
            'adr/services/ADR-020-x.md:2:5: decision "ADR-020" is {root}/adr/ADR-020-x.md already; ',
        ),
        (
            ("adr/0001-title.md", OWN),
            ("adr/old/0001-title.md", OWN),
            'adr/old/0001-title.md:1:9: decision "0001" is {root}/adr/0001-title.md already; ',
        ),
        (
            ("runbooks/RB-003-more.md", runbook(3, alerts="[]", more="reason: None yet\n")),
            ("runbooks/team/RB-003-more.md", runbook(3, alerts="[]", more="reason: None yet\n")),
            'runbooks/team/RB-003-more.md:2:5: runbook "RB-003" is {root}/runbooks/RB-003-more.md already; ',
        ),
    ],
)
def test_one_id_in_two_folders_is_refused_at_the_second(
    tmp_path: Path, first: tuple[str, str], second: tuple[str, str], complaint: str
) -> None:
    (found,) = diagnostics(tmp_path, WHOLE | dict((first, second)))
    assert found.startswith(complaint.format(root=tmp_path))


def test_a_link_that_leads_nowhere_is_answered_as_the_page_must_write_it(tmp_path: Path) -> None:
    files = {"adr/services/ADR-020-x.md": decision(text="See [it](../runbooks/RB-001-load.md).")}
    (found,) = diagnostics(tmp_path, WHOLE | files)
    assert found.startswith('adr/services/ADR-020-x.md:9:10: "adr/runbooks/RB-001-load.md" is no page of ')
    assert '; use "../../runbooks/RB-001-load.md"' in found


def test_a_link_to_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/ADR-020-x.md").write_text(decision())
    specs = tree(tmp_path / "tree", WHOLE | {"adr/0001-title.md": OWN})
    (tmp_path / "tree/adr/services").symlink_to(tmp_path / "elsewhere")
    outcome = run(tmp_path, "generate", "--specs", os.fspath(specs))
    assert outcome.code == 1
    assert "adr/services:1:1: symbolic links are not followed; " in outcome.stderr


def test_a_folder_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = os.scandir

    def scandir(path: str) -> Iterator[os.DirEntry[str]]:
        if Path(path).name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    files = {"adr/closed/ADR-020-x.md": decision(), "adr/open/ADR-021-y.md": decision(21, status="odd")}
    found = diagnostics(tmp_path, WHOLE | files)
    assert [line.partition("; ")[0] for line in found] == ["adr/closed:1:1: this cannot be read (Permission denied)"]
