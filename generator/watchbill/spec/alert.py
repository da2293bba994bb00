"""An alert as packs and services write it: what all kinds share, and its condition, in one mapping."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, WrapValidator, create_model

from watchbill.authoring import Authored, Faults, StrictBool, collector, problem
from watchbill.conditions import Condition, kinds
from watchbill.errors import choose
from watchbill.fields import DurationText, KeyName, Reference, Sentence
from watchbill.source import Map, span_of


class AlertSpec(Authored):
    """What every alert says, whatever its kind.

    `summary` is what is wrong, `impact` who suffers, `action` the first step of whoever answers;
    `panel` is the dashboard's panel that shows it. `declares_down` names what is down while it fires, the
    service itself or one of its signals: whoever depends on that is not told of its P1 besides. `second_path`
    tells over the platform's second path too, since the first may be what fails.
    """

    signal: Reference
    severity: Literal["P0", "P1", "Info"]
    for_: Annotated[DurationText, Field(alias="for")]
    keep_firing_for: DurationText | None = None
    stage: Literal["live", "shadow"] = "live"
    declares_down: KeyName | None = None
    second_path: StrictBool = False
    summary: Sentence
    impact: Sentence | None = None
    action: Sentence | None = None
    dashboard: KeyName | None = None
    panel: Sentence | None = None
    why: Sentence | None = None

    @property
    def condition(self) -> Condition:
        """The condition, which shares the alert's mapping."""
        joined: object = self  # by alert_models, which no type checker follows
        if not isinstance(joined, Condition):
            raise TypeError(f"{type(self).__name__} has no condition")
        return joined

    def judge(self, faults: Faults) -> None:
        """Hold what wakes or interrupts people to saying what they should do."""
        if self.severity in {"P0", "P1"} and self.action is None:
            what = f"a {self.severity} without an action leaves whoever answers it without a first step"
            faults.add(self.span("severity"), what, 'add "action: …", one line that says what to do first')
        for field, what in (
            (
                "declares_down",
                "what declares an outage mutes others, so it must be told at any hour and never be muted",
            ),
            ("second_path", "the second path is for what must be told at any hour"),
        ):
            if getattr(self, field) and (self.severity != "P0" or self.stage != "live" or self.condition.heartbeat):
                faults.add(self.span(field), what, f'make it a live P0, or remove "{field}"')
        if self.condition.heartbeat and (self.severity != "Info" or self.stage != "live"):
            field = "severity" if self.severity != "Info" else "stage"
            what = "a heartbeat fires all the time, and tells a dead man's switch only"
            faults.add(self.span(field), what, 'write "severity: Info", and no stage')


@cache
def alert_models() -> dict[str, type[AlertSpec]]:
    """Join the alert's fields with each kind's."""
    models: dict[str, type[AlertSpec]] = {}
    for kind, condition in kinds().items():
        bases: Any = (AlertSpec, condition)
        models[kind] = create_model(f"{condition.__name__}Alert", __base__=bases, __doc__=condition.__doc__)
    return models


def read_alert(data: Any, handler: Any, info: ValidationInfo) -> Any:  # noqa: ARG001 (pydantic's signature)
    """Validate an alert by the model of its kind, so that every fault keeps its line."""
    if isinstance(data, AlertSpec):
        return data
    if not isinstance(data, Map):
        raise problem("an alert is a mapping", "write its keys below its name")
    models = alert_models()
    kind = data.get("kind")
    if kind is None:
        raise problem(
            "the alert does not say what kind of condition it has",
            f'add "kind: …": {", ".join(sorted(models))}',
        )
    if not isinstance(kind, str) or kind not in models:
        collector(info).add(span_of(data, ["kind"]), f'kind "{kind}" is unknown', choose(str(kind), models))
        return None
    return models[kind].model_validate(data, context=info.context)


AnyAlert = Annotated[AlertSpec, WrapValidator(read_alert)]
