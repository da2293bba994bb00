"""The texts that an alert carries: as Go templates for Prometheus, and rendered for the proofs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from watchbill.model.alerts import Alert, AnnotationQuery, Display
from watchbill.promql import quoted


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
            Display.DURATION: "{{ $value | humanizeDuration }}",
        }[self.display]

    def rendered(self, _: Mapping[str, str], value: Decimal) -> str:
        """Show it as Prometheus does."""
        return shown(value, self.display)


@dataclass(frozen=True, slots=True)
class AnswerOf:
    """A sentence about a recorded series that is asked when the alert fires; nothing where there is none."""

    asked: AnnotationQuery

    def template(self) -> str:
        """Write it as a Go template; label values are quoted by it, so that they stay values."""
        fixed = ",".join(f"{matcher.label}{matcher.op}{quoted(matcher.value)}" for matcher in self.asked.matchers)
        open_ = ",".join(f"{label}=%q" for label in self.asked.labels)
        values = " ".join(f"$labels.{label}" for label in self.asked.labels)
        query = f"printf `{self.asked.series}{{{fixed},{open_}}}` {values}"
        function = {
            Display.PERCENT: "humanizePercentage",
            Display.DURATION: "humanizeDuration",
        }[self.asked.display]
        answer = f"{{{{ . | first | value | {function} }}}}"
        return f"{{{{ with {query} | query }}}}{self.asked.lead}{answer}{self.asked.after}{{{{ end }}}}"

    def rendered(self, _: Mapping[str, str], __: Decimal) -> str:
        """Say it of the value in the example."""
        return f"{self.asked.lead}{shown(self.asked.example_value, self.asked.display)}{self.asked.after}"


def shown(value: Decimal, display: Display) -> str:
    """Show a number as the functions of Prometheus' templates do (docs, "Template reference")."""
    if display is Display.NUMBER:
        return _four_digits(value)
    if display is Display.PERCENT:
        return f"{_four_digits(value * 100)}%"
    if display is Display.DURATION:
        return _duration(int(value))
    prefixes = ["", "ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"]
    while abs(value) >= 1024 and len(prefixes) > 1:
        value, prefixes = value / 1024, prefixes[1:]
    return f"{_four_digits(value)}{prefixes[0]}B"


def _duration(seconds: int) -> str:
    """Write whole seconds from a minute up: `1d 2h 3m 4s`, without the larger units that are zero."""
    parts = [(seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s")]
    while parts[0][0] == 0 and len(parts) > 1:
        parts = parts[1:]
    return " ".join(f"{number}{unit}" for number, unit in parts)


def _four_digits(value: Decimal) -> str:
    return f"{float(value):.4g}"


Text = tuple[str | LabelOf | ValueOf | AnswerOf, ...]


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
    """Say when it fires, how bad it is now, and what else is known."""
    asked = tuple(AnswerOf(asked) for asked in alert.asked)
    if alert.reading is None:
        return (alert.sentence, *asked)
    return (alert.sentence, " Now ", ValueOf(alert.reading.display), f"{alert.reading.after}.", *asked)


def texts(alert: Alert) -> dict[str, Text]:
    """List the annotations that a person reads: what and where, how bad, who suffers, and what to do first."""
    written = {"summary": summary(alert), "description": description(alert)}
    spoken = {"impact": alert.impact, "action": alert.action}
    return written | {name: (f"{text.rstrip('.')}.",) for name, text in spoken.items() if text}
