"""Turn linked specs into the Bundle: expressions, sentences, example series and links, ready for every target."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from watchbill import naming
from watchbill.conditions import Condition
from watchbill.link import Linked, LinkedAlert, LinkedService
from watchbill.link.dependencies import dependencies
from watchbill.lower.dashboards import AlertPanel, service_dashboards
from watchbill.lower.dashboards.overviews import overviews
from watchbill.lower.drills import lower_drills
from watchbill.lower.incidents import incident
from watchbill.lower.monitoring import BuiltIn, absence, target_down
from watchbill.lower.platform import lower_platform
from watchbill.lower.routing import inhibit_rules, inhibitors, receivers
from watchbill.lower.slo import lower_slo
from watchbill.lower.slo_alerts import slo_alerts
from watchbill.model.alerts import Alert, Rule, Severity, Stage, Symptom
from watchbill.model.bundle import Bundle, Platform, Service
from watchbill.model.pages import Citation, Rename, Waiver
from watchbill.model.signals import Signal
from watchbill.promql import Matcher, pretty
from watchbill.quantity import REAL_TIME, Duration, TimeScale
from watchbill.words.urls import page_url, panel_url


def lower(linked: Linked, *, scale: TimeScale = REAL_TIME) -> Bundle:
    """Lower everything, with all durations under `scale`; raises `SpecError` with what is wrong with drills."""
    platform = lower_platform(linked.platform, scale)
    services = tuple(_service(service, platform, scale) for service in linked.services)
    everything = overviews(platform, services)
    bundle = Bundle(platform, services, inhibit_rules(services), inhibitors(services), everything)
    return replace(bundle, drills=lower_drills(linked.drills, bundle, scale))


def _service(linked: LinkedService, platform: Platform, scale: TimeScale) -> Service:
    lowering = _Lowering(linked, platform, scale)
    found = [lowering.written(alert) for alert in linked.alerts]
    written = [each.alert for each in found]
    targets = target_down(linked, platform)
    found += map(lowering.built_in, (targets, *(absence(signal, written) for signal in linked.signals)))
    objectives = tuple(lower_slo(slo, linked, scale) for slo in linked.slos)
    for objective in objectives:
        found += slo_alerts(objective, written, linked.environments, platform=platform, scale=scale)
    alert_panels = tuple(_owned(each, linked, platform) for each in found)
    alerts = (each.alert for each in alert_panels)
    return Service(
        name=linked.spec.service,
        title=linked.spec.title,
        team=linked.spec.team,
        job=linked.spec.target.get("job", ""),
        environments=linked.environments,
        promises_time=linked.spec.notify_within is not None,
        depends_on=dependencies(linked),
        needs=dict(sorted(linked.spec.needs.items())),
        evaluation_interval=(
            platform.evaluation_interval
            if linked.spec.evaluation_interval is None
            else scale(linked.spec.evaluation_interval)
        ),
        signals=_by_key((*linked.signals, targets.signal, *(objective.signal for objective in objectives))),
        slos=tuple(objective.slo for objective in objectives),
        alerts=tuple(sorted(alerts, key=lambda alert: (alert.area, alert.name))),
        scrapes=linked.scrapes,
        dashboards=service_dashboards(linked, alert_panels, objectives, targets.signal),
        waivers={
            name: Waiver(waiver.why, waiver.until, linked.spec.span("without_runbook", name, key=True))
            for name, waiver in sorted(linked.spec.without_runbook.items())
        },
        renamed=tuple(
            Rename(old, new, linked.spec.span("renamed", old, key=True))
            for old, new in sorted(linked.spec.renamed.items())
        ),
        origin=linked.origin,
    )


def _by_key(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    return tuple(sorted(signals, key=lambda signal: signal.key))


class _Lowering:
    """What lowering one service's alerts needs."""

    def __init__(self, linked: LinkedService, platform: Platform, scale: TimeScale) -> None:
        self.linked = linked
        self.platform = platform
        self.scale = scale

    def written(self, linked: LinkedAlert) -> AlertPanel:
        """Lower an alert of a pack or of the service."""
        spec, condition, signal = linked.spec, linked.spec.condition, linked.signal
        severity = Severity(spec.severity)
        kept = self.platform.keep_firing_for if severity is Severity.P0 else Duration(0)
        alert = Alert(
            name=linked.name,
            service=signal.service,
            subject=signal.key,
            kind=condition.kind,
            symptom=condition.symptom,
            authored=condition.authored,
            source=linked.source,
            area=linked.area,
            severity=severity,
            stage=Stage.HEARTBEAT if condition.heartbeat else Stage(spec.stage),
            rules=self._rules(condition, signal),
            grouping=condition.own_grouping(signal),
            for_=self.scale(spec.for_),
            keep_firing_for=kept if spec.keep_firing_for is None else self.scale(spec.keep_firing_for),
            threshold=condition.threshold(signal),
            reading=condition.reading(signal),
            sentence=_sentence(condition, signal, spec.for_),
            summary=spec.summary.rstrip("."),
            impact=spec.impact or "",
            action=spec.action or "",
            why=spec.why or "",
            metrics=tuple(sorted(set(condition.roles(signal).values()))),
            declares_down=linked.declares_down,
            fallback=spec.fallback,
            cites=tuple(Citation(name, linked.span("adr", index)) for index, name in enumerate(spec.adr)),
            origin=linked.origin,
        )
        return AlertPanel(alert, signal, linked.dashboard, linked.panel, condition)

    def built_in(self, built_in: BuiltIn) -> AlertPanel:
        """Lower an alert that no author wrote; it is a P1 of the service's team."""
        signal, condition = built_in.signal, built_in.condition
        alert = Alert(
            name=built_in.name,
            service=signal.service,
            subject=signal.key,
            kind=condition.kind,
            symptom=condition.symptom,
            source="monitoring",
            area=naming.monitoring_area(built_in.signal.key),
            severity=Severity.P1,
            rules=self._rules(condition, signal),
            grouping=condition.own_grouping(signal),
            for_=self.scale(built_in.for_),
            threshold=condition.threshold(signal),
            reading=condition.reading(signal),
            sentence=_sentence(condition, signal, built_in.for_),
            summary=built_in.summary,
            impact=built_in.impact,
            action=built_in.action,
            metrics=tuple(condition.roles(signal).values()),
            suppresses=self._missing(signal) if condition.symptom is Symptom.ABSENCE else (),
            origin=signal.origin,
        )
        return AlertPanel(alert, signal, naming.SERVICE_DASHBOARD, built_in.panel, condition)

    def _missing(self, signal: Signal) -> tuple[str, ...]:
        """Name what tells that an indicator is missing which is counted from a signal: its absence says the same."""
        if not any(environment.pages for environment in self.linked.environments):
            return ()
        return tuple(sorted(naming.slo_alerts(s.name)[2] for s in self.linked.slos if s.signal.key == signal.key))

    def _rules(self, condition: Condition, signal: Signal) -> tuple[Rule, ...]:
        if not condition.per_environment:
            return (self._rule(condition, signal, ()),)
        places = ((env.name, cluster) for env in self.linked.environments for cluster in env.clusters)
        return tuple(
            self._rule(
                condition,
                signal.within(Matcher("env", "=", env), Matcher("cluster", "=", cluster)),
                (("cluster", cluster), ("env", env)),
            )
            for env, cluster in places
        )

    def _rule(self, condition: Condition, signal: Signal, place: tuple[tuple[str, str], ...]) -> Rule:
        expr = pretty(condition.expression(signal, self.scale))
        return Rule(expr=expr, place=place, example=condition.example(signal, self.scale))


