"""`watchbill page`: let a team's own pager ring, by one test alert through a real deployment."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from watchbill import console
from watchbill.errors import ExitCode


@click.command(short_help="Let a team's own pager ring, by one marked test alert.")
@click.option("--team", required=True, metavar="NAME", help="Whose pager.")
@click.option("--alertmanager", required=True, metavar="URL", help="Alertmanager; the URL may hold user:password@.")
@click.option("--env", metavar="NAME", help="An environment that pages; needed where several do.")
@click.option(
    "--severity",
    type=click.Choice(["P0", "P1", "Info"]),
    default="P0",
    show_default=True,
    help="Of which the alert is.",
)
@click.option(
    "--wait",
    type=click.IntRange(0, 3600),
    metavar="SECONDS",
    help="Watch it so long; by default, until it has been sent.",
)
@console.specs_option
@console.format_option
def page(  # noqa: PLR0913 (one parameter per option)
    *, team: str, alertmanager: str, env: str | None, severity: str, wait: int | None, specs: Path, format_: str
) -> None:
    """Send one alert that says that it is a test, and let Alertmanager route it as any of that team and severity.

    Whom it will reach by the specs is said before it is sent, and what Alertmanager decided afterwards. It ends by
    itself after some minutes, joins no real alert and mutes none. An Alertmanager older than 0.28 does not say what
    it mutes by the hour; there the quiet times of the specs count.
    """
    from watchbill.compilation import compile_rules
    from watchbill.model.alerts import Severity
    from watchbill.testpage import wording
    from watchbill.testpage.deployed import deployed
    from watchbill.testpage.plan import choose_plan
    from watchbill.testpage.run import prepare, send

    server = deployed(alertmanager)
    bundle = compile_rules(specs).bundle
    sent = prepare(choose_plan(bundle, team=team, severity=Severity(severity), env=env), server, wait)
    if format_ == "text":
        click.echo(wording.before(sent))
    verdict = send(sent, console.say)
    if format_ == "json":
        console.print_json(wording.as_json(verdict))
    else:
        click.echo(wording.after(verdict))
    if verdict.wrong:
        sys.exit(ExitCode.FOUND)
