from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.errors import RefusedError
from watchbill.publish.artifacts import Summary, compare, publish, stage, write
from watchbill.publish.locking import lock

CATALOGUE = json.dumps({"version": 1, "alerts": []})
A = {"catalog.json": CATALOGUE, "rules/a.yml": "a\n", "rules/both.yml": "old\n", "only-a/deep/file": ""}
B = {"catalog.json": CATALOGUE, "rules/b.yml": "b é\n", "rules/both.yml": "new\n"}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def generate(out: Path, tree: dict[str, str]) -> Summary:
    with lock(out, wait_seconds=0, notify=pytest.fail), stage(out, tree) as staged:
        return publish(staged, out)


def content(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


def test_a_first_publication_writes_the_tree_and_leaves_nothing_beside_it(out: Path) -> None:
    assert generate(out, B) == Summary(files=3, added=3, changed=0, removed=0)
    assert content(out) == {path: text.encode() for path, text in B.items()} | {"rules": None}
    assert list(out.parent.iterdir()) == [out]


def test_a_publication_replaces_and_prunes(out: Path) -> None:
    generate(out, A)
    assert generate(out, B) == Summary(files=3, added=1, changed=1, removed=2)
    assert content(out) == {path: text.encode() for path, text in B.items()} | {"rules": None}
    assert list(out.parent.iterdir()) == [out]


def test_an_equal_tree_is_not_exchanged(out: Path) -> None:
    generate(out, A)
    before = {path: path.stat() for path in [out, *out.rglob("*")]}
    assert generate(out, A) == Summary(files=4, added=0, changed=0, removed=0)
    after = {path: path.stat() for path in [out, *out.rglob("*")]}
    assert {p: (s.st_ino, s.st_mtime_ns) for p, s in after.items()} == {
        p: (s.st_ino, s.st_mtime_ns) for p, s in before.items()
    }


def test_an_empty_folder_is_published_into(out: Path) -> None:
    out.mkdir()
    generate(out, A)
    assert compare(out, A) == ()


def test_pruning_does_not_follow_links(out: Path) -> None:
    generate(out, A)
    (out.parent / "precious").mkdir()
    (out.parent / "precious/file").write_text("a user's")
    (out / "link").symlink_to(out.parent / "precious")
    generate(out, B)
    assert not (out / "link").is_symlink()
    assert (out.parent / "precious/file").read_text() == "a user's"


def test_the_modes_of_published_files_follow_the_umask(out: Path) -> None:
    before = os.umask(0o027)
    try:
        generate(out, A)
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (out, out / "rules", out / "rules/a.yml")}
    assert modes == {"out": 0o750, "rules": 0o750, "a.yml": 0o640}


def test_a_staged_tree_is_gone_when_it_is_not_published(out: Path) -> None:
    generate(out, A)
    with stage(out, B) as staged:
        assert staged.parent == out.parent
        assert compare(staged, B) == ()
    assert compare(out, A) == ()
    assert list(out.parent.iterdir()) == [out]


def test_a_staged_tree_is_gone_after_an_error(out: Path) -> None:
    with pytest.raises(ZeroDivisionError), stage(out, A):
        raise ZeroDivisionError
    assert list(out.parent.iterdir()) == []


def test_what_another_run_staged_is_not_taken_away(out: Path) -> None:
    with stage(out, A) as staged:
        with pytest.raises(RefusedError, match="stands in the way"), stage(out, B):
            pytest.fail("two trees were staged at once")
        assert compare(staged, A) == ()


def test_a_tree_without_a_catalogue_is_never_published(out: Path) -> None:
    with pytest.raises(ValueError, match="has no catalog"):
        generate(out, {"file": ""})
    assert list(out.parent.iterdir()) == []


def test_only_what_was_staged_for_a_folder_is_published_there(out: Path) -> None:
    with stage(out, A) as staged, pytest.raises(ValueError, match="is not where"):
        publish(staged, out.with_name("other"))
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize("path", ["", ".", "/etc/passwd", "../up", "a/../../up", "a//b", "a/", "./a", "a\\b", "a\0"])
def test_a_path_that_is_not_plain_is_refused(out: Path, path: str) -> None:
    with pytest.raises(ValueError, match="is not a plain relative path"):
        generate(out, {path: ""})
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("a/File", "a/file", "one name on some systems"),
        ("Folder/a", "folder/b", "one name on some systems"),
        ("caf\u00e9", "cafe\u0301", "one name on some systems"),
        ("a", "a/b", "also a file"),
        ("A", "a/b/c", "also a file"),
    ],
)
def test_paths_that_collide_are_refused(out: Path, one: str, other: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        generate(out, {other: "", one: ""})
    assert list(out.parent.iterdir()) == []


def test_drift_is_found_by_path(out: Path) -> None:
    generate(out, A)
    assert [(drift.path, drift.kind) for drift in compare(out, B)] == [
        ("only-a/deep/file", "extra"),
        ("rules/a.yml", "extra"),
        ("rules/b.yml", "missing"),
        ("rules/both.yml", "changed"),
    ]
    assert compare(out, A) == ()


def test_a_folder_that_cannot_be_read_ends_in_a_sentence(out: Path) -> None:
    out.write_text("a file")
    with pytest.raises(RefusedError, match=r"cannot read .*: Not a directory"):
        compare(out, A)


trees = st.dictionaries(
    st.lists(st.sampled_from("abc"), min_size=3, max_size=3).map("/".join),
    st.text("xy\n", max_size=3),
    max_size=8,
)


@given(trees, trees)
def test_drift_is_exactly_what_differs(one: dict[str, str], other: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), one)
        drift = compare(Path(folder), other)
    kinds = {"missing": other.keys() - one.keys(), "extra": one.keys() - other.keys()}
    kinds["changed"] = {path for path in one.keys() & other.keys() if one[path] != other[path]}
    assert {kind: {found.path for found in drift if found.kind == kind} for kind in kinds} == kinds
    assert list(drift) == sorted(drift)


@pytest.fixture
def ours(out: Path) -> Iterator[Path]:
    generate(out, A)
    yield out
    assert compare(out, A) == ()
    assert list(out.parent.iterdir()) == [out]


def test_a_full_disk_ends_in_a_sentence_and_changes_nothing(ours: Path) -> None:
    # A limit on the size of a file fails a write half-way, as a full disk does.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(RefusedError, match=r"cannot write to .*: File too large"):
            generate(ours, B | {"large": "x" * 100_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_folder_without_permission_ends_in_a_sentence_and_changes_nothing(ours: Path) -> None:
    # In a process of its own, since the superuser, as whom tests may run, is refused nothing.
    script = """
import os, sys
from pathlib import Path
from watchbill.publish.artifacts import stage
from watchbill.errors import RefusedError
from watchbill.publish.locking import lock
os.chdir(sys.argv[1])
if os.geteuid() == 0:
    os.setuid(65534)
for work in (lock(Path("out"), wait_seconds=0, notify=print), stage(Path("out"), {"file": ""})):
    try:
        with work:
            print("went on")
    except RefusedError as error:
        print(error)
"""
    ours.parent.chmod(0o555)
    try:
        done = subprocess.run([sys.executable, "-c", script, ours.parent], capture_output=True, text=True, check=False)
    finally:
        ours.parent.chmod(0o755)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert first.startswith("cannot lock out: Permission denied")
    assert second.startswith("cannot write beside out: Permission denied")
