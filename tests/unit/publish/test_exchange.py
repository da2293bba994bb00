from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from watchbill.errors import RefusedError
from watchbill.publish.exchange import JOURNAL_TEXT, OutputPaths, begin, exchange, locate, recover, swap

PUBLISHER = Path(__file__).with_name("killed_publisher.py")
OLD, NEW = "old tree", "new tree"


@pytest.fixture
def place(tmp_path: Path) -> OutputPaths:
    return locate(tmp_path / "out")


def make(folder: Path, text: str) -> None:
    folder.mkdir()
    (folder / "file").write_text(text)


def beside(place: OutputPaths) -> list[str]:
    return sorted(path.name for path in place.out.parent.iterdir())


def cannot_exchange(_one: Path, _other: Path) -> bool:
    return False


def kill(work: str, root: Path, mode: str) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, PUBLISHER, work, root, mode],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    seen: dict[str, int] = json.loads(done.stdout)
    return seen


@pytest.mark.parametrize("mode", ["exchange", "journal"])
def test_a_publication_killed_before_any_operation_leaves_the_old_or_the_new_tree(tmp_path: Path, mode: str) -> None:
    seen = kill("steps", tmp_path, mode)
    away = seen.pop("away")
    assert set(seen) == {"A", "B"}
    assert min(seen.values()) > 10
    # Only the journalled swap has a moment without a tree, and it was met.
    assert bool(away) == (mode == "journal")


@pytest.mark.parametrize("mode", ["exchange", "journal"])
def test_a_first_publication_killed_before_any_operation_leaves_the_new_tree_or_none(tmp_path: Path, mode: str) -> None:
    seen = kill("first", tmp_path, mode)
    assert {name for name, times in seen.items() if times} == {"absent", "B"}


@pytest.mark.parametrize("mode", ["exchange", "journal"])
def test_tidying_up_that_is_killed_itself_is_done_by_the_next_run(tmp_path: Path, mode: str) -> None:
    seen = kill("recovery", tmp_path, mode)
    assert bool(seen.pop("away")) == (mode == "journal")
    assert set(seen) == {"A", "B"}


@pytest.mark.parametrize("mode", ["exchange", "journal"])
def test_a_publication_killed_at_a_random_moment_leaves_one_of_two_trees(tmp_path: Path, mode: str) -> None:
    seen = kill("moments", tmp_path, mode)
    assert set(seen) <= {"A", "B"}
    assert sum(seen.values()) == 20


def test_a_reader_never_misses_a_file_while_trees_are_exchanged(tmp_path: Path) -> None:
    out = tmp_path / "out"
    catalogue = out / "catalog.json"
    loop = subprocess.Popen([sys.executable, PUBLISHER, "loop", tmp_path, "exchange"])
    try:
        while not catalogue.exists():
            assert loop.poll() is None
        read, changes = catalogue.read_text(), 0
        while changes < 30:
            before, read = read, catalogue.read_text()
            changes += read != before
            assert json.loads(read)["alerts"] in (["A"], ["B"])
    finally:
        loop.kill()
        loop.wait()


def test_folders_are_exchanged_in_one_step_where_the_system_can(tmp_path: Path) -> None:
    make(tmp_path / "one", OLD)
    make(tmp_path / "other", NEW)
    assert exchange(tmp_path / "one", tmp_path / "other") == (sys.platform == "linux")
    assert (tmp_path / "other/file").read_text() == (OLD if sys.platform == "linux" else NEW)


@pytest.mark.parametrize("way", [exchange, cannot_exchange])
def test_a_swap_leaves_the_new_tree_and_nothing_beside_it(
    place: OutputPaths, way: Callable[[Path, Path], bool]
) -> None:
    make(place.out, OLD)
    (begin(place.out) / "file").write_text(NEW)
    swap(place.out, exchange=way)
    assert (place.out / "file").read_text() == NEW
    assert beside(place) == ["out"]


def test_a_swap_whose_second_rename_fails_puts_the_old_tree_back(place: OutputPaths) -> None:
    make(place.out, OLD)
    begin(place.out)

    def lose_the_staged_tree(one: Path, _other: Path) -> bool:
        one.rmdir()
        return False

    with pytest.raises(RefusedError, match=r"cannot publish to .*out: No such file or directory"):
        swap(place.out, exchange=lose_the_staged_tree)
    assert (place.out / "file").read_text() == OLD
    assert beside(place) == ["out"]


def test_a_failing_exchange_leaves_the_old_tree(place: OutputPaths) -> None:
    make(place.out, OLD)
    (begin(place.out) / "file").write_text(NEW)

    def fail(_one: Path, _other: Path) -> bool:
        raise OSError(28, "No space left on device")

    with pytest.raises(RefusedError, match="No space left on device"):
        swap(place.out, exchange=fail)
    assert (place.out / "file").read_text() == OLD
    assert beside(place) == ["out"]


def test_recovery_without_a_journal_touches_nothing(place: OutputPaths) -> None:
    make(place.staging, "a user's")
    make(place.aside, "a user's")
    assert recover(place.out) is None
    assert beside(place) == [".out.old", ".out.staging"]


def test_recovery_refuses_a_journal_that_is_not_ours(place: OutputPaths) -> None:
    place.journal.write_text("dear diary")
    make(place.staging, "a user's")
    with pytest.raises(RefusedError, match="is not a journal of watchbill"):
        recover(place.out)
    assert beside(place) == [".out.journal", ".out.staging"]


def test_recovery_puts_the_old_tree_back_and_says_so(place: OutputPaths) -> None:
    place.journal.write_bytes(JOURNAL_TEXT)
    make(place.staging, NEW)
    make(place.aside, OLD)
    assert "put " in (recover(place.out) or "")
    assert (place.out / "file").read_text() == OLD
    assert beside(place) == ["out"]


def test_recovery_puts_the_old_tree_back_where_only_an_empty_folder_stands(place: OutputPaths) -> None:
    place.journal.write_bytes(JOURNAL_TEXT)
    make(place.aside, OLD)
    place.out.mkdir()
    recover(place.out)
    assert (place.out / "file").read_text() == OLD


def test_recovery_takes_a_journal_cut_short_for_ours(place: OutputPaths) -> None:
    place.journal.write_bytes(JOURNAL_TEXT[:5])
    assert "removed" in (recover(place.out) or "")
    assert beside(place) == []


@pytest.mark.parametrize("name", ["staging", "aside", "journal"])
def test_staging_refuses_what_stands_in_its_way(place: OutputPaths, name: str) -> None:
    make(getattr(place, name), "a user's")
    with pytest.raises(RefusedError, match="stands in the way"):
        begin(place.out)
    assert (getattr(place, name) / "file").read_text() == "a user's"


@pytest.mark.parametrize("written", ["out", "./out", "sub/../out", "link/out"])
def test_one_folder_has_one_set_of_names(tmp_path: Path, written: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to(tmp_path)
    assert locate(tmp_path / written) == locate(tmp_path / "out")
