"""The texts that an alert carries: as Go templates for Prometheus, and rendered for the proofs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote_plus

from watchbill.model.alerts import Alert, Display
from watchbill.naming import TARGET_LABELS, variable


@dataclass(frozen=True, slots=True)
class LabelOf:
    """A label of the firing series."""

    name: str

    def template(self) -> str:
        """Write it as a Go template."""
        return f"{{{{ $labels.{self.name} }}}}"

    def rendered(self, labels: Mapping[str, str], _: Decimal) -> str:
        """Show it; a label that is missing shows as nothing."""
        return labels.get(self.name, "")


@dataclass(frozen=True, slots=True)
class ValueOf:
    """The value of the firing series, in four significant digits."""

    display: Display

    def template(self) -> str:
        """Write it as a Go template (Prometheus docs, "Template reference")."""
        return {
            Display.NUMBER: '{{ printf "%.4g" $value }}',
            Display.PERCENT: "{{ $value | humanizePercentage }}",
            Display.BYTES: "{{ $value | humanize1024 }}B",
        }[self.display]

    def rendered(self, _: Mapping[str, str], value: Decimal) -> str:
        """Show it as Prometheus does."""
        if self.display is Display.NUMBER:
            return _four_digits(value)
        if self.display is Display.PERCENT:
            return f"{_four_digits(value * 100)}%"
        prefixes = ["", "ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"]
        while abs(value) >= 1024 and len(prefixes) > 1:
            value, prefixes = value / 1024, prefixes[1:]
        return f"{_four_digits(value)}{prefixes[0]}B"


def _four_digits(value: Decimal) -> str:
    return f"{float(value):.4g}"


Text = tuple[str | LabelOf | ValueOf, ...]


def template(text: Text) -> str:
    """Write a text for a rule."""
    return "".join(part if isinstance(part, str) else part.template() for part in text)


def rendered(text: Text, labels: Mapping[str, str], value: Decimal) -> str:
    """Write a text as Prometheus renders it for one series; computed here, never read back."""
    return "".join(part if isinstance(part, str) else part.rendered(labels, value) for part in text)


def summary(alert: Alert) -> Text:
    """Say what is wrong and where: `Too many requests fail: core-api in production/main, endpoint /api/orders`."""
    where: Text = (f": {alert.service} in ", LabelOf("env"), "/", LabelOf("cluster"))
    for label in alert.grouping:
        where = (*where, f", {label} ", LabelOf(label))
    return (alert.summary, *where)


def description(alert: Alert) -> Text:
    """Say when it fires, and how bad it is now."""
    if alert.reading is None:
        return (alert.sentence,)
    return (alert.sentence, " Now ", ValueOf(alert.reading.display), f"{alert.reading.after}.")


def texts(alert: Alert) -> dict[str, Text]:
    """List the annotations that a person reads: what and where, how bad, who suffers, and what to do first."""
    written = {"summary": summary(alert), "description": description(alert)}
    spoken = {"impact": alert.impact, "action": alert.action}
    return written | {name: (f"{text.rstrip('.')}.",) for name, text in spoken.items() if text}


def dashboard_url_rendered(alert: Alert, labels: Mapping[str, str]) -> str:
    """Address the panel for one series."""
    url = alert.dashboard_url
    for label in (*TARGET_LABELS, *alert.grouping):
        url = url.replace(variable(label), f"var-{label}={quote_plus(labels.get(label, ''))}")
    return url