def _sentence(condition: Condition, signal: Signal, for_: Duration) -> str:
    lasting = f", and this lasts for {for_.words()}" if for_.milliseconds else ""
    return f"{condition.sentence(signal)}{lasting}."


def _owned(found: AlertPanel, service: LinkedService, platform: Platform) -> AlertPanel:
    """Give an alert its team, labels, links and receivers, which follow from all the rest of it."""
    alert, team, urls = found.alert, service.spec.team, platform.urls
    uid = naming.dashboard_uid(alert.service, found.dashboard)
    named = replace(
        alert,
        team=team,
        labels=_labels(alert, team, incident(alert, service) if platform.opens_incidents(alert.severity) else ""),
        runbook_url=page_url(urls.site, naming.alert_page(alert.service, alert.name)),
        dashboard_url=panel_url(urls.grafana, uid, found.panel, alert.grouping),
        receivers=receivers(platform, severity=alert.severity, stage=alert.stage, team=team, fallback=alert.fallback),
    )
    return replace(found, alert=named)


def _labels(alert: Alert, team: str, about: str) -> tuple[tuple[str, str], ...]:
    labels = {"severity": alert.severity.value, "team": team, "service": alert.service, "subject": alert.subject}
    if alert.stage is not Stage.LIVE:
        labels["stage"] = alert.stage.value
    elif about:
        labels[naming.INCIDENT] = about
    return tuple(sorted(labels.items()))
