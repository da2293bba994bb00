"""Tell what was proven: a table for people, objects for scripts, JUnit's XML for continuous integration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree import ElementTree as ET

from watchbill.errors import Diagnostic, Span
from watchbill.model.bundle import Bundle
from watchbill.proof.finding import Finding
from watchbill.proof.run import ProofResult

_TODO = 'run "watchbill generate" if the specs are right, else correct them'


def diagnostics(bundle: Bundle, findings: Iterable[Finding]) -> list[Diagnostic]:
    """Place what was found at the lines of the specs that say otherwise."""
    spans = origins(bundle)
    elsewhere = bundle.platform.origin.span
    return [
        Diagnostic(
            spans.get(finding.subject, elsewhere),
            "proof/failed",
            f'{finding.subject} fails "{finding.case}": {finding.text}',
            _TODO,
        )
        for finding in findings
    ]


def origins(bundle: Bundle) -> Mapping[str, Span]:
    """Map each alert and objective, by id, to where its spec says so."""
    found = {alert.id: alert.origin.span for alert in bundle.alerts}
    return found | {slo.id: slo.origin.span for service in bundle.services for slo in service.slos}


def table(bundle: Bundle, verdict: ProofResult) -> str:
    """Write a line for each service: how much of it was looked at, and how many cases hold."""
    held = Counter(case.subject.partition("/")[0] for case in verdict.proven)
    failed = Counter(finding.subject.partition("/")[0] for finding in verdict.findings)
    alerts = {alert.id for alert in bundle.alerts}
    subjects = {case.subject for case in verdict.proven} | {finding.subject for finding in verdict.findings}
    rows: list[tuple[str, ...]] = [("service", "alerts", "objectives", "cases", "failed")]
    for name in sorted(held | failed):
        own = {subject for subject in subjects if subject.startswith(f"{name}/")}
        counts = (len(own & alerts), len(own - alerts), held[name] + failed[name], failed[name])
        rows.append((name, *(str(number) for number in counts)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    )


def as_json(verdict: ProofResult) -> dict[str, Any]:
    """Turn a verdict into plain values."""
    return {
        "tests": verdict.tests,
        "proven": [{"subject": case.subject, "case": case.case} for case in verdict.proven],
        "failed": [{"subject": f.subject, "case": f.case, "text": f.text} for f in verdict.findings],
    }


def junit(verdict: ProofResult) -> str:
    """Write JUnit's XML: a suite for each alert and objective, a test case for each of its cases."""
    suites = ET.Element("testsuites", name="watchbill prove")
    cases: dict[str, list[tuple[str, str | None]]] = {}
    for proven in verdict.proven:
        cases.setdefault(proven.subject, []).append((proven.case, None))
    for finding in verdict.findings:
        cases.setdefault(finding.subject, []).append((finding.case, finding.text))
    for subject, found in sorted(cases.items()):
        failed = sum(text is not None for _, text in found)
        suite = ET.SubElement(suites, "testsuite", name=subject, tests=str(len(found)), failures=str(failed))
        for case, text in found:
            entry = ET.SubElement(suite, "testcase", classname=subject, name=case)
            if text is not None:
                ET.SubElement(entry, "failure", message=text[:200]).text = text
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"
