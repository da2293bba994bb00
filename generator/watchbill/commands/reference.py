"""`watchbill reference`: the reference for authors, as pages of watchbill's own repository."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from watchbill import console
from watchbill.errors import ExitCode


@click.command(short_help="Write the reference for authors as pages; for watchbill's own repository.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("docs/reference"),
    show_default=True,
    help="The folder of the pages, which holds nothing else.",
)
@click.option("--check", "check_", is_flag=True, help="Write nothing; fail where the folder is not what the code says.")
def reference(out: Path, check_: bool) -> None:  # noqa: FBT001 (click's)
    """Write the reference for authors: a page for everything that specs may name.

    The runbook site has the same pages, and `watchbill explain --kind level` shows one of them.
    """
    from watchbill.reference import render

    pages = render()
    there = {path.relative_to(out).as_posix(): path for path in out.rglob("*.md")}
    written = {name: path.read_text(encoding="utf-8") for name, path in there.items()}
    drift = sorted(name for name in {*pages, *written} if pages.get(name) != written.get(name))
    if not drift:
        console.say(f"{out}: {console.count(len(pages), 'page')}, as the code says")
        return
    if check_:
        click.echo("\n".join((f"{out} is not what the code says:", *(f"  {name}" for name in drift))))
        click.echo(f'run "watchbill reference --out {out}" and commit it')
        sys.exit(ExitCode.FOUND)
    for name in drift:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        if name in pages:
            (out / name).write_text(pages[name], encoding="utf-8")
        else:
            there[name].unlink()
    console.say(f"{out}: {console.count(len(pages), 'page')}, {len(drift)} of them changed")
