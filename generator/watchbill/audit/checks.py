"""Check whether a scrape has a metric that alerts read, under the right type and unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from watchbill.audit.finding import METRICS, SIGNALS, Mismatch, listed
from watchbill.audit.labels import check_labels, own_series
from watchbill.audit.scrape import Family, Scrape
from watchbill.errors import DiagnosticLevel, nearest
from watchbill.model.signals import Metric, MetricType
from watchbill.naming import TARGET_LABELS
from watchbill.quantity import Unit
from watchbill.words.requirements import EDGE, Required, read_number

MOST_SERIES = 1000
_RESERVED = ("alertname", *TARGET_LABELS, "service", "severity", "subject", "team")
_GAUGES = {"gauge", "info", "stateset"}
_COUNTED = {"histogram", "summary"}
_UNITS = {
    "seconds": Unit.SECONDS,
    "milliseconds": Unit.MILLISECONDS,
    "ms": Unit.MILLISECONDS,
    "microseconds": Unit.MICROSECONDS,
    "bytes": Unit.BYTES,
    "ratio": Unit.RATIO,
    "percent": Unit.PERCENT,
}


def check(required: Required, scrape: Scrape) -> Iterable[Mismatch]:
    """Hold one metric against a scrape, and stop at a fault that causes all others."""
    family = next(filter(None, map(scrape.family, (required.name, *required.series))), None)
    if family is None:
        yield _missing(required, scrape)
        return
    type_fault = _check_type(required, family)
    if type_fault is not None:
        yield type_fault
        if type_fault.level is DiagnosticLevel.ERROR and (_is_histogram(required) or family.type in _COUNTED):
            return
    lacking = _check_series(required, family, scrape)
    if lacking is not None:
        yield lacking
        return
    unit_fault = _check_unit(required, family)
    if unit_fault is not None:
        yield unit_fault
    else:
        yield from _check_edges(required, scrape)
    yield from check_labels(required, scrape)
    yield from _check_reserved(required, scrape)
    yield from _check_cardinality(required, scrape)


def _is_histogram(required: Required) -> bool:
    return required.metric is not None and required.metric.type is MetricType.HISTOGRAM


def _fault(
    level: DiagnosticLevel, required: Required, code: str, what: str, todo: str, alerts: tuple[str, ...] | None = None
) -> Mismatch:
    return Mismatch(
        level, required.signal, required.name, code, what, todo, required.alerts if alerts is None else alerts
    )


def _missing(required: Required, scrape: Scrape) -> Mismatch:
    what = f'metric "{required.name}" is not in {scrape.name}'
    near = _nearest_metric(required, scrape)
    if near is None:
        todo = f"let the service export it, or {_rename(required, '<its name>')}"
        return _fault(DiagnosticLevel.ERROR, required, "scrape/missing-metric", what, todo)
    return _fault(
        DiagnosticLevel.ERROR, required, "scrape/missing-metric", what, f'"{near}" is there: {_rename(required, near)}'
    )


def _rename(required: Required, name: str) -> str:
    if required.metric is None:
        return f"write {name} in the expression"
    return f"write metrics: {{{required.metric.role}: {name}}} in signal {SIGNALS}"


def _nearest_metric(required: Required, scrape: Scrape) -> str | None:
    """Find the name that is most likely meant, among those of the same type first."""
    if _is_histogram(required):
        names = {family.name: family.type for family in scrape.families.values()}
        wanted = {"histogram"}
    else:
        names = {series: scrape.families[owner].type for series, owner in scrape.owners.items()}
        wanted = {required.metric.type.value} if required.metric is not None else set(names.values())
    same = [name for name, type_ in names.items() if type_ in wanted]
    return nearest(required.name, same) or nearest(required.name, names)


def _check_type(required: Required, family: Family) -> Mismatch | None:
    if required.metric is None:
        return None
    expected, found = required.metric.type, family.type
    where = f'metric "{required.name}"'
    if found == "unknown":
        todo = f"let the service declare it: # TYPE {required.name} {expected}"
        return _fault(
            DiagnosticLevel.WARNING,
            required,
            "scrape/undeclared-type",
            f"{where} has no type, and the spec takes it for a {expected}",
            todo,
        )
    part = required.name.removeprefix(family.name)
    if found in _COUNTED and part in {"_count", "_sum", "_bucket"}:
        found = "counter"
    if found == expected or (found in _GAUGES and expected is MetricType.GAUGE):
        return None
    what = f"{where} is a {found}, and the spec takes it for a {expected}"
    return _fault(DiagnosticLevel.ERROR, required, "scrape/other-type", what, _retype(required, found))


def _retype(required: Required, found: str) -> str:
    if found == "summary" and _is_histogram(required):
        return "let the service export a histogram: a summary's quantiles cannot be aggregated over instances"
    if found in _COUNTED:
        return _rename(required, f"{required.name}_count") + ", or another metric"
    return f"name another metric, or another kind of condition, in signal {SIGNALS}"


def _check_series(required: Required, family: Family, scrape: Scrape) -> Mismatch | None:
    """Note series that are read and not there although the metric is declared."""
    lacking = [series for series in required.series if series not in scrape.series]
    if not lacking:
        return None
    there = scrape.parts(family)
    if not there:
        what = f'metric "{required.name}" is declared and has no series'
        todo = "let the service make its series at the start, with 0, and take the sample again"
        return _fault(DiagnosticLevel.WARNING, required, "scrape/no-series", what, todo)
    alerts = tuple(sorted({use.alert for use in required.uses if use.series in lacking}))
    what = f'metric "{required.name}" has no series {listed(lacking)}, only {listed(there)}'
    if _is_histogram(required):
        todo = "let the service export a histogram with classic buckets (_bucket, _sum and _count)"
        return _fault(DiagnosticLevel.ERROR, required, "scrape/missing-series", what, todo, alerts)
    return _fault(
        DiagnosticLevel.ERROR,
        required,
        "scrape/missing-series",
        what,
        _rename(required, nearest(required.name, there) or there[0]),
        alerts,
    )


def _check_unit(required: Required, family: Family) -> Mismatch | None:
    metric = required.metric
    if metric is None:
        return None
    name, unit = metric.name.removesuffix("_total"), metric.unit
    if family.type in _COUNTED and name != family.name:
        if not name.endswith("_sum"):
            return None  # buckets and counts count, whatever is measured
        name = family.name
    word = family.unit or name.rpartition("_")[2]
    found = _UNITS.get(word)
    if found is None or found is unit:
        return None
    said = f"# UNIT {word}" if family.unit else "its name"
    what = f'metric "{metric.name}" is in {word} by {said}, and in {_unit_word(metric)} by the spec'
    todo = f"write metrics: {{{metric.role}: {{unit: …}}}} in signal {SIGNALS}, or rename the metric"
    return _fault(DiagnosticLevel.ERROR, required, "scrape/other-unit", what, todo.replace("…", _spec_unit(found)))


def _unit_word(metric: Metric) -> str:
    return next((word for word, unit in _UNITS.items() if unit is metric.unit), "plain numbers")


def _spec_unit(unit: Unit) -> str:
    return {"B": "bytes", "%": "percent"}.get(unit.symbol, unit.symbol)


def _check_edges(required: Required, scrape: Scrape) -> Iterable[Mismatch]:
    metric = required.metric
    if not required.edges and (metric is None or not metric.buckets):
        return
    series = scrape.series.get(f"{required.name}_bucket") or ()
    if metric is None:
        series = tuple(labels for name in required.series for labels in scrape.series[name])
    numbers = {read_number(labels.get(EDGE, "")) for labels in series}
    exported = sorted(number for number in numbers if number is not None and number.is_finite())
    if not exported:
        return
    declared = list(metric.buckets) if metric is not None else exported
    shown = ", ".join(f"{edge.normalize():f}" for edge in exported)
    hint = " (they look like milliseconds)" if [edge / 1000 for edge in exported] == declared else ""
    role = metric.role if metric is not None else ""
    rewrite = f"write metrics: {{{role}: {{buckets: [{shown}]}}}} in signal {SIGNALS}"
    absent = [edge for edge in required.edges if edge not in exported]
    for edge in absent:
        what = f'no bucket of "{required.name}" ends at {edge:f}, only at {shown}{hint}'
        readers = tuple(sorted({use.alert for use in required.uses if edge in use.edges}))
        todo = f"let the service export that bucket, or {rewrite} and set the threshold on one of them"
        yield _fault(DiagnosticLevel.ERROR, required, "scrape/missing-bucket", what, todo, readers)
    if not absent and declared != exported:
        what = f'the buckets of "{required.name}" are {shown}{hint}, and others in the spec'
        yield _fault(DiagnosticLevel.WARNING, required, "scrape/other-buckets", what, rewrite, ())


def _check_reserved(required: Required, scrape: Scrape) -> Iterable[Mismatch]:
    present = {label for labels in own_series(required, scrape) for label in labels}
    for label in _RESERVED:
        if label not in present:
            continue
        what = f'label "{label}" is on {METRICS} already'
        if label in TARGET_LABELS:
            what += f": Prometheus renames it to exported_{label}, and with honor_labels it would misroute alerts"
        else:
            what += ", and the alert's own label takes its place"
        yield _fault(
            DiagnosticLevel.WARNING,
            required,
            "scrape/reserved-label",
            what,
            "rename it in the service, or by metric_relabel_configs",
        )


def _check_cardinality(required: Required, scrape: Scrape) -> Iterable[Mismatch]:
    series = max((scrape.series[name] for name in required.series), key=_label_sets)
    count = _label_sets(series)
    if count > MOST_SERIES:
        values: dict[str, set[str]] = {}
        for labels in series:
            for label, value in labels.items():
                values.setdefault(label, set()).add(value)
        widest = max(sorted(set(values) - {EDGE}), key=lambda label: len(values[label]))
        what = f'metric "{required.name}" has {count} label sets in one scrape, "{widest}" {len(values[widest])} values'
        yield _fault(
            DiagnosticLevel.WARNING,
            required,
            "scrape/too-many-series",
            what,
            "bound the label: a route's pattern, never a path with its ids",
        )


def _label_sets(series: Iterable[Mapping[str, str]]) -> int:
    """Count the label sets of a metric, a histogram's buckets as one."""
    return len({tuple(sorted(item for item in labels.items() if item[0] != EDGE)) for labels in series})
