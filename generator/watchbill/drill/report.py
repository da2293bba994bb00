"""Tell how drills went: a line and a table for people, objects for scripts, JUnit's XML, and a page to look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from watchbill.drill.record import Event, Record

_TEMPLATE = Path(__file__).parents[1] / "library/templates/drill.html.j2"
_WIDTH = 9


def scaling(divisor: int) -> str:
    """Say what the time scale changes of what is emitted."""
    here = "  here:    addresses and secret files are those of this machine, and the night mutes nothing"
    if divisor == 1:
        return f"in real time.\n{here}"
    return f"""at 1:{divisor}, with the emitted configuration.
  scaled:  windows, offsets, for, keep_firing_for, intervals, group_wait, group_interval, repeat_interval, and
           Prometheus' own lookback, discovery, resend delay, grace of for and outage tolerance
  bounded: scrapes at most every 125 ms, evaluations at most every 250 ms
  real:    windows of burn rates, on written histories
{here}"""


def line(event: Event) -> str:
    """Write an event as it happens."""
    return f"{event.at:6.1f} s  {event.kind:<10}  {event.text}"


def verdict(record: Record) -> str:
    """Say in a line how a drill went."""
    again = " (second try, nearly alone)" if record.again else ""
    mark = "FAILED" if record.failures else "ok"
    held = f"{len(record.checks) - len(record.failures)} of {len(record.checks)} checks"
    return f"{mark:<6}  {record.severity:<4}  {record.seconds:5.1f} s  {held:<15}  {record.id}{again}"


def failures(record: Record) -> str:
    """List what does not hold."""
    return "\n".join(f"  {check.name}: {check.failure}" for check in record.failures)


def checks(record: Record) -> str:
    """List what was held of a drill, and how it went."""
    return "\n".join(f"{'FAILED' if check.failure else 'ok':<6}  {check.name}" for check in record.checks)


def table(records: Iterable[Record]) -> str:
    """Write a line for each service: how many drills, how many failed, and how long they took."""
    rows = [("service", "drills", "failed", "checks")]
    by_service: dict[str, list[Record]] = {}
    for record in records:
        by_service.setdefault(record.id.rpartition("/")[0] or "drills of the specs", []).append(record)
    for name, own in sorted(by_service.items()):
        failed = sum(bool(record.failures) for record in own)
        rows.append((name, str(len(own)), str(failed), str(sum(len(record.checks) for record in own))))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    )


def as_json(records: Iterable[Record]) -> dict[str, Any]:
    """Turn records into plain values."""
    return {
        "drills": [
            {
                "id": record.id,
                "severity": record.severity,
                "scale": record.scale,
                "seconds": round(record.seconds, 1),
                "incidents": record.incidents,
                "failed": bool(record.failures),
                "second_try": record.again,
                "checks": [{"name": check.name, "failure": check.failure} for check in record.checks],
                "events": [{"at": round(e.at, 2), "kind": e.kind, "text": e.text} for e in record.events],
            }
            for record in sorted(records, key=lambda record: record.id)
        ]
    }


def junit(records: Sequence[Record]) -> str:
    """Write JUnit's XML: a suite for each drill, a test case for each of its checks."""
    suites = ET.Element("testsuites", name="watchbill drill")
    for record in sorted(records, key=lambda record: record.id):
        attributes = {
            "name": record.id,
            "time": f"{record.seconds:.1f}",
            "tests": str(len(record.checks)),
            "failures": str(len(record.failures)),
        }
        suite = ET.SubElement(suites, "testsuite", attributes)
        for check in record.checks:
            case = ET.SubElement(suite, "testcase", classname=record.id, name=check.name)
            if check.failure:
                ET.SubElement(case, "failure", message=check.failure[:200]).text = check.failure
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def page(records: Sequence[Record], *, generation: str) -> str:
    """Write one page that needs nothing else: every drill with its timeline, those that failed first."""
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 (few drills write a page)

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    ordered = sorted(records, key=lambda record: (not record.failures, record.id))
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(records=ordered, failed=[r for r in ordered if r.failures], generation=generation)
