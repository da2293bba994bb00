"""Tell how a folder differs from the files that it should hold."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path, PurePosixPath
from typing import Literal

SHOWN_LINES = 12
SHOWN_COLUMNS = 160
CONTEXT_LINES = 2
WINDOW_LINES = 40


@dataclass(frozen=True, slots=True, order=True)
class Drift:
    """One difference; `detail` is a short diff for a changed file, else what stands there, if anything."""

    path: str
    kind: Literal["missing", "extra", "changed"]
    detail: str


def compare_bytes(folder: Path, wanted: Mapping[str, bytes]) -> tuple[Drift, ...]:
    """List how `folder`, which may be absent, differs from `wanted`, sorted by path.

    Whatever is not a plain file, or a folder on the way to one, is extra. Follows no links and
    opens no pipes. Raises OSError for what cannot be read.
    """
    found = dict(_walk(folder, "")) if os.path.lexists(folder) else {}
    on_the_way = {parent.as_posix() for path in wanted for parent in PurePosixPath(path).parents}
    drift = [Drift(path, "missing", "") for path in wanted.keys() - found.keys()]
    for path, what in found.items():
        if path not in wanted:
            # The content of a folder speaks for it; only where there is none does it speak itself.
            if what != "a folder" and not (what == "an empty folder" and path in on_the_way):
                drift.append(Drift(_printable(path), "extra", what))
        elif what != "a file":
            drift.append(Drift(path, "changed", f"{what} stands where a file should"))
        elif (content := (folder / path).read_bytes()) != wanted[path]:
            drift.append(Drift(path, "changed", _excerpt(content, wanted[path])))
    return tuple(sorted(drift))


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = prefix + entry.name
            if entry.is_symlink():
                yield path, "a symbolic link"
            elif entry.is_file():
                yield path, "a file"
            elif entry.is_dir():
                inside = dict(_walk(Path(entry.path), f"{path}/"))
                yield path, "a folder" if inside else "an empty folder"
                yield from inside.items()
            else:
                yield path, "a pipe, socket or device"


def _excerpt(old: bytes, new: bytes) -> str:
    before, after = (content.decode("utf-8", "backslashreplace").split("\n") for content in (old, new))
    pairs = enumerate(zip_longest(before, after))
    first = next((number for number, (one, other) in pairs if one != other), None)
    if first is None:
        return "differs in bytes that are not text"
    # A window, since difflib takes quadratic time on large files that differ throughout.
    start = max(0, first - CONTEXT_LINES)
    end = start + WINDOW_LINES
    diff = difflib.unified_diff(before[start:end], after[start:end], n=WINDOW_LINES, lineterm="")
    lines = [f"@@ line {first + 1} @@", *list(diff)[3:]]
    shown = [_printable(line)[:SHOWN_COLUMNS] for line in lines[:SHOWN_LINES]]
    return "\n".join([*shown, "…"] if len(lines) > SHOWN_LINES else shown)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in text)
