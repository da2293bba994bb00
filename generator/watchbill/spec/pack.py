"""A pack: alerts with their names and numbers, and panels that show them, for signals of given profiles."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from watchbill.language.base import Authored
from watchbill.language.fields import AlertName, KeyName, Title
from watchbill.spec.alert import AnyAlert
from watchbill.spec.panel import AnyPanel


class PackSpec(Authored):
    """Alerts and panels to take as a whole. `needs` maps the signals that they speak of to profiles."""

    pack: KeyName
    """The pack's name, which is the file's too."""
    title: Title
    """Its name for people."""
    needs: Annotated[dict[KeyName, KeyName], Field(min_length=1)]
    """The signals that its alerts and panels speak of, each with the profile that it must have."""
    dashboard: KeyName
    """The dashboard that its alerts lead to and its panels stand on."""
    alerts: dict[AlertName, AnyAlert] = {}
    """Its alerts, by name."""
    panels: tuple[AnyPanel, ...] = ()
    """Its panels."""
