"""`watchbill site`: build the runbook site, and check its links."""

from __future__ import annotations

from pathlib import Path

import click

from watchbill import console


@click.command(short_help="Compile, build the runbook site, and check its links.")
@console.specs_option
@click.option(
    "--config", type=click.Path(path_type=Path), default=Path("mkdocs.yml"), show_default=True, help="MkDocs'."
)
@click.option(
    "--site", type=click.Path(path_type=Path), default=Path("site"), show_default=True, help="The built site."
)
@console.format_option
def site(specs: Path, config: Path, site: Path, format_: str) -> None:
    """Compile the specs and prose, let MkDocs build the site strictly, check every link in it, and publish it.

    Whatever is wrong is reported at the line that it comes from, and the old site stays.
    """
    from watchbill.site import build as sitebuild

    pages = sitebuild.build_site(specs, config, site, console.say)
    console.answer(
        {"pages": pages}, f"{site}: {console.count(pages, 'page')}, every link of which leads somewhere", format_
    )
