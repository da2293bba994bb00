"""What the commands of the runbooks assume: on each page that has such commands, and all of it on one."""

from __future__ import annotations

from watchbill import naming
from watchbill.model.pages import Runbook
from watchbill.outputs.docs.markdown import PageContext, Writer, code, inline


def assumed(runbook: Runbook, service: str = "") -> list[tuple[str, str]]:
    """Say what the commands of a runbook assume, or those for one service, each with what it must do."""
    things = runbook.assumed_by[service] if service else runbook.assumes
    return [(code(thing), inline(runbook.assumes[thing])) for thing in things]


def assumptions(writer: Writer) -> str:
    """Render what a team goes through in its first week: all that the runbooks of each owner assume."""
    bundle, page = writer.bundle, writer.on(naming.ASSUMPTIONS_PAGE)
    owners = [(team.title, _of(team.name, page)) for team in bundle.platform.teams.values()]
    return writer.template(
        "site/assumptions.md.j2",
        page.path,
        owners=[(title, rows) for title, rows in owners if rows],
    )


def _of(owner: str, page: PageContext) -> list[tuple[str, str, str]]:
    """List what the runbooks of a team assume; what several assume in the same words stands once."""
    found: dict[tuple[str, str], list[str]] = {}
    for runbook in page.bundle.pages.runbooks:
        if runbook.owner == owner:
            for entry in runbook.assumes.items():
                found.setdefault(entry, []).append(page.to(naming.runbook_page(runbook.id), runbook.id))
    return [(code(thing), inline(meaning), ", ".join(links)) for (thing, meaning), links in sorted(found.items())]
