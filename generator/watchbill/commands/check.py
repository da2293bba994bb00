"""`watchbill check`: compile, validate and compare, writing nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from watchbill import console
from watchbill.errors import ExitCode


@click.command(short_help="Compile, validate and compare; write nothing.")
@console.specs_option
@console.out_option
@console.format_option
def check(specs: Path, out: Path, format_: str) -> None:
    """Compile and validate without writing; fail where the compiled tree is not what is committed."""
    from watchbill import pipeline

    compiled, drift = pipeline.check(specs, out)
    rows = [{"path": entry.path, "kind": entry.kind, "detail": entry.detail} for entry in drift]
    if not drift:
        console.answer(
            {"drift": rows}, f"{out} is what {specs} compiles to, and promtool and amtool accept it", format_, compiled
        )
        return
    width = max(len(entry.kind) for entry in drift)
    lines = [f"{out} is not what {specs} compiles to:"]
    for entry in drift:
        lines.append(f"  {entry.kind:<{width}}  {entry.path}")
        lines += [f"    {line}" for line in entry.detail.splitlines()]
    verb = "differs" if len(drift) == 1 else "differ"
    lines.append(f'{console.count(len(drift), "file")} {verb}; run "watchbill generate" and commit {out}')
    console.answer({"drift": rows}, "\n".join(lines), format_, compiled)
    sys.exit(ExitCode.FOUND)
