"""Publishes in forked children that are killed, and tidies up after them; run by the tests as a script.

steps      one child for each operation on the file system, killed with SIGKILL just before it
first      the same, where there is no tree yet
recovery   as steps, and the run that tidies up is killed before each of its own operations as well
moments    children that publish two trees in turn, killed at random moments
loop       publishes two trees in turn until it is killed
hold       takes the lock, says so, and keeps it until a line arrives
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

from watchbill.publish.artifacts import Tree, _publish, stage, write
from watchbill.publish.exchange import exchange, swap
from watchbill.publish.locking import lock

EXCHANGES: dict[str, Callable[[Path, Path], bool]] = {
    "exchange": exchange,
    "journal": lambda _one, _other: False,
}
OPERATIONS = ("open", "os.", "fcntl.flock", "ctypes.dlsym", "shutil.")


def make_tree(name: str, *, files: int) -> dict[str, str]:
    catalogue = json.dumps({"version": 1, "alerts": [name]})
    only_here = {f"only-{name}/deep/file.txt": name}
    return only_here | {"catalog.json": catalogue} | {f"d{n % 7}/{n}.txt": name * 300 for n in range(files)}


def publish(out: Path, tree: Tree, mode: str) -> None:
    with lock(out, wait_seconds=30, notify=lambda _: None), stage(out, tree) as staged:
        _publish(staged, out, swap=partial(swap, exchange=EXCHANGES[mode]))


def tidy_up(out: Path) -> None:
    with lock(out, wait_seconds=30, notify=lambda _: None):
        pass


def fork(work: Callable[[], object], *, die_before: int | None = None) -> int:
    if (child := os.fork()) != 0:
        return child
    seen = count(1)

    def hook(event: str, _arguments: object) -> None:
        if event.startswith(OPERATIONS) and next(seen) == die_before:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    # A killed process loses nothing that it wrote: only a power cut does, and waiting for the disk is most of the time.
    os.fsync = lambda fd: None  # noqa: ARG005 (its name is part of the signature)
    try:
        work()
    except BaseException as error:  # noqa: BLE001  # a child must never return into its parent's work
        sys.stderr.write(f"{error!r}\n")
        os._exit(1)
    os._exit(0)


def was_killed(child: int) -> bool:
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code not in {0, -signal.SIGKILL}:
        raise SystemExit(f"the child ended with {code}")
    return code != 0


def which(out: Path, trees: dict[str, dict[str, str]]) -> str:
    if sorted(path.name for path in out.parent.iterdir()) not in ([], ["out"]):
        return "leftovers"
    if not out.exists():
        return "absent"
    found = {p.relative_to(out).as_posix(): p.read_text() for p in out.rglob("*") if p.is_file()}
    return next((name for name, tree in trees.items() if tree == found), "torn")


def kill_at_each_step(root: Path, mode: str, *, first: bool, recovery: bool) -> Counter[str]:
    trees = {name: make_tree(name, files=0 if recovery else 2) for name in "AB"}
    seen: Counter[str] = Counter()
    for step in count(1):
        # Every eighth operation: the square of all of them takes minutes.
        for again in count(1 + step % 8, 8):
            out = root / f"{step}-{again}" / "out"
            out.parent.mkdir()
            if not first:
                out.mkdir()
                write(out, trees["A"])
            if not was_killed(fork(partial(publish, out, trees["B"], mode), die_before=step)):
                return seen
            seen["away"] += not out.exists() and not first
            killed_again = recovery and was_killed(fork(partial(tidy_up, out), die_before=again))
            tidy_up(out)
            seen[which(out, trees)] += 1
            if not killed_again:
                break
    raise AssertionError


def kill_at_moments(root: Path, mode: str, *, times: int, seed: int) -> Counter[str]:
    trees = {name: make_tree(name, files=60) for name in "AB"}
    out = root / "out"
    moments = random.Random(seed)  # noqa: S311  # nothing secret
    publish(out, trees["A"], mode)
    seen: Counter[str] = Counter()
    for _ in range(times):
        child = fork(partial(publish_in_turn, out, trees, mode))
        time.sleep(moments.uniform(0.01, 0.15))
        os.kill(child, signal.SIGKILL)
        was_killed(child)
        tidy_up(out)
        seen[which(out, trees)] += 1
    return seen


def publish_in_turn(out: Path, trees: dict[str, dict[str, str]], mode: str) -> None:
    while True:
        for name in "BA":
            publish(out, trees[name], mode)


def hold(out: Path) -> None:
    with lock(out, wait_seconds=30, notify=partial(print, flush=True)):
        print("held", flush=True)
        sys.stdin.readline()


def main(work: str, root: Path, mode: str = "exchange") -> None:
    if work in {"steps", "first", "recovery"}:
        seen = kill_at_each_step(root, mode, first=work == "first", recovery=work == "recovery")
        print(json.dumps(seen))
    elif work == "moments":
        print(json.dumps(kill_at_moments(root, mode, times=20, seed=1)))
    elif work == "loop":
        publish_in_turn(root / "out", {name: make_tree(name, files=20) for name in "AB"}, mode)
    else:
        hold(root / "out")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
