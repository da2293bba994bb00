"""The command line: finds the commands, and turns whatever goes wrong in one into a sentence and an exit code."""

from __future__ import annotations

import gc
import os
import sys
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import click

from watchbill import commands, console
from watchbill.errors import ExitCode, SpecError, WatchbillError

INTERRUPTED = 130  # what shells give a command that was stopped by Ctrl-C
RARELY = 100_000, 50, 50  # a command ends before it has much garbage, and looking for some takes a tenth of its time
UNREAD = 141  # what shells give a command whose reader is gone


class Commands(click.Group):
    """One command for each file in `commands/`, which is imported only when its command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's)
        """List the names of the files."""
        return _names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (click's)
        """Import the file of a command, which holds it under the file's own name."""
        if cmd_name not in _names():
            return None
        command: click.Command = getattr(import_module(f"{commands.__name__}.{cmd_name}"), cmd_name)
        return command


@cache
def _names() -> list[str]:
    return sorted(path.stem for path in Path(*commands.__path__).glob("[!_]*.py"))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="watchbill")
def cli() -> None:
    """Compile specs of services and alerts into Prometheus rules that are proven."""


def _asks_for_json(arguments: list[str]) -> bool:
    return "--format=json" in arguments or ("--format", "json") in pairwise(arguments)


def main() -> None:
    """Run a command; whatever is wrong ends in a sentence and an exit code, never in a traceback."""
    try:
        code = _run()
        sys.stdout.flush()
    except BrokenPipeError:
        # let nothing more be flushed to a reader that is gone, as in "watchbill schema | head"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = UNREAD
    sys.exit(code)


def _run() -> int:
    gc.set_threshold(*RARELY)
    for_scripts = _asks_for_json(sys.argv[1:])
    try:
        # not cli.main(), which would turn a closed pipe into exit code 1
        with cli.make_context("watchbill", sys.argv[1:]) as context:
            cli.invoke(context)
    except SpecError as error:
        if for_scripts:
            console.print_json({"diagnostics": console.as_json(error.diagnostics)})
        else:
            console.report(error.diagnostics, getattr(error, "texts", {}))
        return error.exit_code
    except WatchbillError as error:
        from watchbill.plaintext import mask

        said = mask(str(error))  # a URL of the command line may hold a password
        if for_scripts:
            console.print_json({"error": said})
        console.say(f"watchbill: {said}")
        return error.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        if for_scripts:
            console.print_json({"error": error.format_message()})
        error.show()
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        console.say("watchbill: interrupted")
        return INTERRUPTED
    return ExitCode.CLEAN
