"""Build a service's signals from its spec and the profiles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from watchbill.errors import choose
from watchbill.language.base import Diagnostics
from watchbill.model.origin import Origin
from watchbill.model.signals import LabelClass, Limit, Metric, Signal
from watchbill.promql import Matcher
from watchbill.quantity import Quantity, QuantityError, Unit
from watchbill.spec.platform import PlatformSpec
from watchbill.spec.profile import UNITS, MetricSpec, ProfileSpec
from watchbill.spec.service import MetricChange, ServiceSpec, SignalSpec


def build_signal(
    key: str,
    service: ServiceSpec,
    *,
    platform: PlatformSpec,
    registry: Mapping[str, ProfileSpec],
    document: str,
    diagnostics: Diagnostics,
) -> Signal | None:
    """Lay a signal's spec over its profile; None where the profile is unknown, other faults are noted."""
    spec = service.signals[key]
    profile = registry.get(spec.profile)
    if profile is None:
        diagnostics.add(
            spec.span("profile"),
            "profile/unknown",
            f'profile "{spec.profile}" is unknown',
            choose(spec.profile, registry),
        )
        return None
    builder = _Builder(spec, profile, platform, diagnostics)
    builder.require_known()
    target = {**service.target, **spec.target}
    labels = {role: spec.labels.get(role, label.name) for role, label in sorted(profile.labels.items())}
    job = target.get("job", "")
    if service.scrape and job not in service.scrape:
        at = spec.span("target", "job") if "job" in spec.target else service.span("target")
        diagnostics.add(at, "service/unknown-job", f'no scrape job is called "{job}"', choose(job, service.scrape))
    scrape = service.scrape.get(job)
    return Signal(
        service=service.service,
        key=key,
        profile=spec.profile,
        title=profile.title,
        matchers=tuple(Matcher(label, "=", value) for label, value in sorted(target.items())),
        metrics={role: builder.metric(role, metric) for role, metric in sorted(profile.metrics.items())},
        labels=labels,
        examples={role: label.example for role, label in sorted(profile.labels.items())},
        optional=frozenset(labels[role] for role, label in profile.labels.items() if label.optional),
        classes=builder.classes(labels),
        limits=builder.limits(),
        excluded=builder.excluded(labels),
        presence=builder.presence(),
        scrape_interval=(scrape.interval if scrape else None) or platform.defaults.scrape_interval,
        origin=Origin(service.span("signals", key, key=True), document),
    )


