"""`watchbill serve`: show the runbook site to its authors while they write."""

from __future__ import annotations

from pathlib import Path

import click

from watchbill import console


@click.command(short_help="Serve the runbook site, and compile again on every change.")
@console.specs_option
@click.option(
    "--config", type=click.Path(path_type=Path), default=Path("mkdocs.yml"), show_default=True, help="MkDocs'."
)
@click.option("--address", default="127.0.0.1:8000", show_default=True, help="Host and port.")
def serve(specs: Path, config: Path, address: str) -> None:
    """Serve the runbook site to its authors, and compile and build again when a spec or a page changes."""
    from watchbill.site import serve as serving

    serving.serve(specs, config, address)
