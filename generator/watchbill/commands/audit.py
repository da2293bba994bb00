"""`watchbill audit`: hold the specs against what services export."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watchbill import console
from watchbill.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from watchbill.audit.run import Audited
    from watchbill.compilation import Compiled


@click.command(short_help="Hold the specs against what services export.")
@click.option("--service", metavar="NAME", help="Audit this service only.")
@click.option("--metrics", metavar="FILE|URL", help="A scrape to audit instead of the committed samples.")
@click.option("--job", metavar="NAME", help="The scrape's job, where it is not the service's own.")
@click.option("--secrets", is_flag=True, help="Audit the secret files that Alertmanager reads on this machine.")
@console.specs_option
@console.out_option
@console.format_option
def audit(  # noqa: PLR0913 (one parameter per option)
    *, service: str | None, metrics: str | None, job: str | None, secrets: bool, specs: Path, out: Path, format_: str
) -> None:
    """Hold every metric, label, value and bucket edge that alerts read against what services really export.

    Without --metrics, the samples below samples/ in the spec tree are audited. With --secrets, the files that the
    compiled Alertmanager configuration names are audited instead, on the machine and as the user that will read them.
    """
    if secrets:
        if (service, metrics, job) != (None, None, None):
            raise UsageError(
                "--secrets audits files, and --service, --metrics and --job a scrape; give one or the other"
            )
        _audit_secrets(out, format_)
        return
    from watchbill.audit import run
    from watchbill.compilation import compile_rules

    if job is not None and metrics is None:
        raise UsageError("--job says whose scrape --metrics is; give both, or neither")
    compiled = compile_rules(specs)
    services = run.choose_services(compiled.bundle, service)
    if metrics is None:
        audited = run.audit_samples(services, specs / "samples")
    elif len(services) == 1:
        audited = (run.audit_answer(services[0], metrics, job),)
    else:
        raise UsageError("several services have specs; name the one that exports these metrics by --service")
    _show(audited, compiled, format_)
    if any(entry.failed for entry in audited):
        sys.exit(ExitCode.FOUND)


def _show(audited: Sequence[Audited], compiled: Compiled, format_: str) -> None:
    from watchbill.audit import diagnostic

    found = [diagnostic(finding) for entry in audited for finding in entry.findings]
    if format_ == "json":
        rows = [{"service": it.service, "job": it.job, "source": it.source} for it in audited if it.checked]
        console.print_json({"audited": rows, "diagnostics": console.as_json(found)})
        return
    for entry in audited:
        if entry.checked:
            click.echo(f"{entry.service}, {entry.source}")
            click.echo("\n".join(f"  {line}" for line in entry.checked.splitlines()))
    if found:
        console.report(found, compiled.texts)


def _audit_secrets(out: Path, format_: str) -> None:
    from watchbill.audit import secret_files

    verdicts, user = secret_files.audit_secrets(out), secret_files.present_user()
    if format_ == "json":
        console.print_json(secret_files.as_json(verdicts, user=user))
    else:
        click.echo(secret_files.table(verdicts, user=user))
    if any(verdict.failed for verdict in verdicts):
        sys.exit(ExitCode.FOUND)
