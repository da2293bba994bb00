"""`watchbill generate`: compile, validate and publish."""

from __future__ import annotations

from pathlib import Path

import click

from watchbill import console


@click.command(short_help="Compile, validate and publish.")
@console.specs_option
@console.out_option
@console.format_option
def generate(specs: Path, out: Path, format_: str) -> None:
    """Compile the specs, let promtool and amtool check the result, and publish it."""
    from watchbill import pipeline

    compiled, summary = pipeline.generate(specs, out, console.say)
    changes = {"added": summary.added, "changed": summary.changed, "removed": summary.removed}
    said = ", ".join(f"{number} {word}" for word, number in changes.items() if number) or "nothing changed"
    alerts, services = len(compiled.bundle.alerts), len(compiled.bundle.services)
    whole = f"{console.count(alerts, 'alert')} of {console.count(services, 'service')}"
    console.answer(
        {"files": summary.files, **changes, "alerts": alerts, "services": services},
        f"{out}: {whole} in {console.count(summary.files, 'file')}, accepted by promtool and amtool; {said}",
        format_,
        compiled,
    )
