from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from watchbill.errors import RefusedError
from watchbill.publish.artifacts import guard, publish, stage, write

OURS = {"catalog.json": json.dumps({"version": 1, "alerts": []}), "rules/a.yml": "a\n"}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def generate(out: Path) -> None:
    with stage(out, OURS) as staged:
        publish(staged, out)


@pytest.mark.parametrize("catalogue", ["", "[]", '{"version": 1}', '{"version": 2, "alerts": []}', "<<<<<<<", "\xff"])
def test_a_catalogue_that_is_not_ours_is_refused(out: Path, catalogue: str) -> None:
    out.mkdir()
    (out / "catalog.json").write_text(catalogue, encoding="latin-1")
    with pytest.raises(RefusedError, match="damaged or not watchbill's"):
        guard(out)


@pytest.mark.parametrize("version", ["true", "1.0", '"1"', "null"])
def test_a_version_that_is_not_the_number_one_is_refused(out: Path, version: str) -> None:
    out.mkdir()
    (out / "catalog.json").write_text(f'{{"version": {version}, "alerts": []}}')
    with pytest.raises(RefusedError, match="damaged or not watchbill's"):
        guard(out)


def test_a_foreign_folder_is_refused_and_untouched(out: Path) -> None:
    (out / "letters").mkdir(parents=True)
    (out / "letters/mother.txt").write_text("dear")
    with pytest.raises(RefusedError, match="is not watchbill's"):
        generate(out)
    assert [path.name for path in out.rglob("*")] == ["letters", "mother.txt"]
    assert (out / "letters/mother.txt").read_text() == "dear"
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize("where", [".git", "deep/er/.git"])
def test_a_folder_with_a_repository_is_refused(out: Path, where: str) -> None:
    generate(out)
    (out / where).mkdir(parents=True)
    with pytest.raises(RefusedError, match="contains a git repository"):
        guard(out)


def test_a_file_is_refused(out: Path) -> None:
    out.write_text("a user's")
    with pytest.raises(RefusedError, match="is not a folder"):
        guard(out)


@pytest.mark.parametrize("target", ["ours", "absent"])
def test_a_link_is_refused(out: Path, target: str) -> None:
    generate(out.with_name("ours"))
    out.symlink_to(out.with_name(target))
    with pytest.raises(RefusedError, match="is a symbolic link"):
        guard(out)


@pytest.mark.parametrize("path", [".", "..", "sub/..", "../project", "/"])
def test_the_current_folder_and_its_parents_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    project = tmp_path / "project"
    (project / "sub").mkdir(parents=True)
    write(project, OURS)
    monkeypatch.chdir(project)
    with pytest.raises(RefusedError, match="the current or the home folder"):
        guard(Path(path))


@pytest.mark.parametrize("path", ["user", "."])
def test_the_home_folder_and_its_parents_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    (tmp_path / "homes/user").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "homes/user"))
    with pytest.raises(RefusedError, match="the current or the home folder"):
        guard(tmp_path / "homes" / path)


def test_a_folder_without_a_parent_is_refused(out: Path) -> None:
    with pytest.raises(RefusedError, match="make it first"):
        guard(out / "deeper")


@pytest.mark.parametrize("make", [lambda _: None, Path.mkdir, generate])
def test_a_folder_that_is_absent_empty_or_ours_is_accepted(out: Path, make: Callable[[Path], object]) -> None:
    make(out)
    guard(out)


def test_a_link_to_a_catalogue_does_not_make_a_folder_ours(out: Path) -> None:
    generate(out.with_name("ours"))
    out.mkdir()
    (out / "catalog.json").symlink_to(out.with_name("ours") / "catalog.json")
    with pytest.raises(RefusedError, match="damaged or not watchbill's"):
        guard(out)
