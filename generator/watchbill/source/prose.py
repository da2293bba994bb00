"""Read Markdown files: front matter as data that knows its lines, and the prose behind it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from watchbill.errors import Diagnostic
from watchbill.source.files import read_text
from watchbill.source.nodes import Map, SourceError, file_error
from watchbill.source.parser import admit, parse
from watchbill.source.scalars import visible
from watchbill.source.text import Text

_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)
_PAGE = ".md"
_NOT_PROSE = "README.md"  # tells of the folder itself


@dataclass(frozen=True)  # without slots, so that its lines are found once
class Prose:
    """One Markdown file; the prose begins at index `body` of its text. `data` is None without front matter."""

    path: str
    pointer: str
    text: str
    data: Map | None
    body: int

    @cached_property
    def placed(self) -> Text:
        """The text, which finds the lines and columns of its indices."""
        return Text(self.path, self.text)


def read_prose(root: Path, *, label: str) -> tuple[Prose, ...]:
    """Read every page of a folder and of those below it, sorted by name; a folder that is not there has none.

    A README tells of its folder, and is left out. Raises `SourceError` with the diagnostics of all files.
    """
    if not os.path.isdir(root):  # noqa: PTH112 - Path.is_dir raises where a parent folder is closed to us
        return ()
    found: list[Prose] = []
    diagnostics: list[Diagnostic] = []
    texts: dict[str, str] = {}
    for path in sorted(_pages(root, diagnostics)):
        shown, pointer = str(path), f"{label}/{path.relative_to(root).as_posix()}"
        try:
            if path.is_symlink():
                raise file_error(
                    shown, "file/not-a-spec", "symbolic links are not followed", "put the file itself here"
                )
            found.append(read_page(read_text(path, shown), path=shown, pointer=pointer))
        except SourceError as error:
            diagnostics.extend(error.diagnostics)
            texts.update(error.texts)
    if diagnostics:
        raise SourceError(diagnostics, texts)
    return tuple(found)


def beside(specs: Path, label: str) -> Path:
    """Name a folder of prose: it stands beside the folder of the specs, also where that is the current one."""
    return specs.parent / label if specs.name not in {"", ".."} else specs / ".." / label


def read_page(text: str, *, path: str, pointer: str) -> Prose:
    """Take a page apart. Raises `SourceError`."""
    text = admit(text, path=path).replace("\r\n", "\n")
    opening = _FENCE.match(text)
    if opening is None:
        return Prose(path, pointer, text, None, 0)
    closing = _FENCE.search(text, opening.end())
    if closing is None:
        fault = Diagnostic(
            Text(path, text).between(0, 3),
            "prose/no-front-matter",
            "the front matter has no end",
            'end it by a line of "---"',
        )
        raise SourceError([fault], {path: text})
    front = parse(text[: closing.start()], path=path, pointer=pointer, dates=True)
    return Prose(path, pointer, text, front.data, min(closing.end() + 1, len(text)))


def _pages(root: Path, diagnostics: list[Diagnostic]) -> Iterator[Path]:
    """Yield the pages, and links in their place; add a diagnostic for each folder that cannot be read."""

    def refuse(error: OSError) -> None:
        what = f"this cannot be read ({error.strerror})"
        diagnostics.extend(
            file_error(visible(str(error.filename)), "file/unreadable", what, "correct its permissions").diagnostics
        )

    for folder, folders, names in os.walk(root, onerror=refuse):
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        folders[:] = [name for name in folders if not name.startswith(".")]
        pages = [name for name in names if name.endswith(_PAGE) and name != _NOT_PROSE]
        yield from (Path(folder) / name for name in (*links, *pages) if not name.startswith("."))
