"""The page of evidence: which cases prove each alert and each objective.

Read by: people, as a page of the runbook site.

Checked by: `watchbill site`, and the promtool tests that it names.
"""

from __future__ import annotations

from watchbill import naming
from watchbill.model.bundle import Bundle
from watchbill.outputs.docs.markdown import Writer
from watchbill.outputs.promtests import tested


def render(bundle: Bundle) -> dict[str, str]:
    """Render the page."""
    found, writer = tested(bundle), Writer(bundle)
    services = [
        {
            "title": service.title,
            "alerts": [
                (alert.name, found.cases[alert.id]) for alert in sorted(service.alerts, key=lambda alert: alert.name)
            ],
            "slos": [(slo.name, found.cases[slo.id]) for slo in service.slos],
        }
        for service in bundle.services
    ]
    page = writer.template(
        "site/evidence.md.j2",
        naming.EVIDENCE_PAGE,
        services=services,
        alerts=len(bundle.alerts),
        slos=sum(len(service.slos) for service in bundle.services),
        cases=sum(len(each) for each in found.cases.values()),
        tests=found.tests,
    )
    return {naming.EVIDENCE_PAGE: page}
