"""What the commands have in common: options, and how an answer is given to people and to scripts."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watchbill.errors import Diagnostic

if TYPE_CHECKING:
    from watchbill.compilation import Compiled

specs_option = click.option(
    "--specs", type=click.Path(path_type=Path), default=Path("specs"), show_default=True, help="The spec tree."
)
out_option = click.option(
    "--out", type=click.Path(path_type=Path), default=Path("out"), show_default=True, help="The compiled tree."
)
generation_option = click.option(
    "--generation",
    "generation_",
    type=click.Choice(["newest", "oldest"]),
    default="newest",
    show_default=True,
    help="The programs of .tools, which are fetched if need be.",
)
format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for scripts.",
)


def answer(content: dict[str, Any], text: str, format_: str, compiled: Compiled | None = None) -> None:
    """Write the result to standard output; for scripts, as one object that holds the warnings too."""
    warnings = compiled.warnings if compiled is not None else ()
    if format_ == "json":
        print_json({**content, **({"diagnostics": as_json(warnings)} if compiled is not None else {})})
        return
    if compiled is not None and warnings:
        report(warnings, compiled.texts)
    click.echo(text)


def print_json(content: object) -> None:
    """Write one JSON document to standard output."""
    import json

    click.echo(json.dumps(content, indent=2, ensure_ascii=False))


def as_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, str | int]]:
    """Give diagnostics as scripts read them."""
    from watchbill.console.diagnostics import as_json as one

    return [one(diagnostic) for diagnostic in diagnostics]


def report(diagnostics: Iterable[Diagnostic], texts: Mapping[str, str]) -> None:
    """Write diagnostics to standard error, as a terminal, a log or an action wants them."""
    from watchbill.console import diagnostics as layout

    style = layout.pick_style(tty=sys.stderr.isatty(), format_json=False, environ=os.environ)
    # GitHub reads annotations from standard output
    click.echo(layout.render(diagnostics, style=style, texts=texts), err=style is not layout.Style.GITHUB)


def say(message: str) -> None:
    """Tell people what is going on, beside the answer."""
    click.echo(message, err=True)


def track(what: str, total: int) -> Callable[[int], None]:
    """Show on a terminal how far a step is; elsewhere say that it has begun."""
    if not sys.stderr.isatty():
        say(f"{what} …")
        return lambda _: None
    done = 0

    def advance(more: int) -> None:
        nonlocal done
        done += more
        end = "\n" if done >= total else ""
        click.echo(f"\r{what} {done}/{total}{end}", nl=False, err=True)

    return advance


def count(number: int, noun: str) -> str:
    """Say how many things there are, as in "1 alert" and "2 alerts"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
