"""`watchbill explain`: an alert or objective in English, or who is woken by what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from watchbill import console
from watchbill.errors import UsageError

# What --kind, --pack and the others show: the section of the reference that has a page of that name.
_PAGES = {
    "kind": "conditions",
    "sli": "slis",
    "view": "views",
    "pack": "packs",
    "profile": "profiles",
    "code": "diagnostics",
}
_HELP = {
    "kind": "Show the reference of a kind of condition.",
    "sli": "Show the reference of a kind of indicator.",
    "view": "Show the reference of a kind of view.",
    "pack": "Show the reference of a shipped pack.",
    "profile": "Show the reference of a shipped profile.",
    "code": "Show what the code of a diagnostic means.",
}


def _page_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, text in reversed(_HELP.items()):
        command = click.option(f"--{name}", metavar="NAME", help=text)(command)
    return command


@click.command(short_help="Tell in English what an alert or objective is, or who is woken by what.")
@click.argument("alert", required=False)
@click.option("--matrix", "matrix_", is_flag=True, help="Tell who is woken by what, for every team and severity.")
@_page_options
@console.specs_option
@console.format_option
def explain(alert: str | None, specs: Path, format_: str, *, matrix_: bool, **pages: str | None) -> None:
    """Say in English what ALERT is, when it fires, whom it reaches, and where it stands.

    ALERT is service/Alert, or service/objective; the name alone will do where it is unique.
    """
    from watchbill import explain as explaining
    from watchbill import reference
    from watchbill.compilation import compile_rules
    from watchbill.explain import matrix
    from watchbill.outputs import catalog

    asked = [(option, name) for option, name in pages.items() if name is not None]
    if len(asked) + (alert is not None) + matrix_ != 1:
        raise UsageError("name one alert, or ask for the whole --matrix, or for one page of the reference")
    if asked:
        ((option, name),) = asked
        text = reference.page(_PAGES[option], name)
        console.answer({"page": text}, text, format_)
        return
    compiled = compile_rules(specs)
    if alert is None:
        console.answer(matrix.as_json(compiled.bundle), matrix.text(compiled.bundle), format_)
        return
    found = explaining.find(compiled.bundle, alert)
    console.answer(catalog.describe(found, compiled.bundle), explaining.explain(compiled.bundle, found), format_)
