"""Address a page of the runbook site, or a panel of Grafana."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, quote_plus

from watchbill import naming


def page_url(site: str, page: str) -> str:
    """Address a page of `out/docs` on the runbook site."""
    return f"{site}/{quote(page.removeprefix('docs/').removesuffix('.md'))}.html"


def panel_url(grafana: str, uid: str, panel: str, labels: Sequence[str] = ()) -> str:
    """Address a panel, by its title, as it shows the alert's own environment, cluster and other labels (a Go template).

    `urlquery` keeps a label value from adding parameters of its own.
    """
    variables = "&".join(_variable(label) for label in (*sorted(naming.TARGET_LABELS), *labels))
    return f"{grafana}/d/{uid}/{uid}?viewPanel={naming.panel_id(panel)}&{variables}"


def panel_url_of(url: str, series: Mapping[str, str], labels: Sequence[str]) -> str:
    """Render what `panel_url` gave for one firing series, as Prometheus does."""
    for label in (*naming.TARGET_LABELS, *labels):
        url = url.replace(_variable(label), f"var-{label}={quote_plus(series.get(label, ''))}")
    return url


def bare_panel_url(url: str) -> str:
    """Leave out of what `panel_url` gave the labels that only a firing series has."""
    return url.partition("&var-")[0]


def _variable(label: str) -> str:
    """Set a dashboard's variable to a label of the firing series (a Go template)."""
    return f"var-{label}={{{{ $labels.{label} | urlquery }}}}"
