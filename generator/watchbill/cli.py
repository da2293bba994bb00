"""The commands, and nothing else; whatever is heavy is imported by the command that needs it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from watchbill.errors import Diagnostic, ExitCode, SpecError, WatchbillError
from watchbill.report import Style, pick_style
from watchbill.report import render as render_report

if TYPE_CHECKING:
    from watchbill.pipeline import Compiled

Command = TypeVar("Command", bound=Callable[..., Any])

_specs = click.option(
    "--specs", type=click.Path(path_type=Path), default=Path("specs"), show_default=True, help="The spec tree."
)
_out = click.option(
    "--out", type=click.Path(path_type=Path), default=Path("out"), show_default=True, help="The compiled tree."
)
_format = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for scripts.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="watchbill")
def cli() -> None:
    """Compile services, SLOs and alerts into everything that an on-call team runs on."""


@cli.command()
@_specs
@_out
@_format
def generate(specs: Path, out: Path, format_: str) -> None:
    """Compile the specs, let promtool judge the result, and publish it."""
    from watchbill import pipeline

    compiled, summary = pipeline.generate(specs, out, _say)
    _warn(compiled, format_)
    done = {"files": summary.files, "added": summary.added, "changed": summary.changed, "removed": summary.removed}
    changes = ", ".join(f"{number} {word}" for word, number in done.items() if number and word != "files")
    _answer(
        done | {"alerts": len(compiled.bundle.alerts)},
        f"{out}: {len(compiled.bundle.alerts)} alerts of {_services(compiled)} in {summary.files} files,"
        f" accepted by promtool; {changes or 'nothing changed'}",
        format_,
    )


@cli.command()
@_specs
@_out
@_format
def check(specs: Path, out: Path, format_: str) -> None:
    """Compile and judge without writing; fail where the compiled tree is not what is committed."""
    from watchbill import pipeline

    compiled, drift = pipeline.check(specs, out, _say)
    _warn(compiled, format_)
    rows = [{"path": entry.path, "kind": entry.kind, "detail": entry.detail} for entry in drift]
    if not drift:
        _answer({"drift": rows}, f"{out} is what {specs} compile to, and promtool accepts it", format_)
        return
    width = max(len(entry.kind) for entry in drift)
    lines = [f"{out} is not what {specs} compile to:"]
    for entry in drift:
        lines.append(f"  {entry.kind:<{width}}  {entry.path}")
        lines += [f"    {line}" for line in entry.detail.splitlines()]
    verb = "differs" if len(drift) == 1 else "differ"
    lines.append(f'{_count(len(drift), "file")} {verb}; run "watchbill generate" and commit {out}')
    _answer({"drift": rows}, "\n".join(lines), format_)
    sys.exit(ExitCode.FOUND)


@cli.command()
@click.argument("alert")
@_specs
@_format
def explain(alert: str, specs: Path, format_: str) -> None:
    """Tell in English what ALERT is, when it fires, whose it is, and where it stands.

    ALERT is service/Alert; the name alone will do where it is unique.
    """
    from watchbill import explain as explaining
    from watchbill import pipeline
    from watchbill.targets.catalog import entry

    bundle = pipeline.compile_specs(specs).bundle
    found = explaining.find(bundle, alert)
    _answer(entry(found), explaining.explain(bundle, found), format_)


@cli.command()
@click.argument("document", required=False)
def schema(document: str | None) -> None:
    """Print the JSON Schema of a kind of DOCUMENT: platform, service, pack or profile.

    Without DOCUMENT, print all of them as one object.
    """
    from watchbill import schema as schemas

    if document is None:
        click.echo(json.dumps({name: schemas.schema(name) for name in schemas.DOCUMENTS}, indent=2, ensure_ascii=False))
    else:
        click.echo(schemas.text(document), nl=False)


@cli.command()
@_format
def tools(format_: str) -> None:
    """Fetch the oldest and the newest supported Prometheus and Alertmanager, and show their versions."""
    from watchbill import tools as toolbox

    found = toolbox.fetch()
    _answer(toolbox.as_json(found), toolbox.table(found), format_)


def _answer(content: object, text: str, format_: str) -> None:
    click.echo(json.dumps(content, indent=2, ensure_ascii=False) if format_ == "json" else text)


def _say(message: str) -> None:
    click.echo(message, err=True)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _services(compiled: Compiled) -> str:
    return _count(len(compiled.bundle.services), "service")


def _warn(compiled: Compiled, format_: str) -> None:
    if compiled.warnings:
        _report(compiled.warnings, compiled.texts, format_)


def _report(diagnostics: Iterable[Diagnostic], texts: Mapping[str, str], format_: str) -> None:
    """Write diagnostics to standard error, as the terminal, the script or the action wants them."""
    style = pick_style(tty=sys.stderr.isatty(), format_json=format_ == "json", environ=os.environ)
    # GitHub reads annotations from standard output only
    click.echo(render_report(diagnostics, style=style, texts=texts), err=style is not Style.GITHUB)


def _asks_for_json(arguments: list[str]) -> bool:
    return "--format=json" in arguments or ("--format", "json") in pairwise(arguments)


def main() -> None:
    """Run a command; whatever is wrong ends in a sentence and an exit code, never in a traceback."""
    format_ = "json" if _asks_for_json(sys.argv[1:]) else "text"
    try:
        cli.main(standalone_mode=False)
    except SpecError as error:
        _report(error.diagnostics, getattr(error, "texts", {}), format_)
        sys.exit(error.exit_code)
    except WatchbillError as error:
        click.echo(f"watchbill: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(ExitCode.USAGE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("watchbill: interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.FOUND)
