"""`watchbill new`: begin a runbook, a decision, a service or an alert."""

from __future__ import annotations

from pathlib import Path

import click

from watchbill import console


@click.command(short_help="Begin a runbook, a decision, a service or an alert.")
@click.argument("kind", type=click.Choice(["runbook", "adr", "service", "alert"]))
@click.argument("name")
@console.specs_option
@console.format_option
def new(kind: str, name: str, specs: Path, format_: str) -> None:
    """Write the skeleton of a KIND called NAME, and list what must be filled in; until it is, no gate passes.

    NAME is service/Alert for an alert, and for the runbook of one; else a name, or a few words.
    """
    from watchbill import scaffold

    path = scaffold.new(kind, name, specs)
    asked = scaffold.open_questions(path)
    rows = [{"line": line, "what": what} for line, what in asked]
    lines = [f"{path} is begun; fill in", *(f"  {path}:{line}: {what}" for line, what in asked)]
    console.answer({"file": str(path), "fill_in": rows}, "\n".join(lines), format_)
