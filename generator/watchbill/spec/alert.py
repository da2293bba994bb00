"""An alert as packs and services write it: what all kinds share, and its condition, in one mapping."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, WrapValidator

from watchbill.conditions import Condition, kinds
from watchbill.language.base import Authored, Diagnostics, Formerly, StrictBool
from watchbill.language.fields import DurationText, KeyName, Reference, Sentence
from watchbill.spec.joined import join, read_joined
from watchbill.spec.runbook import AnyDecision


class AlertSpec(Authored):
    """What every alert says, whatever its kind.

    `summary` is what is wrong, `impact` who suffers, `action` the first step of whoever answers;
    `panel` is the dashboard's panel that shows it. `declares_down` names what is down while it fires, the
    service itself or one of its signals: whoever depends on that is not notified of its P1 as well. `fallback`
    tells over the platform's fallback receiver too, since the first may be what fails. `adr` names decisions that the
    alert rests on.
    """

    signal: Reference
    """The signal of the service that the condition is about."""
    severity: Literal["P0", "P1", "Info"]
    """How soon a person must act: `P0` pages at any hour, `P1` is looked at the same day, `Info` is context."""
    for_: Annotated[DurationText, Field(alias="for")]
    """How long the condition must be true before the alert fires."""
    keep_firing_for: DurationText | None = None
    """How long it fires on after the condition is false again. A P0 has the platform's usual time where nothing is
    said.
    """
    stage: Literal["live", "shadow"] = "live"
    """`shadow` sends it to a log channel only, until it has proven itself."""
    declares_down: KeyName | None = None
    """What is down while it fires: the service, or one of its signals. Those who depend on that are not notified of
    their P1.
    """
    fallback: Annotated[StrictBool, Formerly("second_path")] = False
    """Whether it is sent over the platform's fallback too; for a P0 that tells of the first path."""
    summary: Sentence
    """What is wrong, in one line; the first line of every message."""
    impact: Sentence | None = None
    """Who suffers from it, and how."""
    action: Sentence | None = None
    """The first step of whoever answers; a P0 and a P1 must have one."""
    dashboard: KeyName | None = None
    """The dashboard that it leads to. Without it, the pack's, or the service's own."""
    panel: Sentence | None = None
    """The title of the panel that it leads to. Without it, a panel is made of its condition."""
    why: Sentence | None = None
    """Why it is as it is; shown on its page."""
    adr: tuple[AnyDecision, ...] = ()
    """The decisions that it rests on, by their ids."""

    @property
    def condition(self) -> Condition:
        """The condition, which shares the alert's mapping."""
        joined: object = self  # by alert_models, which no type checker follows
        if not isinstance(joined, Condition):
            raise TypeError(f"{type(self).__name__} has no condition")
        return joined

    def check_fields(self, diagnostics: Diagnostics) -> None:
        """Require a first step of what wakes or interrupts people."""
        if self.severity in {"P0", "P1"} and self.action is None:
            what = f"a {self.severity} without an action leaves whoever answers it without a first step"
            diagnostics.add(
                self.span("severity"), "alert/no-action", what, 'add "action: …", one line that says what to do first'
            )
        for field, what in (
            (
                "declares_down",
                "what declares an outage mutes others, so it must be sent at any hour and never be muted",
            ),
            ("fallback", "the fallback receiver is for what must be sent at any hour"),
        ):
            if getattr(self, field) and (self.severity != "P0" or self.stage != "live" or self.condition.heartbeat):
                diagnostics.add(
                    self.span(field), "alert/not-a-live-p0", what, f'make it a live P0, or remove "{field}"'
                )
        if self.condition.heartbeat and (self.severity != "Info" or self.stage != "live"):
            field = "severity" if self.severity != "Info" else "stage"
            what = "a heartbeat fires all the time, and tells a dead man's switch only"
            diagnostics.add(
                self.span(field), "alert/heartbeat-that-notifies", what, 'write "severity: Info", and no stage'
            )


@cache
def alert_models() -> dict[str, type[AlertSpec]]:
    """Join the alert's fields with each kind's."""
    return join(AlertSpec, kinds(), "Alert")


def read_alert(data: Any, handler: Any, info: ValidationInfo) -> Any:  # noqa: ARG001 (pydantic's signature)
    """Validate an alert by the model of its kind."""
    if isinstance(data, AlertSpec):
        return data
    return read_joined(data, alert_models(), info, noun="an alert", of="condition")


AnyAlert = Annotated[AlertSpec, WrapValidator(read_alert)]
