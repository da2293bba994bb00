"""Turn linked specs into the Bundle: expressions, sentences, witnesses and links, ready for every target."""

from __future__ import annotations

from collections.abc import Iterable

from watchbill import naming
from watchbill.conditions import Condition
from watchbill.conditions.absent import Absent
from watchbill.conditions.base import listed
from watchbill.link import Linked, LinkedAlert, LinkedService
from watchbill.model.alerts import Alert, Rule, Severity, Stage
from watchbill.model.bundle import Bundle, Environment, Platform, Service, Team, Urls
from watchbill.model.signals import Signal
from watchbill.promql import Matcher, pretty
from watchbill.quantity import REAL_TIME, Duration, TimeScale
from watchbill.spec.platform import PlatformSpec

ABSENCE_FOR = Duration.parse("10m")  # a restart or a deploy does not take this long


def lower(linked: Linked, *, scale: TimeScale = REAL_TIME) -> Bundle:
    """Lower everything, with all durations under `scale`."""
    platform = _platform(linked.platform, scale)
    services = tuple(_service(service, platform, scale) for service in linked.services)
    return Bundle(platform, services)


def _platform(spec: PlatformSpec, scale: TimeScale) -> Platform:
    return Platform(
        teams={name: Team(name, t.title, t.slack, t.email, t.pagerduty) for name, t in sorted(spec.teams.items())},
        default_team=spec.defaults.team,
        environments=tuple(Environment(n, e.clusters, e.pages) for n, e in sorted(spec.environments.items())),
        urls=Urls(spec.urls.site, spec.urls.grafana, spec.urls.prometheus, spec.urls.alertmanager),
        scrape_interval=scale(spec.defaults.scrape_interval),
        evaluation_interval=scale(spec.defaults.evaluation_interval),
        keep_firing_for=scale(spec.defaults.keep_firing_for),
    )


def _service(linked: LinkedService, platform: Platform, scale: TimeScale) -> Service:
    lowering = _Lowering(linked, platform, scale)
    alerts = [lowering.alert(alert) for alert in linked.alerts]
    alerts += [lowering.absence(signal, alerts) for signal in linked.signals]
    return Service(
        name=linked.spec.service,
        title=linked.spec.title,
        team=linked.spec.team,
        job=linked.spec.target.get("job", ""),
        environments=linked.environments,
        evaluation_interval=(
            platform.evaluation_interval
            if linked.spec.evaluation_interval is None
            else scale(linked.spec.evaluation_interval)
        ),
        signals=linked.signals,
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
        for_ = self.scale(spec.for_)
        grouping = condition.own_grouping(signal)
        kept = self.platform.keep_firing_for if severity is Severity.P0 else Duration(0)
        return Alert(
            name=linked.name,
            service=self.linked.spec.service,
            subject=signal.key,
            severity=severity,
            team=self.linked.spec.team,
            stage=Stage(spec.stage),
            kind=condition.kind,
            source=linked.source,
            area=linked.area,
            rules=self._rules(condition, signal),
            labels=self._labels(severity, Stage(spec.stage), signal),
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
            origin=linked.origin,
        )

    def absence(self, signal: Signal, others: Iterable[Alert]) -> Alert:
        """Watch that a signal is there at all: without it, none of its alerts can fire."""
        condition = Absent.model_construct(kind="absent", metrics=signal.presence, per=())
        name = naming.absence_alert(signal.key)
        watched = listed([signal.metrics[role].name for role in signal.presence], "and")
        blind = sum(alert.subject == signal.key and bool(set(alert.metrics) & set(signal.presence)) for alert in others)
        counted = f"{blind} alert{'' if blind == 1 else 's'}"
        cannot = f"{counted} on it cannot fire until these metrics are back" if blind else ""
        return Alert(
            name=name,
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
            grouping=(),
            for_=self.scale(ABSENCE_FOR),
            keep_firing_for=Duration(0),
            threshold=None,
            reading=None,
            sentence=_sentence(condition, signal, ABSENCE_FOR),
            summary=f"Metrics of {signal.key} ({signal.title}) are absent",
            impact=cannot or f"Alerts on {signal.key} may be blind until they are back",
            action=f"Check that the target is up, is scraped, and still exports {watched}.",
            why="",
            runbook_url=naming.runbook_url(self.platform.urls.site, self.linked.spec.service, name),
            dashboard_url=self._dashboard_url("service", "Metrics present"),
            metrics=signal.presence,
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
        if stage is Stage.SHADOW:
            labels["stage"] = stage.value
        return tuple(sorted(labels.items()))

    def _dashboard_url(self, dashboard: str, panel: str, labels: tuple[str, ...] = ()) -> str:
        uid = naming.dashboard_uid(self.linked.spec.service, dashboard)
        return naming.dashboard_url(self.platform.urls.grafana, uid, panel, labels)


def _sentence(condition: Condition, signal: Signal, for_: Duration) -> str:
    lasting = f", and this lasts for {for_.words()}" if for_.milliseconds else ""
    return f"{condition.sentence(signal)}{lasting}."
