"""`watchbill drill`: run alerts through real servers, from the fault to the messages and back."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watchbill import console
from watchbill.errors import ExitCode, ToolError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watchbill.drill.campaign import Campaign, Part
    from watchbill.drill.record import Event, Record

SCALE, JOBS = 60, 24


@click.command(short_help="Break it on purpose, and watch the page arrive.")
@click.argument("name", required=False)
@click.option("--all", "all_", is_flag=True, help="Drill every alert, and all drills of the specs.")
@click.option("--service", metavar="NAME", help="Drill what belongs to this service.")
@click.option("--severity", type=click.Choice(["P0", "P1", "Info"]), help="Drill what has this severity.")
@console.generation_option
@click.option(
    "--scale", type=click.IntRange(1, 240), default=SCALE, show_default=True, help="How much faster than life it runs."
)
@click.option("--jobs", type=click.IntRange(1, 64), default=JOBS, show_default=True, help="How many drills at once.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write a report for CI, too.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page to look at, too.")
@click.option("--keep", is_flag=True, help="Keep the folders of the servers.")
@click.option(
    "--site", type=click.Path(path_type=Path), default=Path("site"), show_default=True, help="The built site."
)
@click.option(
    "--config", type=click.Path(path_type=Path), default=Path("mkdocs.yml"), show_default=True, help="MkDocs'."
)
@console.specs_option
@console.out_option
@console.format_option
def drill(  # noqa: PLR0913 (one parameter per option)
    *,
    name: str | None,
    all_: bool,
    service: str | None,
    severity: str | None,
    generation_: str,
    scale: int,
    jobs: int,
    junit: Path | None,
    html: Path | None,
    keep: bool,
    site: Path,
    config: Path,
    specs: Path,
    out: Path,
    format_: str,
) -> None:
    """Run NAME through a real Prometheus and Alertmanager, with the emitted configuration, and real receivers.

    NAME is an alert, or a drill of the specs, which hits several alerts at once. Its metrics are healthy, then at
    fault, then healthy again. Who is notified of what, and when, is checked against the specs: exactly the receivers,
    once, with the right number and links that lead somewhere, and nobody else.
    """
    from watchbill import tools as toolbox
    from watchbill.compilation import compile_rules
    from watchbill.drill import campaign
    from watchbill.drill.interrupt import stoppable

    if (name is None) is not (all_ or service is not None or severity is not None):
        raise UsageError("name one alert or drill, or ask for --all, a --service or a --severity")
    _expect_folders(junit, html)
    with stoppable():
        bundle = compile_rules(specs).bundle
        chosen = campaign.choose(bundle, scale, name=name, service=service, severity=severity)
        campaign.expect_emitted(bundle, out)
        toolbox.fetch(names=(generation_,))
        tools = toolbox.generation(generation_)
        _expect_site(specs, config, site, out)
        given = campaign.Campaign(specs, out, site, bundle, tools, scale, keep)
        records = _run(given, chosen, jobs, alone=name is not None)
    servers = f"Prometheus {tools.prometheus_version} and Alertmanager {tools.alertmanager_version}"
    _write(records, junit, html, servers)
    _show(records, servers, format_, alone=name is not None)
    _exit(records)


def _exit(records: Sequence[Record]) -> None:
    """End with the code of the worst of them, if one is not as it should be."""
    if any(record.broke for record in records):
        sys.exit(ExitCode.TOOL)
    if any(record.failures for record in records):
        sys.exit(ExitCode.FOUND)


def _expect_folders(*reports: Path | None) -> None:
    """Refuse a report that could not be written when all has been drilled."""
    for report in reports:
        if report is not None and not (report.parent.is_dir() and os.access(report.parent, os.W_OK)):
            raise UsageError(f"{report} cannot be written, as {report.parent} is no folder that can be; make it first")


def _expect_site(specs: Path, config: Path, site: Path, out: Path) -> None:
    """Build the site where there is none, or where the one that was built is of other alerts."""
    from watchbill.publish import artifacts

    own, emitted = site / artifacts.CATALOGUE, out / artifacts.CATALOGUE
    if (site / "index.html").is_file() and not (own.is_file() and own.read_bytes() != emitted.read_bytes()):
        return
    from watchbill.site import build as sitebuild

    console.say("building the runbook site, where the links of the messages lead …")
    sitebuild.build_site(specs, config, site, console.say)


def _run(given: Campaign, chosen: Sequence[Part], jobs: int, *, alone: bool) -> list[Record]:
    from watchbill.drill import campaign, report

    console.say(f"Running {console.count(len(chosen), 'drill')} {report.scaling(given.scale)}")
    tell = _timeline if alone else _quiet
    records = []
    for record in campaign.run(given, chosen, jobs=jobs, tell=tell):
        records.append(record)
        if not alone:
            console.say(f"{len(records):>4}/{len(chosen)}  {report.verdict(record)}")
        if record.failures:
            console.say(report.failures(record))
    return records


def _timeline(_: str, event: Event) -> None:
    from watchbill.drill import report

    console.say(report.line(event))


def _quiet(id_: str, event: Event) -> None:
    if event.kind in {"kept", "again"}:
        console.say(f"{id_}: {event.text}")


def _write(records: Sequence[Record], junit: Path | None, html: Path | None, servers: str) -> None:
    from watchbill.drill import report

    written = {}
    if junit is not None:
        written[junit] = report.junit(records)
    if html is not None:
        written[html] = report.page(records, generation=servers)
    for path, text in written.items():
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise ToolError(f"{path} cannot be written: {error.strerror}; the drills themselves have run") from None


def _show(records: Sequence[Record], servers: str, format_: str, *, alone: bool) -> None:
    from watchbill.drill import report

    if format_ == "json":
        console.print_json(report.as_json(records))
        return
    checks = sum(len(record.checks) for record in records)
    failed = sum(bool(record.failures) for record in records)
    if len(records) > 1:
        click.echo(report.table(records))
    elif alone:
        click.echo(report.checks(records[0]))
    said = f"{console.count(failed, 'drill')} failed" if failed else "all of them hold"
    click.echo(f"{console.count(checks, 'check')} on {servers}: {said}")
