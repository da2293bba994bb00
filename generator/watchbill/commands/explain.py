"""`watchbill explain`: an alert or objective in English, or who is woken by what."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from watchbill import console
from watchbill.errors import UsageError


@click.command(short_help="Tell in English what an alert or objective is, or who is woken by what.")
@click.argument("alert", required=False)
@click.option("--matrix", "matrix_", is_flag=True, help="Tell who is woken by what, for every team and severity.")
@click.option("--code", metavar="CODE", help="Tell what a diagnostic's code means, such as pack/unknown-alert.")
@console.specs_option
@console.format_option
def explain(alert: str | None, code: str | None, specs: Path, format_: str, *, matrix_: bool) -> None:
    """Say in English what ALERT is, when it fires, whom it reaches, and where it stands.

    ALERT is service/Alert, or service/objective; the name alone will do where it is unique.
    """
    from watchbill import explain as explaining
    from watchbill.compilation import compile_rules
    from watchbill.explain import matrix
    from watchbill.outputs import catalog
    from watchbill.reference import diagnostics

    if (alert is not None) + (code is not None) + matrix_ != 1:
        raise UsageError("name one alert, or ask for the whole --matrix, or for one --code")
    if code is not None:
        entry = diagnostics.find(code)
        console.answer(asdict(entry), diagnostics.text(entry), format_)
        return
    compiled = compile_rules(specs)
    if alert is None:
        console.answer(matrix.as_json(compiled.bundle), matrix.text(compiled.bundle), format_)
        return
    found = explaining.find(compiled.bundle, alert)
    console.answer(catalog.describe(found, compiled.bundle), explaining.explain(compiled.bundle, found), format_)
