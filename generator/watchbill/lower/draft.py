"""What differs between alerts, whoever writes them: an author, a pack, an objective or the compiler."""

from __future__ import annotations

from dataclasses import dataclass

from watchbill import naming
from watchbill.link.linked import LinkedService
from watchbill.lower.routing import receivers
from watchbill.model.alerts import Alert, AnnotationQuery, Reading, Rule, Severity, Stage, Threshold
from watchbill.model.bundle import Platform
from watchbill.model.origin import Origin
from watchbill.model.pages import Citation
from watchbill.model.signals import Signal
from watchbill.quantity import Duration

NOT_AT_ALL = Duration(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An alert before its owner's names are on it; the fields are those of `Alert`."""

    name: str
    signal: Signal
    kind: str
    source: str
    area: str
    severity: Severity
    rules: tuple[Rule, ...]
    for_: Duration
    sentence: str
    summary: str
    impact: str
    action: str
    dashboard: str
    panel: str
    origin: Origin
    stage: Stage = Stage.LIVE
    grouping: tuple[str, ...] = ()
    keep_firing_for: Duration = NOT_AT_ALL
    threshold: Threshold | None = None
    reading: Reading | None = None
    asked: tuple[AnnotationQuery, ...] = ()
    why: str = ""
    metrics: tuple[str, ...] = ()
    declares_down: str = ""
    fallback: bool = False
    suppresses: tuple[str, ...] = ()
    slo: str = ""
    cites: tuple[Citation, ...] = ()

    def alert(self, service: LinkedService, platform: Platform) -> Alert:
        """Give it its owner, labels, links and receivers."""
        name, team = service.spec.service, service.spec.team
        urls = platform.urls
        uid = naming.dashboard_uid(name, self.dashboard)
        return Alert(
            name=self.name,
            service=name,
            subject=self.signal.key,
            severity=self.severity,
            team=team,
            stage=self.stage,
            kind=self.kind,
            source=self.source,
            area=self.area,
            rules=self.rules,
            labels=self._labels(name, team),
            grouping=self.grouping,
            for_=self.for_,
            keep_firing_for=self.keep_firing_for,
            threshold=self.threshold,
            reading=self.reading,
            asked=self.asked,
            sentence=self.sentence,
            summary=self.summary,
            impact=self.impact,
            action=self.action,
            why=self.why,
            runbook_url=naming.runbook_url(urls.site, name, self.name),
            dashboard_url=naming.dashboard_url(urls.grafana, uid, self.panel, self.grouping),
            metrics=self.metrics,
            declares_down=self.declares_down,
            fallback=self.fallback,
            suppresses=self.suppresses,
            slo=self.slo,
            receivers=receivers(platform, severity=self.severity, stage=self.stage, team=team, fallback=self.fallback),
            cites=self.cites,
            origin=self.origin,
        )

    def _labels(self, service: str, team: str) -> tuple[tuple[str, str], ...]:
        labels = {"severity": self.severity.value, "team": team, "service": service, "subject": self.signal.key}
        if self.stage is not Stage.LIVE:
            labels["stage"] = self.stage.value
        return tuple(sorted(labels.items()))
