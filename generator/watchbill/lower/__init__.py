"""Turn linked specs into the Bundle: expressions, sentences, witnesses and links, ready for every target."""

from __future__ import annotations

from watchbill import naming
from watchbill.conditions import Condition
from watchbill.link import Linked, LinkedAlert, LinkedService
from watchbill.link.dependencies import dependencies
from watchbill.lower.monitoring import Coined, absence, target_down
from watchbill.lower.platform import lower_platform
from watchbill.lower.routing import inhibit_rules, inhibitors, receivers
from watchbill.model.alerts import Alert, Rule, Severity, Stage
from watchbill.model.bundle import Bundle, Platform, Service
from watchbill.model.signals import Signal
from watchbill.promql import Matcher, pretty
from watchbill.quantity import REAL_TIME, Duration, TimeScale


def lower(linked: Linked, *, scale: TimeScale = REAL_TIME) -> Bundle:
    """Lower everything, with all durations under `scale`."""
    platform = lower_platform(linked.platform, scale)
    services = tuple(_service(service, platform, scale) for service in linked.services)
    return Bundle(platform, services, inhibit_rules(services), inhibitors(services))


def _service(linked: LinkedService, platform: Platform, scale: TimeScale) -> Service:
    lowering = _Lowering(linked, platform, scale)
    alerts = [lowering.alert(alert) for alert in linked.alerts]
    coined = (target_down(linked, platform), *(absence(signal, alerts) for signal in linked.signals))
    alerts += [lowering.coined(alert) for alert in coined]
    return Service(
        name=linked.spec.service,
        title=linked.spec.title,
        team=linked.spec.team,
        job=linked.spec.target.get("job", ""),
        environments=linked.environments,
        prompt=linked.spec.notify_within is not None,
        depends_on=dependencies(linked),
        evaluation_interval=(
            platform.evaluation_interval
            if linked.spec.evaluation_interval is None
            else scale(linked.spec.evaluation_interval)
        ),
        signals=tuple(sorted((*linked.signals, coined[0].signal), key=lambda signal: signal.key)),
        alerts=tuple(sorted(alerts, key=lambda alert: (alert.area, alert.name))),
        scrapes=linked.scrapes,
        origin=linked.origin,
    )


class _Lowering:
    """What lowering one service's alerts needs."""

    def __init__(self, linked: LinkedService, platform: Platform, scale: TimeScale) -> None:
        self.linked = linked
        self.platform = platform
        self.scale = scale

    def alert(self, linked: LinkedAlert) -> Alert:
        """Lower an alert of a pack or of the service."""
        spec, condition, signal = linked.spec, linked.spec.condition, linked.signal
        severity = Severity(spec.severity)
        stage = Stage.HEARTBEAT if condition.heartbeat else Stage(spec.stage)
        for_ = self.scale(spec.for_)
        grouping = condition.own_grouping(signal)
        kept = self.platform.keep_firing_for if severity is Severity.P0 else Duration(0)
        return Alert(
            name=linked.name,
            service=self.linked.spec.service,
            subject=signal.key,
            severity=severity,
            team=self.linked.spec.team,
            stage=stage,
            kind=condition.kind,
            source=linked.source,
            area=linked.area,
            rules=self._rules(condition, signal),
            labels=self._labels(severity, stage, signal),
            grouping=grouping,
            for_=for_,
            keep_firing_for=kept if spec.keep_firing_for is None else self.scale(spec.keep_firing_for),
            threshold=condition.threshold(signal),
            reading=condition.reading(signal),
            sentence=_sentence(condition, signal, spec.for_),
            summary=spec.summary.rstrip("."),
            impact=spec.impact or "",
            action=spec.action or "",
            why=spec.why or "",
            runbook_url=naming.runbook_url(self.platform.urls.site, self.linked.spec.service, linked.name),
            dashboard_url=self._dashboard_url(linked.dashboard, spec.panel or linked.name, grouping),
            metrics=tuple(sorted(set(condition.roles(signal).values()))),
            declares_down=linked.declares_down,
            second_path=spec.second_path,
            receivers=receivers(
                self.platform,
                severity=severity,
                stage=stage,
                team=self.linked.spec.team,
                second_path=spec.second_path,
            ),
            origin=linked.origin,
        )

    def coined(self, coined: Coined) -> Alert:
        """Lower an alert that no author wrote; it is a P1 of the service's team."""
        signal, condition = coined.signal, coined.condition
        grouping = condition.own_grouping(signal)
        return Alert(
            name=coined.name,
            service=self.linked.spec.service,
            subject=signal.key,
            severity=Severity.P1,
            team=self.linked.spec.team,
            stage=Stage.LIVE,
            kind=condition.kind,
            source="monitoring",
            area="monitoring",
            rules=self._rules(condition, signal),
            labels=self._labels(Severity.P1, Stage.LIVE, signal),
            grouping=grouping,
            for_=self.scale(coined.for_),
            keep_firing_for=Duration(0),
            threshold=condition.threshold(signal),
            reading=condition.reading(signal),
            sentence=_sentence(condition, signal, coined.for_),
            summary=coined.summary,
            impact=coined.impact,
            action=coined.action,
            why="",
            runbook_url=naming.runbook_url(self.platform.urls.site, self.linked.spec.service, coined.name),
            dashboard_url=self._dashboard_url("service", coined.panel, grouping),
            metrics=tuple(condition.roles(signal).values()),
            declares_down="",
            second_path=False,
            receivers=receivers(self.platform, severity=Severity.P1, stage=Stage.LIVE, team=self.linked.spec.team),
            origin=signal.origin,
        )

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
        return Rule(expr=expr, place=place, witness=condition.witness(signal, self.scale))

    def _labels(self, severity: Severity, stage: Stage, signal: Signal) -> tuple[tuple[str, str], ...]:
        labels = {
            "severity": severity.value,
            "team": self.linked.spec.team,
            "service": self.linked.spec.service,
            "subject": signal.key,
        }
        if stage is not Stage.LIVE:
            labels["stage"] = stage.value
        return tuple(sorted(labels.items()))

    def _dashboard_url(self, dashboard: str, panel: str, labels: tuple[str, ...] = ()) -> str:
        uid = naming.dashboard_uid(self.linked.spec.service, dashboard)
        return naming.dashboard_url(self.platform.urls.grafana, uid, panel, labels)


def _sentence(condition: Condition, signal: Signal, for_: Duration) -> str:
    lasting = f", and this lasts for {for_.words()}" if for_.milliseconds else ""
    return f"{condition.sentence(signal)}{lasting}."
