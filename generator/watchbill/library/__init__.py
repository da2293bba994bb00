"""Profiles, packs and templates, shipped as data."""

from __future__ import annotations

from pathlib import Path

from watchbill.source import Document, read_file

ROOT = Path(__file__).parent


def assets() -> dict[str, str]:
    """Read what the runbook site is shown with, by name."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "site").iterdir())}


def theme_scripts() -> frozenset[str]:
    """Read the hashes of the scripts that the site's theme writes into its pages."""
    lines = (ROOT / "theme-scripts.sha256").read_text(encoding="utf-8").splitlines()
    return frozenset(line.split()[0] for line in lines if not line.startswith("#"))


def skeleton(name: str) -> str:
    """Read the skeleton of a new file."""
    return (ROOT / "skeletons" / name).read_text(encoding="utf-8")


def documents(kind: str) -> tuple[Document, ...]:
    """Read the shipped documents of a kind (`profiles`, `packs`), sorted by name."""
    label = f"watchbill/library/{kind}"
    return tuple(
        read_file(path, shown=f"{label}/{path.name}", pointer=f"{label}/{path.name}")
        for path in sorted((ROOT / kind).glob("*.yaml"))
    )
