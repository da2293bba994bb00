"""What an alert carries when it fires; rules, proofs and drills all take it from here."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from watchbill.model.alerts import Alert
from watchbill.model.proof import Fired
from watchbill.words.annotations import AnswerOf, ValueOf, rendered, template, texts
from watchbill.words.urls import panel_url_of


def templates(alert: Alert) -> dict[str, str]:
    """Write the annotations of a rule, as Go templates (Prometheus docs, "Alerting rules")."""
    written = {name: template(text) for name, text in texts(alert).items()}
    return written | {"runbook_url": alert.runbook_url, "dashboard_url": alert.dashboard_url}


def labels(alert: Alert, series: Mapping[str, str]) -> dict[str, str]:
    """Label an alert that fires on a series: the series' own labels, and over them those of the rule; sorted."""
    return dict(sorted({**series, **dict(alert.labels), "alertname": alert.name}.items()))


def fired(alert: Alert, series: Mapping[str, str], value: Decimal) -> Fired:
    """Say what an alert carries that fires on a series of this value; computed here, never read back.

    `series` holds the labels that the expression keeps, among them `env` and `cluster`.
    """
    written = texts(alert)
    return Fired(
        labels(alert, series),
        {
            **{name: rendered(text, series, value) for name, text in written.items()},
            "runbook_url": alert.runbook_url,
            "dashboard_url": panel_url_of(alert.dashboard_url, series, alert.grouping),
        },
        tuple(
            part.rendered(series, value)
            for text in written.values()
            for part in text
            if isinstance(part, ValueOf | AnswerOf)
        ),
    )
