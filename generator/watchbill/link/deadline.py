"""Check a service against the time in which it promises to tell."""

from __future__ import annotations

from collections.abc import Iterable

from watchbill.language.base import Diagnostics
from watchbill.link.linked import LinkedService
from watchbill.model.routing import SHORT_WAIT
from watchbill.quantity import REAL_TIME, Duration
from watchbill.spec.platform import PlatformSpec


def validate_deadline(services: Iterable[LinkedService], platform: PlatformSpec, diagnostics: Diagnostics) -> None:
    """Add up, for each alert that somebody shall act on, how long it takes from the fault to the message at worst.

    The steps: a scrape, the window until nothing of before the fault is left in it, an evaluation, `for`,
    and the wait of the service's own route.
    """
    for service in services:
        if service.spec.notify_within is not None:
            _check_fields(service, service.spec.notify_within, platform, diagnostics)


def _check_fields(service: LinkedService, promised: Duration, platform: PlatformSpec, diagnostics: Diagnostics) -> None:
    evaluation = service.spec.evaluation_interval or platform.defaults.evaluation_interval
    for alert in service.alerts:
        if alert.spec.severity == "Info" or alert.spec.stage == "shadow":
            continue
        # an alert turns from pending to firing at an evaluation only
        turns = -(-alert.spec.for_.milliseconds // evaluation.milliseconds)
        steps = {
            "scrape": alert.signal.scrape_interval,
            "window": alert.spec.condition.example(alert.signal, REAL_TIME).settles,
            "evaluation": evaluation,
            '"for"': evaluation.times(turns),
            "grouping": min(SHORT_WAIT, platform.policies[alert.spec.severity].group_wait),
        }
        total = Duration(sum(step.milliseconds for step in steps.values()))
        if total > promised:
            summed = " + ".join(f"{step} {name}" for name, step in steps.items() if step.milliseconds)
            what = f"this is sent after {total} at worst ({summed}), and the service promises {promised}"
            diagnostics.add(
                alert.span("for"), "alert/notified-too-late", what, 'shorten one of these, or raise "notify_within"'
            )