@dataclass(frozen=True, slots=True)
class _Builder:
    spec: SignalSpec
    profile: ProfileSpec
    platform: PlatformSpec
    diagnostics: Diagnostics

    def require_known(self) -> None:
        """Note every key that the profile does not have."""
        kinds = {"metrics": "metric", "labels": "label", "classes": "class", "limits": "limit", "exclude": "label"}
        for section, kind in kinds.items():
            known = getattr(self.profile, "labels" if section == "exclude" else section)
            for key in getattr(self.spec, section):
                if key not in known:
                    what = f'profile "{self.profile.profile}" has no {kind} "{key}"'
                    self.diagnostics.add(
                        self.spec.span(section, key, key=True), "profile/unknown-name", what, choose(key, known)
                    )

    def presence(self) -> tuple[str, ...]:
        """Name the metrics whose absence is watched."""
        if self.spec.presence is None:
            return self.profile.presence
        for index, role in enumerate(self.spec.presence):
            if role not in self.profile.metrics:
                what = f'profile "{self.profile.profile}" has no metric "{role}"'
                self.diagnostics.add(
                    self.spec.span("presence", index), "profile/unknown-name", what, choose(role, self.profile.metrics)
                )
        return self.spec.presence

    def excluded(self, labels: Mapping[str, str]) -> dict[str, Matcher]:
        """Match everything but the excluded values of a label."""
        return {
            role: Matcher(labels[role], "!~", "|".join(map(re.escape, sorted(values))))
            for role, values in sorted(self.spec.exclude.items())
            if role in labels
        }

    def metric(self, role: str, usual: MetricSpec) -> Metric:
        """Give a metric its real name, unit and buckets."""
        change = self.spec.metrics.get(role)
        if change is not None and role in self.spec.metrics and usual.type != "histogram" and change.buckets:
            span = self.spec.span("metrics", role, "buckets", key=True)
            self.diagnostics.add(span, "metric/not-a-histogram", f"a {usual.type} has no buckets", "remove them")
        unit = UNITS[(change.unit if change else None) or usual.unit]
        native = usual.native if change is None or change.native is None else change.native
        if native and usual.type != "histogram":
            span = self.spec.span("metrics", role, "native", key=True)
            self.diagnostics.add(span, "metric/not-a-histogram", f"a {usual.type} is no native histogram", "remove it")
        labels = change.labels if change is not None and change.labels is not None else usual.labels
        return Metric(
            role=role,
            name=(change.name if change else None) or usual.name,
            type=usual.metric_type,
            unit=unit,
            help=usual.help,
            noun=usual.noun,
            labels=labels,
            buckets=() if native else self._buckets(role, usual, change, unit),
            native=native,
        )

    def _buckets(self, role: str, usual: MetricSpec, change: MetricChange | None, unit: Unit) -> tuple[Decimal, ...]:
        written = change.buckets if change is not None else None
        buckets = [self._plain(bucket, unit) for bucket in (usual.buckets if written is None else written)]
        if written is not None and buckets != sorted(set(buckets)):
            span = self.spec.span("metrics", role, "buckets")
            self.diagnostics.add(
                span,
                "metric/unsorted-buckets",
                "bucket edges must rise",
                "write each edge once, from small to large, without +Inf",
            )
        if written is None and unit is not UNITS[usual.unit]:
            buckets = []  # edges in another unit are not the service's; whoever needs them will say so
        return tuple(buckets)

    def _plain(self, bucket: Quantity, unit: Unit) -> Decimal:
        """Read an edge: a bare number is in the metric's own unit, as `le` is."""
        if bucket.unit is Unit.COUNT:
            return bucket.number
        try:
            return bucket.to(unit)
        except QuantityError as error:
            self.diagnostics.add(self.spec.span("metrics"), "quantity/wrong-unit", error.what, error.todo)
            return bucket.number

    def classes(self, labels: Mapping[str, str]) -> dict[str, LabelClass]:
        """Give classes their real label, and the value that the service uses."""
        built: dict[str, LabelClass] = {}
        for name, usual in sorted(self.profile.classes.items()):
            matcher = usual.matcher(labels[usual.label])
            member = usual.member or usual.equals or ""
            if name in self.spec.classes:
                member = self.spec.classes[name]
                matcher = Matcher(matcher.label, "=", member)
            built[name] = LabelClass(name, matcher, member, usual.other)
        return built

    def limits(self) -> dict[str, Limit]:
        """Take the limits that the service exports or states, or the platform; one that nobody states is left out."""
        built: dict[str, Limit] = {}
        for name, usual in sorted(self.profile.limits.items()):
            stated = self.spec.limits.get(name)
            if usual.metric is not None:
                built[name] = Limit(name, metric=usual.metric)
            elif usual.platform is not None:
                built[name] = Limit(name, number=self.platform.defaults.retention.seconds)
            elif stated is not None and usual.unit is not None:
                try:
                    number = stated.to(UNITS[usual.unit])
                except QuantityError as error:
                    self.diagnostics.add(self.spec.span("limits", name), "quantity/wrong-unit", error.what, error.todo)
                    continue
                if number <= 0:
                    self.diagnostics.add(
                        self.spec.span("limits", name),
                        "signal/wrong-limit",
                        "a limit of 0 is always used up",
                        "write the real limit",
                    )
                    continue
                built[name] = Limit(name, number=number)
            if usual.metric is not None and stated is not None:
                what = f'limit "{name}" is the metric "{usual.metric}"'
                self.diagnostics.add(
                    self.spec.span("limits", name), "signal/wrong-limit", what, "rename the metric instead"
                )
            if usual.platform is not None and stated is not None:
                what = f'limit "{name}" is the same for all signals'
                todo = f'write "{usual.platform}: …" among the platform\'s defaults instead'
                self.diagnostics.add(self.spec.span("limits", name), "signal/wrong-limit", what, todo)
        return built
