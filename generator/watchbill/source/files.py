"""Read spec files and folders, and refuse what is no ordinary text file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from watchbill.errors import Diagnostic, RefusedError, Span, UsageError
from watchbill.source.nodes import Document, SourceError, file_error
from watchbill.source.parser import MOST_BYTES, parse
from watchbill.source.scalars import Refusal, visible
from watchbill.source.text import Text


def read_file(path: Path, *, shown: str, pointer: str) -> Document:
    """Read and parse one file; `shown` is its path in diagnostics. Raises `SourceError`."""
    return parse(read_text(path, shown), path=shown, pointer=pointer)


def read_text(path: Path, shown: str) -> str:
    """Read one file of UTF-8 text, at most a little more than allowed. Raises `SourceError`."""
    content = _read_bytes(path, shown)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode().removeprefix("\ufeff")
        fault = Diagnostic(
            Text(shown, before).at(len(before)),
            "file/not-utf-8",
            f"the byte 0x{content[error.start]:02X} is not UTF-8",
            "save the file as UTF-8",
        )
        raise SourceError([fault], {shown: content.decode(errors="replace").removeprefix("\ufeff")}) from None


def read_tree(root: Path, *, label: str = "specs") -> tuple[Document, ...]:
    """Read every `*.yaml` file below `root`, sorted by its path with forward slashes.

    The root may be a symbolic link, since someone chose it; nothing below it may. Raises `SourceError` with
    the diagnostics of all files, `UsageError` where the root is no folder, `RefusedError` where it has no spec.
    """
    if not os.path.isdir(root):  # noqa: PTH112 - Path.is_dir raises where a parent folder is closed to us
        raise UsageError(f'"{visible(str(root))}" is not a folder; name the folder of the specs by --specs')
    diagnostics: list[Diagnostic] = []
    texts: dict[str, str] = {}
    documents = []
    for relative in sorted(_walk(root, diagnostics)):
        try:
            document = read_file(root / relative, shown=str(root / relative), pointer=f"{label}/{relative}")
            documents.append(document)
        except SourceError as error:
            diagnostics.extend(error.diagnostics)
            texts.update(error.texts)
    if diagnostics:
        raise SourceError(diagnostics, texts)
    if not documents:
        raise RefusedError(f'"{visible(str(root))}" holds no spec; write one as *.yaml in it, or name another folder')
    return tuple(documents)


def _walk(root: Path, diagnostics: list[Diagnostic]) -> Iterator[str]:
    """Yield the relative paths of spec files; add a fault for each entry that is refused."""
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(root / folder) as entries:
                found = [(f"{folder}/{entry.name}".lstrip("/"), entry) for entry in entries]
        except OSError as error:
            diagnostics.extend(_unreadable(visible(str(root / folder)), error).diagnostics)
            continue
        for relative, entry in found:
            kind = _check_entry(entry)
            if isinstance(kind, Refusal):
                shown = visible(str(root / relative))
                diagnostics.append(Diagnostic(Span(shown, 1, 1, 1, 1), *kind))
            elif kind == "folder":
                folders.append(relative)
            elif kind == "spec":
                yield relative


def _check_entry(entry: os.DirEntry[str]) -> str | Refusal:
    named_as_spec = Path(entry.name).suffix.lower() in {".yaml", ".yml"}
    try:
        folder = entry.is_dir()
    except OSError:  # a link to itself
        folder = False
    if entry.name.startswith(".") or not (named_as_spec or folder):
        return "other"
    if not entry.name.isprintable():
        return Refusal("file/not-a-spec", "the name holds a character that does not print", "rename it")
    if entry.is_symlink():
        return Refusal(
            "file/not-a-spec",
            "symbolic links are not followed",
            "put the file or folder itself here, or remove the link",
        )
    return _check_name(entry, folder=folder) if named_as_spec else "folder"


def _check_name(entry: os.DirEntry[str], *, folder: bool) -> str | Refusal:
    suffix = Path(entry.name).suffix
    if not entry.is_file(follow_symlinks=False):
        what = "this is a folder and not a regular file" if folder else "this is not a regular file"
        return Refusal("file/not-a-spec", what, "remove it, or rename it so that it does not look like a spec")
    if suffix != ".yaml":
        return Refusal(
            "file/not-a-spec",
            f'specs end in ".yaml", not in "{suffix}"',
            f'rename it to "{Path(entry.name).stem}.yaml"',
        )
    return "spec"


def _read_bytes(path: Path, shown: str) -> bytes:
    """Read at most one byte more than allowed; never follow a link and never wait for a pipe."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise file_error(shown, "file/not-a-spec", "this is not a regular file", "name a file of YAML text")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read(MOST_BYTES + len("\ufeff".encode()) + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unreadable(shown, error) from None


def _unreadable(shown: str, error: OSError) -> SourceError:
    return file_error(
        shown, "file/unreadable", f"this cannot be read ({error.strerror})", "correct the path or its permissions"
    )
