"""Prometheus: alerting rules, and the configuration that scrapes the services and loads the rules.

Read by: Prometheus, from 2.42 on.

Checked by: promtool (`check rules`, `check config`), and the promtool tests.
"""

from __future__ import annotations

from collections.abc import Iterable

from watchbill import naming
from watchbill.model.alerts import MAX_GROUP_RULES, Alert, Rule
from watchbill.model.bundle import Bundle, Scrape, Service
from watchbill.model.slo import Recording, Slo
from watchbill.quantity import Duration
from watchbill.words import firing
from watchbill.words.yamltext import Plain, dump

CONFIG = "prometheus/prometheus.yml"


def render(bundle: Bundle) -> dict[str, str]:
    """Render one rule file for each area of each service, and `prometheus.yml`."""
    tree = {CONFIG: config(bundle)}
    for service in bundle.services:
        for area in sorted({alert.area for alert in service.alerts}):
            tree[naming.rule_file(service.name, area)] = rules(service, area)
        for file, groups in recordings(service).items():
            tree[file] = dump({"groups": groups}, source=service.origin.document)
    return tree


def recordings(service: Service) -> dict[str, list[Plain]]:
    """Write the groups of a service's objectives by file."""
    files: dict[str, list[Plain]] = {}
    for slo in service.slos:
        for group in slo.groups:
            part = "events" if group.part == "events" else "windows"
            file = naming.slo_rule_file(service.name, slo.name, part)
            files.setdefault(file, []).append(
                {
                    "name": naming.slo_group(service.name, slo.name, group.part),
                    "interval": str(group.interval),
                    "rules": [_recording(rule, slo) for rule in group.rules],
                }
            )
    return files


def _recording(rule: Recording, slo: Slo) -> Plain:
    return {"record": rule.record, "expr": rule.expr, "labels": dict(sorted((*slo.labels, *rule.labels)))}


def rules(service: Service, area: str) -> str:
    """Render the rules of one area, in groups."""
    groups: list[Plain] = [
        {
            "name": name,
            "interval": str(_interval(service, area)),
            "rules": [_rule(alert, rule) for alert, rule in group],
        }
        for name, group in rule_groups(service, area)
    ]
    return dump({"groups": groups}, source=service.origin.document)


def places(bundle: Bundle) -> Iterable[tuple[str, Alert]]:
    """List the file and the alert of every alerting rule."""
    for service in bundle.services:
        for alert in service.alerts:
            for _ in alert.rules:
                yield naming.rule_file(service.name, alert.area), alert


def _interval(service: Service, area: str) -> Duration:
    """Evaluate an objective's alerts as often as it is recorded."""
    return service.slos[0].groups[0].interval if area.startswith(naming.SLO_AREA) else service.evaluation_interval


def rule_groups(service: Service, area: str) -> list[tuple[str, list[tuple[Alert, Rule]]]]:
    """Cut the rules of an area into groups of at most 20, by name."""
    members = [(alert, rule) for alert in service.alerts if alert.area == area for rule in alert.rules]
    size = MAX_GROUP_RULES
    return [
        (naming.rule_group(service.name, area, start // size), members[start : start + size])
        for start in range(0, len(members), size)
    ]


def _rule(alert: Alert, rule: Rule) -> Plain:
    emitted: dict[str, Plain] = {"alert": alert.name, "expr": rule.expr}
    if alert.for_.milliseconds:
        emitted["for"] = str(alert.for_)
    if alert.keep_firing_for.milliseconds:
        emitted["keep_firing_for"] = str(alert.keep_firing_for)
    # An empty label takes one away that the series brings along, and that routes would read.
    own = (
        dict(alert.labels)
        if "stage" in dict(alert.labels) or not alert.authored
        else {**dict(alert.labels), "stage": ""}
    )
    emitted["labels"] = dict(sorted({**own, **dict(rule.place)}.items()))
    emitted["annotations"] = firing.templates(alert)
    return emitted


def config(bundle: Bundle) -> str:
    """Render the configuration; `env` and `cluster` are target labels, set here and nowhere else."""
    jobs = sorted((scrape for service in bundle.services for scrape in service.scrapes), key=lambda s: s.job)
    alertmanager = bundle.platform.urls.alertmanager
    scheme, _, rest = alertmanager.partition("://")
    host, slash, prefix = rest.partition("/")
    return dump(
        {
            "global": {
                "scrape_interval": str(bundle.platform.scrape_interval),
                "evaluation_interval": str(bundle.platform.evaluation_interval),
            },
            "rule_files": ["rules/*.rules.yml"],
            "alerting": {
                # A replica label is external; dropped here, so that replicas send the same alert once.
                "alert_relabel_configs": [{"action": "labeldrop", "regex": "replica"}],
                "alertmanagers": [
                    {
                        "scheme": scheme,
                        **({"path_prefix": slash + prefix} if prefix else {}),
                        "static_configs": [{"targets": [host]}],
                    }
                ],
            },
            "scrape_configs": [_job(scrape) for scrape in jobs],
        },
        source="specs/platform.yaml and specs/services/",
    )


def _job(scrape: Scrape) -> Plain:
    job: dict[str, Plain] = {
        "job_name": scrape.job,
        "scrape_interval": str(scrape.interval),
        "metrics_path": scrape.path,
        "scheme": scrape.scheme,
    }
    if scrape.prober:
        job["params"] = {"module": [scrape.module]}
    job["static_configs"] = [
        {"targets": list(targets.addresses), "labels": {"cluster": targets.cluster, "env": targets.env}}
        for targets in scrape.targets
    ]
    if scrape.prober:
        job["relabel_configs"] = list(_probe_relabelling(scrape.prober))
    return job


def _probe_relabelling(prober: str) -> Iterable[Plain]:
    """Send the target as a parameter to the prober (blackbox_exporter's README, "Prometheus Configuration")."""
    yield {"source_labels": ["__address__"], "target_label": "__param_target"}
    yield {"source_labels": ["__param_target"], "target_label": "instance"}
    yield {"target_label": "__address__", "replacement": prober}
