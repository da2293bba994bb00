"""`watchbill prove`: hold a compiled tree to the specs, and the proofs to changed trees."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watchbill import console
from watchbill.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from watchbill.compilation import Compiled
    from watchbill.proof.run import ProofResult, Scope
    from watchbill.tools import Generation


@click.command(short_help="Prove every alert: that it fires, is quiet, resolves, and reaches the right people.")
@click.option("--service", metavar="NAME", help="Prove this service only.")
@click.option("--alert", metavar="NAME", help="Prove this alert or objective only.")
@console.generation_option
@click.option("--mutants", metavar="N|all", help="Change so many things one by one, and count what is found.")
@click.option("--seed", type=int, default=1, show_default=True, help="Which of the changes, where not all.")
@click.option("--template", metavar="EXPR", help="Write the frame of the series that a promql alert must bring.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write a report for CI, too.")
@console.specs_option
@console.out_option
@console.format_option
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
    """Check a compiled tree, as it stands, against what the specs say of every alert.

    promtool runs the proofs of each alert and objective on the rules in OUT, amtool is asked where each alert goes,
    and a real Alertmanager what mutes it. Nothing is compiled anew, so that an edit by hand is found. With --mutants
    the proofs themselves are tested: one change at a time, in rules, routes and inhibition, must make one of them fail.
    """
    if template is not None:
        from watchbill.proof import template as frames

        click.echo(frames.template(template))
        return
    from watchbill import tools as toolbox
    from watchbill.compilation import compile_rules
    from watchbill.proof import report as proof_report
    from watchbill.proof import run

    compiled = compile_rules(specs)
    scope = run.choose_scope(compiled.bundle, service=service, alert=alert)
    toolbox.fetch(names=(generation_,))
    tools = toolbox.generation(generation_)
    if mutants is not None:
        _prove_mutants(scope, out, tools, _number_of(mutants), seed, format_)
        return
    verdict = run.prove(scope, out, tools, console.track)
    if junit is not None:
        junit.write_text(proof_report.junit(verdict), encoding="utf-8")
    _show(verdict, compiled, tools, format_)
    if verdict.findings:
        sys.exit(ExitCode.FOUND)


def _show(verdict: ProofResult, compiled: Compiled, tools: Generation, format_: str) -> None:
    from watchbill.proof import report as proof_report

    found = proof_report.diagnostics(compiled.bundle, verdict.findings)
    if format_ == "json":
        console.print_json({**proof_report.as_json(verdict), "diagnostics": console.as_json(found)})
        return
    click.echo(proof_report.table(compiled.bundle, verdict))
    if found:
        console.report(found, compiled.texts)
    failed = {finding.subject for finding in verdict.findings}
    said = f"{console.count(len(failed), 'subject')} failed" if failed else "all of them hold"
    tools_used = f"promtool {tools.prometheus_version} and Alertmanager {tools.alertmanager_version}"
    click.echo(f"{console.count(len(verdict.proven) + len(verdict.findings), 'case')} by {tools_used}: {said}")


def _number_of(mutants: str) -> int | None:
    if mutants == "all":
        return None
    if not mutants.isdecimal() or not int(mutants):
        raise UsageError(f'--mutants "{mutants}" is no number; write how many, or "all"')
    return int(mutants)


def _prove_mutants(scope: Scope, out: Path, tools: Generation, number: int | None, seed: int, format_: str) -> None:
    from watchbill.proof.mutants.score import BAR, as_json, score, text

    found = score(scope, out, tools, console.track, number=number, seed=seed)
    if format_ == "json":
        console.print_json(as_json(found, BAR))
    else:
        click.echo(text(found, BAR))
    if found.share < BAR:
        sys.exit(ExitCode.FOUND)
