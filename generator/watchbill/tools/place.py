"""Where the fetched tools live: `.tools` in the checkout, which git ignores."""

from __future__ import annotations

from pathlib import Path


def checkout_root(start: Path | None = None) -> Path:
    """Find the checkout that `start` (the current folder, if none is given) lies in.

    That is the nearest folder upwards with a `pyproject.toml` or a `specs` folder, else `start` itself.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "pyproject.toml").is_file() or (folder / "specs").is_dir():
            return folder
    return here


def tools_folder(root: Path | None) -> Path:
    """Name the folder that holds the generations; it need not exist."""
    return (checkout_root() if root is None else root.resolve()) / ".tools"
