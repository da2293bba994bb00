"""The commands, and nothing else; whatever is heavy is imported by the command that needs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watchbill.errors import Diagnostic, ExitCode, SpecError, UsageError, WatchbillError

if TYPE_CHECKING:
    from watchbill.pipeline import Compiled
    from watchbill.proof.run import Scope
    from watchbill.tools import Generation

INTERRUPTED = 130  # what shells give a command that was stopped by Ctrl-C
UNREAD = 141  # what shells give a command whose reader is gone

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
    """Compile specs of services and alerts into Prometheus rules that are proven."""


@cli.command(short_help="Compile, judge and publish.")
@_specs
@_out
@_format
def generate(specs: Path, out: Path, format_: str) -> None:
    """Compile the specs, let promtool and amtool judge the result, and publish it."""
    from watchbill import pipeline

    compiled, summary = pipeline.generate(specs, out, _say)
    changes = {"added": summary.added, "changed": summary.changed, "removed": summary.removed}
    said = ", ".join(f"{number} {word}" for word, number in changes.items() if number) or "nothing changed"
    alerts, services = len(compiled.bundle.alerts), len(compiled.bundle.services)
    _answer(
        {"files": summary.files, **changes, "alerts": alerts, "services": services},
        f"{out}: {_count(alerts, 'alert')} of {_count(services, 'service')} in {_count(summary.files, 'file')},"
        f" accepted by promtool and amtool; {said}",
        format_,
        compiled,
    )


@cli.command(short_help="Compile, judge and compare; write nothing.")
@_specs
@_out
@_format
def check(specs: Path, out: Path, format_: str) -> None:
    """Compile and judge without writing; fail where the compiled tree is not what is committed."""
    from watchbill import pipeline

    compiled, drift = pipeline.check(specs, out)
    rows = [{"path": entry.path, "kind": entry.kind, "detail": entry.detail} for entry in drift]
    if not drift:
        _answer(
            {"drift": rows}, f"{out} is what {specs} compiles to, and promtool and amtool accept it", format_, compiled
        )
        return
    width = max(len(entry.kind) for entry in drift)
    lines = [f"{out} is not what {specs} compiles to:"]
    for entry in drift:
        lines.append(f"  {entry.kind:<{width}}  {entry.path}")
        lines += [f"    {line}" for line in entry.detail.splitlines()]
    verb = "differs" if len(drift) == 1 else "differ"
    lines.append(f'{_count(len(drift), "file")} {verb}; run "watchbill generate" and commit {out}')
    _answer({"drift": rows}, "\n".join(lines), format_, compiled)
    sys.exit(ExitCode.FOUND)


@cli.command(short_help="Tell in English what an alert or objective is, or who is woken by what.")
@click.argument("alert", required=False)
@click.option("--matrix", "matrix_", is_flag=True, help="Tell who is woken by what, for every team and severity.")
@_specs
@_format
def explain(alert: str | None, matrix_: bool, specs: Path, format_: str) -> None:  # noqa: FBT001 (click's)
    """Tell in English what ALERT is, when it fires, whom it reaches, and where it stands.

    ALERT is service/Alert, or service/objective; the name alone will do where it is unique.
    """
    from watchbill import explain as explaining
    from watchbill import matrix, pipeline
    from watchbill.targets import catalog

    if (alert is None) is not matrix_:
        raise UsageError("name one alert, or ask for the whole --matrix")
    compiled = pipeline.compile_specs(specs)
    if alert is None:
        _answer(matrix.as_json(compiled.bundle), matrix.text(compiled.bundle), format_)
        return
    found = explaining.find(compiled.bundle, alert)
    _answer(catalog.describe(found, compiled.bundle), explaining.explain(compiled.bundle, found), format_)


@cli.command(short_help="Hold the specs against what services export.")
@click.option("--service", metavar="NAME", help="Audit this service only.")
@click.option("--metrics", metavar="FILE|URL", help="A scrape to audit instead of the committed samples.")
@click.option("--job", metavar="NAME", help="The scrape's job, where it is not the service's own.")
@click.option("--secrets", is_flag=True, help="Audit the secret files that Alertmanager reads on this machine.")
@_specs
@_out
@_format
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
    from watchbill import pipeline
    from watchbill.audit import diagnostic, run

    if job is not None and metrics is None:
        raise UsageError("--job says whose scrape --metrics is; give both, or neither")
    compiled = pipeline.compile_specs(specs)
    services = run.choose_services(compiled.bundle, service)
    if metrics is None:
        audited = run.audit_samples(services, specs / "samples")
    elif len(services) == 1:
        audited = (run.audit_answer(services[0], metrics, job),)
    else:
        raise UsageError("several services have specs; name the one that exports these metrics by --service")
    found = [diagnostic(finding) for entry in audited for finding in entry.findings]
    rows = [{"service": entry.service, "job": entry.job, "source": entry.source} for entry in audited if entry.checked]
    if format_ == "json":
        _print_json({"audited": rows, "diagnostics": _as_json(found)})
    else:
        for entry in audited:
            if entry.checked:
                click.echo(f"{entry.service}, {entry.source}")
                click.echo("\n".join(f"  {line}" for line in entry.checked.splitlines()))
        if found:
            _report(found, compiled.texts)
    if any(entry.failed for entry in audited):
        sys.exit(ExitCode.FOUND)


def _audit_secrets(out: Path, format_: str) -> None:
    from watchbill.audit import secret_files

    verdicts, user = secret_files.audit_secrets(out), secret_files.present_user()
    if format_ == "json":
        _print_json(secret_files.as_json(verdicts, user=user))
    else:
        click.echo(secret_files.table(verdicts, user=user))
    if any(verdict.failed for verdict in verdicts):
        sys.exit(ExitCode.FOUND)


@cli.command(short_help="Prove every alert: that it fires, is quiet, resolves, and reaches the right people.")
@click.option("--service", metavar="NAME", help="Prove this service only.")
@click.option("--alert", metavar="NAME", help="Prove this alert or objective only.")
@click.option(
    "--generation",
    "generation_",
    type=click.Choice(["newest", "oldest"]),
    default="newest",
    show_default=True,
    help="The judges of .tools, which are fetched if need be.",
)
@click.option("--mutants", metavar="N|all", help="Change so many things one by one, and count what is found.")
@click.option("--seed", type=int, default=1, show_default=True, help="Which of the changes, where not all.")
@click.option("--template", metavar="EXPR", help="Write the frame of the series that a promql alert must bring.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write a report for CI, too.")
@_specs
@_out
@_format
def prove(  # noqa: PLR0913 (one parameter per option)
    *,
    service: str | None,
    alert: str | None,
    generation_: str,
    mutants: str | None,
    seed: int,
    template: str | None,
    junit: Path | None,
    specs: Path,
    out: Path,
    format_: str,
) -> None:
    """Hold a compiled tree, as it stands, to what the specs say of every alert.

    promtool runs the proofs of each alert and objective on the rules in OUT, amtool is asked where each alert goes,
    and a real Alertmanager what mutes it. Nothing is compiled anew, so that an edit by hand is found. With --mutants
    the proofs themselves are judged: one change at a time, in rules, routes and inhibition, must make one of them fail.
    """
    if template is not None:
        from watchbill.proof import template as frames

        click.echo(frames.template(template))
        return
    from watchbill import pipeline
    from watchbill import tools as toolbox
    from watchbill.proof import report as proof_report
    from watchbill.proof import run

    compiled = pipeline.compile_specs(specs, prose=False)  # no proof reads any
    scope = run.choose_scope(compiled.bundle, service=service, alert=alert)
    toolbox.fetch(names=(generation_,))
    tools = toolbox.generation(generation_)
    if mutants is not None:
        _judge_proofs(scope, out, tools, _number_of(mutants), seed, format_)
        return
    verdict = run.prove(scope, out, tools, _track)
    if junit is not None:
        junit.write_text(proof_report.junit(verdict), encoding="utf-8")
    found = proof_report.diagnostics(compiled.bundle, verdict.findings)
    if format_ == "json":
        _print_json({**proof_report.as_json(verdict), "diagnostics": _as_json(found)})
    else:
        click.echo(proof_report.table(compiled.bundle, verdict))
        if found:
            _report(found, compiled.texts)
        failed = {finding.subject for finding in verdict.findings}
        said = f"{_count(len(failed), 'subject')} failed" if failed else "all of them hold"
        judges = f"promtool {tools.prometheus_version} and Alertmanager {tools.alertmanager_version}"
        click.echo(f"{_count(len(verdict.proven) + len(verdict.findings), 'case')} by {judges}: {said}")
    if verdict.findings:
        sys.exit(ExitCode.FOUND)


def _number_of(mutants: str) -> int | None:
    if mutants == "all":
        return None
    if not mutants.isdecimal() or not int(mutants):
        raise UsageError(f'--mutants "{mutants}" is no number; write how many, or "all"')
    return int(mutants)


def _judge_proofs(scope: Scope, out: Path, tools: Generation, number: int | None, seed: int, format_: str) -> None:
    from watchbill.proof import report as proof_report
    from watchbill.proof.mutants.score import BAR, score

    found = score(scope, out, tools, _track, number=number, seed=seed)
    if format_ == "json":
        _print_json(proof_report.score_as_json(found, BAR))
    else:
        click.echo(proof_report.score_text(found, BAR))
    if found.share < BAR:
        sys.exit(ExitCode.FOUND)


def _track(what: str, total: int) -> Callable[[int], None]:
    """Show on a terminal how far a step is; elsewhere say that it has begun."""
    if not sys.stderr.isatty():
        _say(f"{what} …")
        return lambda _: None
    done = 0

    def advance(more: int) -> None:
        nonlocal done
        done += more
        end = "\n" if done >= total else ""
        click.echo(f"\r{what} {done}/{total}{end}", nl=False, err=True)

    return advance


@cli.command(short_help="Compile, build the runbook site, and check its links.")
@_specs
@click.option(
    "--config", type=click.Path(path_type=Path), default=Path("mkdocs.yml"), show_default=True, help="MkDocs'."
)
@click.option(
    "--site", type=click.Path(path_type=Path), default=Path("site"), show_default=True, help="The built site."
)
@_format
def site(specs: Path, config: Path, site: Path, format_: str) -> None:
    """Compile the specs and prose, let MkDocs build the site strictly, check every link in it, and publish it.

    Whatever is wrong is told at the line that it comes from, and the old site stays.
    """
    from watchbill import sitebuild

    pages = sitebuild.build_site(specs, config, site, _say)
    _answer({"pages": pages}, f"{site}: {_count(pages, 'page')}, every link of which leads somewhere", format_)


@cli.command(short_help="Serve the runbook site, and compile again on every change.")
@_specs
@click.option(
    "--config", type=click.Path(path_type=Path), default=Path("mkdocs.yml"), show_default=True, help="MkDocs'."
)
@click.option("--address", default="127.0.0.1:8000", show_default=True, help="Host and port.")
def serve(specs: Path, config: Path, address: str) -> None:
    """Serve the runbook site to its authors, and compile and build again when a spec or a page changes."""
    from watchbill import serving

    serving.serve(specs, config, address)


@cli.command(short_help="Begin a runbook, a decision, a service or an alert.")
@click.argument("kind", type=click.Choice(["runbook", "adr", "service", "alert"]))
@click.argument("name")
@_specs
@_format
def new(kind: str, name: str, specs: Path, format_: str) -> None:
    """Write the skeleton of a KIND called NAME, and list what must be filled in; until it is, no gate passes.

    NAME is service/Alert for an alert, and for the runbook of one; else a name, or a few words.
    """
    from watchbill import skeleton

    path = skeleton.new(kind, name, specs)
    asked = skeleton.open_questions(path)
    rows = [{"line": line, "what": what} for line, what in asked]
    lines = [f"{path} is begun; fill in", *(f"  {path}:{line}: {what}" for line, what in asked)]
    _answer({"file": str(path), "fill_in": rows}, "\n".join(lines), format_)


@cli.command(short_help="Print the JSON Schema of the specs.")
@click.argument("document", required=False)
def schema(document: str | None) -> None:
    """Print the JSON Schema of a kind of DOCUMENT: platform, service, pack or profile.

    Without DOCUMENT, print all of them as one object.
    """
    from watchbill import schema as schemas

    if document is None:
        _print_json({name: schemas.schema(name) for name in schemas.DOCUMENTS})
    else:
        _print_json(schemas.schema(document))


@cli.command(short_help="Fetch the judges, and show their versions.")
@_format
def tools(format_: str) -> None:
    """Fetch the oldest and the newest supported Prometheus and Alertmanager, and show their versions."""
    from watchbill import tools as toolbox

    found = toolbox.fetch()
    _answer({"tools": toolbox.as_json(found)}, toolbox.table(found), format_)


def _answer(content: dict[str, Any], text: str, format_: str, compiled: Compiled | None = None) -> None:
    """Write the result to standard output; for scripts, as one object that holds the warnings too."""
    warnings = compiled.warnings if compiled is not None else ()
    if format_ == "json":
        _print_json({**content, **({"diagnostics": _as_json(warnings)} if compiled is not None else {})})
        return
    if compiled is not None and warnings:
        _report(warnings, compiled.texts)
    click.echo(text)


def _print_json(content: object) -> None:
    import json

    click.echo(json.dumps(content, indent=2, ensure_ascii=False))


def _as_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, str | int]]:
    from watchbill import report

    return [report.as_json(diagnostic) for diagnostic in diagnostics]


def _report(diagnostics: Iterable[Diagnostic], texts: Mapping[str, str]) -> None:
    """Write diagnostics to standard error, as a terminal, a log or an action wants them."""
    from watchbill import report

    style = report.pick_style(tty=sys.stderr.isatty(), format_json=False, environ=os.environ)
    # GitHub reads annotations from standard output
    click.echo(report.render(diagnostics, style=style, texts=texts), err=style is not report.Style.GITHUB)


def _say(message: str) -> None:
    click.echo(message, err=True)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


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
    for_scripts = _asks_for_json(sys.argv[1:])
    try:
        # not cli.main(), which would turn a closed pipe into exit code 1
        with cli.make_context("watchbill", sys.argv[1:]) as context:
            cli.invoke(context)
    except SpecError as error:
        if for_scripts:
            _print_json({"diagnostics": _as_json(error.diagnostics)})
        else:
            _report(error.diagnostics, getattr(error, "texts", {}))
        return error.exit_code
    except WatchbillError as error:
        from watchbill.plaintext import mask

        said = mask(str(error))  # a URL of the command line may hold a password
        if for_scripts:
            _print_json({"error": said})
        _say(f"watchbill: {said}")
        return error.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        if for_scripts:
            _print_json({"error": error.format_message()})
        error.show()
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        _say("watchbill: interrupted")
        return INTERRUPTED
    return ExitCode.CLEAN
