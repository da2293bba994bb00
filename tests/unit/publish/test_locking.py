from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from watchbill.errors import RefusedError
from watchbill.publish.exchange import JOURNAL_TEXT, begin
from watchbill.publish.locking import lock

PUBLISHER = Path(__file__).with_name("killed_publisher.py")


def hold(root: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, PUBLISHER, "hold", root], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_second_command_waits_says_so_and_then_succeeds(tmp_path: Path) -> None:
    out = tmp_path / "out"
    holder = hold(tmp_path)
    said: list[str] = []

    def notify(sentence: str) -> None:
        said.append(sentence)
        threading.Timer(0.2, holder.communicate, ["\n"]).start()

    with lock(out, wait_seconds=30, notify=notify):
        assert holder.wait(timeout=30) == 0
    assert said == [f"another watchbill is publishing to {out}; waiting"]
    assert list(tmp_path.iterdir()) == []


def test_a_second_command_gives_up_after_its_time(tmp_path: Path) -> None:
    holder = hold(tmp_path)
    said: list[str] = []
    with (
        pytest.raises(RefusedError, match="another watchbill is still publishing to"),
        lock(tmp_path / "out", wait_seconds=0.2, notify=said.append),
    ):
        pytest.fail("two commands hold one lock")
    assert len(said) == 1
    assert (tmp_path / ".out.lock").exists()
    holder.communicate("\n")
    assert holder.returncode == 0


def test_the_lock_of_a_killed_command_is_free(tmp_path: Path) -> None:
    holder = hold(tmp_path)
    holder.kill()
    holder.communicate()
    with lock(tmp_path / "out", wait_seconds=0, notify=pytest.fail):
        assert (tmp_path / ".out.lock").exists()
    assert list(tmp_path.iterdir()) == []


def test_many_commands_hold_the_lock_one_at_a_time(tmp_path: Path) -> None:
    # Each adds one to a number, without any other care; a lost lock loses a number.
    script = """
import sys, time
from pathlib import Path
from watchbill.publish.locking import lock
root = Path(sys.argv[1])
number = root / "number"
for _ in range(20):
    with lock(root / "out", wait_seconds=60, notify=lambda _: None):
        seen = int(number.read_text())
        time.sleep(0.001)
        number.write_text(str(seen + 1))
"""
    (tmp_path / "number").write_text("0")
    commands = [subprocess.Popen([sys.executable, "-c", script, tmp_path]) for _ in range(4)]
    assert [command.wait() for command in commands] == [0] * 4
    assert (tmp_path / "number").read_text() == "80"


def test_a_lock_that_is_removed_just_before_it_is_taken_is_opened_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, flock = tmp_path / ".out.lock", fcntl.flock
    seen: list[int] = []

    def flock_late(descriptor: int, operation: int) -> None:
        if not seen:
            path.unlink()
        seen.append(descriptor)
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock_late)
    with lock(tmp_path / "out", wait_seconds=30, notify=lambda _: None):
        assert path.exists()
    assert len(seen) == 2


def test_the_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lock(tmp_path / "out", wait_seconds=0, notify=pytest.fail):
        raise ZeroDivisionError
    with lock(tmp_path / "out", wait_seconds=0, notify=pytest.fail):
        pass


def test_the_next_command_tidies_up_and_says_so(tmp_path: Path) -> None:
    begin(tmp_path / "out")
    said: list[str] = []
    with lock(tmp_path / "out", wait_seconds=0, notify=said.append):
        assert [path.name for path in tmp_path.iterdir()] == [".out.lock"]
    assert said == [f"removed what an earlier run left beside {tmp_path / 'out'}"]


def test_two_folders_have_two_locks(tmp_path: Path) -> None:
    with (
        lock(tmp_path / "one", wait_seconds=0, notify=pytest.fail),
        lock(tmp_path / "two", wait_seconds=0, notify=pytest.fail),
    ):
        pass


def test_a_users_file_at_the_name_of_the_lock_is_kept(tmp_path: Path) -> None:
    (tmp_path / ".out.lock").write_text("a user's")
    with (
        pytest.raises(RefusedError, match="is not a lock of watchbill"),
        lock(tmp_path / "out", wait_seconds=0, notify=pytest.fail),
    ):
        pytest.fail("the lock was taken")
    assert (tmp_path / ".out.lock").read_text() == "a user's"


def test_a_link_at_the_name_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / ".out.lock").symlink_to(tmp_path / "elsewhere")
    with (
        pytest.raises(RefusedError, match="cannot lock"),
        lock(tmp_path / "out", wait_seconds=0, notify=pytest.fail),
    ):
        pytest.fail("the lock was taken")
    assert not (tmp_path / "elsewhere").exists()


def test_the_lock_is_free_where_tidying_up_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".out.journal").write_text("dear diary")
    with (
        pytest.raises(RefusedError, match="is not a journal of watchbill"),
        lock(tmp_path / "out", wait_seconds=0, notify=pytest.fail),
    ):
        pytest.fail("the lock was taken")
    (tmp_path / ".out.journal").write_bytes(JOURNAL_TEXT)
    with lock(tmp_path / "out", wait_seconds=0, notify=lambda _: None):
        assert not (tmp_path / ".out.journal").exists()
