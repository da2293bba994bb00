"""Facts of the bundle in words, as prose asks for them: `alert("core-api/DatabaseDown").for`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from watchbill import naming
from watchbill.channels import definitions
from watchbill.errors import choose
from watchbill.model.alerts import Alert
from watchbill.model.bundle import Bundle, Service, Team
from watchbill.model.pages import Decision, Reference, Runbook
from watchbill.model.slo import Slo
from watchbill.quantity import words
from watchbill.words.urls import bare_panel_url

NOUNS = {
    "alert": "alert",
    "slo": "objective",
    "team": "team",
    "service": "service",
    "runbook": "runbook",
    "adr": "decision",
}
THIS = "this"

Thing: TypeAlias = Alert | Slo | Team | Service | Runbook | Decision


@dataclass(frozen=True, slots=True)
class Fact:
    """A text, and the page below `out/` or the address that it links, if any."""

    text: str
    page: str = ""
    url: str = ""


Fields = Mapping[str, Fact | None]
"""What can be asked of a thing; None is what this one does not have."""


class FactError(Exception):
    """A fact that is not there: what is wrong, and what to write instead."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(f"{what}; {todo}")
        self.what = what
        self.todo = todo


class Facts:
    """All facts of a bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._things: Mapping[str, Mapping[str, Thing]] = {
            "alert": bundle.alerts_by_id,
            "slo": {slo.id: slo for service in bundle.services for slo in service.slos},
            "team": bundle.platform.teams,
            "service": {service.name: service for service in bundle.services},
            "runbook": {runbook.id: runbook for runbook in bundle.pages.runbooks},
            "adr": {decision.id: decision for decision in bundle.pages.decisions},
        }

    def look_up(self, reference: Reference, this: Alert | None = None) -> Fact:
        """Find a fact; raises `FactError` where there is none.

        Without an alert, as on a runbook's own page, a fact of `this` is a placeholder that names it.
        """
        if reference.of == THIS:
            asked, fields = THIS, _PLACEHOLDERS if this is None else self._fields(this)
        else:
            asked, fields = f'{reference.of}("{reference.key}")', self._fields(self._thing(reference))
        if reference.field not in fields:
            raise FactError(f'{asked} has no "{reference.field}"', choose(reference.field, fields))
        found = fields[reference.field]
        if found is None:
            raise FactError(f"{asked} has no {reference.field} of its own", "say it in words")
        return found

    def _thing(self, reference: Reference) -> Thing:
        known = self._things[reference.of]
        if reference.key not in known:
            what = f'{NOUNS[reference.of]} "{reference.key}" is unknown'
            raise FactError(what, choose(reference.key, known, none="write it first"))
        return known[reference.key]

    def _fields(self, thing: Thing) -> Fields:
        match thing:
            case Alert():
                return _alert(self.bundle, thing)
            case Slo():
                return _slo(thing)
            case Team():
                return _team(thing)
            case Service():
                return _service(thing)
            case Runbook():
                return _page(thing.id, thing.title, naming.runbook_page(thing.id))
            case Decision():
                return _page(thing.id, thing.title, naming.decision_page(thing.id))


def job(service: Service, alert: Alert) -> str:
    """Name the scrape job that an alert's signal comes from."""
    matchers = service.signal(alert.subject).matchers
    return next((m.value for m in matchers if m.label == "job" and m.op == "="), service.job)


def service_of(bundle: Bundle, of: Alert | Slo) -> Service:
    """Find the service that an alert or objective belongs to."""
    return bundle.service(of.service)


def _alert(bundle: Bundle, alert: Alert) -> Fields:
    return {
        "name": Fact(alert.name),
        "threshold": Fact(str(alert.threshold.written)) if alert.threshold is not None else None,
        "for": Fact(alert.for_.words()),
        "severity": Fact(alert.severity.value),
        "sentence": Fact(alert.sentence.rstrip(".")),
        "team": Fact(bundle.platform.teams[alert.team].title, page=naming.team_page(alert.team)),
        "service": Fact(alert.service),
        "subject": Fact(alert.subject),
        "job": Fact(job(service_of(bundle, alert), alert)),
        "link": Fact(alert.name, page=naming.alert_page(alert.service, alert.name)),
        "dashboard": Fact("panel", url=bare_panel_url(alert.dashboard_url)),
    }


_PLACEHOLDERS: Fields = {
    name: Fact(f"<{name}>") for name in ("name", "threshold", "for", "severity", "team", "service", "subject", "job")
}


def _slo(slo: Slo) -> Fields:
    return {
        "name": Fact(slo.name),
        "title": Fact(slo.title),
        "objective": Fact(words.share(slo.objective)),
        "period": Fact(slo.period.words()),
        "budget": Fact(words.share(slo.budget)),
        "link": Fact(slo.title, page=naming.slo_page(slo.service, slo.name)),
    }


def _team(team: Team) -> Fields:
    written = {channel.name: Fact(address) for channel, address in team.addresses.items()}
    return {
        "name": Fact(team.name),
        "title": Fact(team.title),
        "link": Fact(team.title, page=naming.team_page(team.name)),
        **{name: written.get(name) for name in definitions()},
    }


def _service(service: Service) -> Fields:
    return {
        "name": Fact(service.name),
        "title": Fact(service.title),
        "job": Fact(service.job),
        "link": Fact(service.title, page=naming.service_page(service.name)),
    }


def _page(identity: str, title: str, page: str) -> Fields:
    return {"id": Fact(identity), "title": Fact(title), "link": Fact(f"{identity}: {title}", page=page)}
