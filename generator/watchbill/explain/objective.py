"""Say in English what an objective is: what counts, what it allows, when it notifies, and what it records."""

from __future__ import annotations

from watchbill import naming
from watchbill.explain import layout
from watchbill.model.bundle import Bundle, Service
from watchbill.model.slo import Slo
from watchbill.quantity.words import share
from watchbill.words import objectives


def explain_slo(bundle: Bundle, slo: Slo) -> str:
    """Write the explanation of an objective as a person reads it on a terminal."""
    service = bundle.service(slo.service)
    signal = service.signal(slo.signal)
    metrics = ", ".join(signal.metrics[role].name for role in slo.roles)
    read = f", read from {metrics}" if metrics else ""
    entries = [
        ("Counts", f"{slo.events} ({signal.key}: {signal.title}){read}{_each(slo)}"),
        ("Good", f"{slo.events} {slo.good}."),
        ("Budget", objectives.budget(slo)),
        *objectives.tiers(slo),
        ("Floor", objectives.floor(slo)),
        ("Blind", _blind(bundle, slo)),
        ("Alerts", ", ".join(alert.name for alert in service.alerts if alert.slo == slo.name)),
        ("Suppresses", _suppresses(service, slo)),
        ("Series", f"{', '.join(slo.series.values())}, each with {_labels(slo)}"),
        ("Spec", str(slo.origin.span)),
        ("Rules", f"{', '.join(_files(slo))} below out/"),
        ("History", _HISTORY),
    ]
    head = f"{slo.id}: {slo.title}, {share(slo.objective)} over {slo.period.words()}"
    return "\n".join([head, "", *layout.rows(entries), layout.block(_backfill(bundle, slo))])


def _each(slo: Slo) -> str:
    return f", for each {' and '.join(slo.grouping)} by itself" if slo.grouping else ""


def _blind(bundle: Bundle, slo: Slo) -> str:
    name = naming.slo_alerts(slo.name)[2]
    missing = bundle.alerts_by_id.get(f"{slo.service}/{name}")
    return f"if the indicator is missing, {name} fires after {missing.for_.words()}." if missing else ""


def _suppresses(service: Service, slo: Slo) -> str:
    names = sorted({name for alert in service.alerts if alert.slo == slo.name for name in alert.suppresses})
    return f"{', '.join(names)}: muted while its page fires." if names else ""


def _labels(slo: Slo) -> str:
    return "{" + ", ".join(f'{name}="{value}"' for name, value in slo.labels) + "}"


_HISTORY = (
    "begins when the rules are loaded. Until a whole period is recorded, the budget is that of the period which its "
    "recorded part (slo:coverage:ratio) lets expect. Earlier events can be counted afterwards, from the metric's first "
    "sample up to three hours ago: first the events, then, once its blocks are among Prometheus' own, the windows."
)


def _backfill(bundle: Bundle, slo: Slo) -> str:
    """Write the commands that count earlier events; what depends on others would come out empty beside them."""
    command = f"promtool tsdb create-blocks-from rules --url {bundle.platform.urls.prometheus} --eval-interval 1m"
    return "\n".join(
        f"{command} \\\n  --start <then> --end <3h ago> --output-dir blocks out/{file}" for file in _files(slo)
    )


def _files(slo: Slo) -> list[str]:
    return [naming.slo_rule_file(slo.service, slo.name, part) for part in ("events", "windows")]
