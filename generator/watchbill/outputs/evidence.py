"""The page of evidence: which cases prove each alert and each objective.

Read by: people, as a page of the runbook site.

Checked by: `watchbill site`, and the promtool tests that it names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from watchbill import naming
from watchbill.model.bundle import Bundle, Service
from watchbill.outputs.promtests import tested

ABOUT = """\
Every alert ships with the tests that prove it, in `prometheus/tests/`; `promtool test rules` runs them without any
other tool. What they expect is worked out from the specs, never read back from the rules. `watchbill prove` runs them,
asks amtool where each alert goes and a real Alertmanager what mutes it, and `watchbill prove --mutants` changes the
rules one thing at a time to see that some proof fails.
"""


def render(bundle: Bundle) -> dict[str, str]:
    """Render the page."""
    found = tested(bundle)
    slos = sum(len(service.slos) for service in bundle.services)
    count = sum(len(each) for each in found.cases.values())
    whole = f"{len(bundle.alerts)} alerts and {slos} objectives are proven by {count} cases in {found.tests} tests."
    lines = ["# Evidence", "", ABOUT, whole]
    for service in bundle.services:
        lines += ["", f"## {service.title}", "", *_table(service, found.cases)]
    return {naming.EVIDENCE_PAGE: "\n".join(lines) + "\n"}


def _table(service: Service, cases: Mapping[str, list[str]]) -> Iterable[str]:
    yield "| Alert or objective | Proven by |"
    yield "|---|---|"
    for alert in sorted(service.alerts, key=lambda alert: alert.name):
        yield f"| {alert.name} | {_listed(cases[alert.id])} |"
    for slo in service.slos:
        yield f"| objective {slo.name} | {_listed(cases[slo.id])} |"


def _listed(names: Sequence[str]) -> str:
    return "; ".join(names)
