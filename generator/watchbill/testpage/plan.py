"""Plan a test page: whom it reaches by the specs, and the one alert that is sent for it."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchbill import naming
from watchbill.errors import ToolError, UsageError, choose
from watchbill.model.alerts import Severity
from watchbill.model.bundle import Bundle, Environment, Platform, Team
from watchbill.model.routing import QuietTime, Receiver
from watchbill.quantity import Duration
from watchbill.spec.platform import DAYS
from watchbill.words.receivers import addresses, quiet_words
from watchbill.words.urls import page_url

ALERT, SUBJECT = "TestPage", "test-page"
# No service's name has a slash, so that no rule of inhibition and no group of real alerts is about this one.
SERVICE = f"{SUBJECT}/{{}}"
FIRES = Duration.parse("5m")  # after it was notified
GENERAL = "mixed"  # the severity of a runbook for whatever happens


@dataclass(frozen=True, slots=True)
class PagePlan:
    """A test page; `notified` names the addresses, `quiet` the quiet times of the severity, and `waits` their words."""

    team: Team
    severity: Severity
    env: str
    cluster: str
    receiver: Receiver
    notified: str
    group_wait: Duration
    group_interval: Duration
    quiet: tuple[QuietTime, ...]
    waits: tuple[str, ...]
    runbook_url: str


def choose_plan(bundle: Bundle, *, team: str, severity: Severity, env: str | None) -> PagePlan:
    """Plan the page of a team; without `env`, in the one environment that pages. Raises `UsageError`."""
    platform = bundle.platform
    if team not in platform.teams:
        raise UsageError(f'there is no team "{team}"; {choose(team, platform.teams)}')
    place, owner, policy = _environment(platform, env), platform.teams[team], platform.policies[severity]
    receiver = platform.receiver(team, severity, place)
    quiet = tuple(quiet for quiet in platform.quiet_times if quiet.name in policy.quiet_times)
    return PagePlan(
        team=owner,
        severity=severity,
        env=place.name,
        cluster=place.clusters[0],  # no route reads it
        receiver=receiver,
        notified=addresses(receiver, platform),
        group_wait=policy.timing.group_wait,
        group_interval=policy.timing.group_interval,
        quiet=quiet,
        waits=tuple(quiet_words(bundle, entry) for entry in quiet),
        runbook_url=_general_runbook(bundle),
    )


def _environment(platform: Platform, name: str | None) -> Environment:
    known = {environment.name: environment for environment in platform.environments}
    paging = [environment.name for environment in platform.environments if environment.pages]
    if not paging:
        raise UsageError("no environment of these specs pages, so there is no pager to try")
    if name is None and len(paging) > 1:
        raise UsageError(f"several environments page; name one by --env: {', '.join(paging)}")
    if name is None:
        return known[paging[0]]
    if name not in known:
        raise UsageError(f'there is no environment "{name}"; {choose(name, paging)}')
    if not known[name].pages:
        raise UsageError(f'environment "{name}" does not page, so no pager would ring; {choose(name, paging)}')
    return known[name]


def _general_runbook(bundle: Bundle) -> str:
    """Address the first runbook that is about every incident and no alert, else the list of all runbooks."""
    general = (book.id for book in bundle.pages.runbooks if not book.alerts and book.severity == GENERAL)
    first = next(general, None)
    page = naming.RUNBOOKS_PAGE if first is None else naming.runbook_page(first)
    return page_url(bundle.platform.urls.site, page)


def service(key: str) -> str:
    """Name the service of one test page, which puts it in a group of its own, so that a second one rings as well."""
    return SERVICE.format(key)


def end(plan: PagePlan, now: datetime, watched: timedelta) -> datetime:
    """Say when a page that is sent now ends by itself: some minutes after it was notified, and after it was watched."""
    notified = timedelta(milliseconds=plan.group_wait.milliseconds)
    return now + max(notified, watched) + timedelta(milliseconds=FIRES.milliseconds)


def alert(plan: PagePlan, key: str, now: datetime, ends: datetime) -> dict[str, object]:
    """Write the alert as Alertmanager's API v2 takes it; without a start it would begin where it ends."""
    return {
        "labels": {
            "alertname": ALERT,
            "cluster": plan.cluster,
            "env": plan.env,
            "service": service(key),
            "severity": plan.severity.value,
            "subject": SUBJECT,
            "team": plan.team.name,
        },
        "annotations": {
            "summary": f"TEST, nothing is broken: this is how {plan.severity} reaches {plan.team.title}",
            "description": "This is a test page, sent on purpose to see whether it arrives."
            f" It ends by itself at {ends:%H:%M} UTC; nothing has to be cleaned up.",
            "impact": "None: this is a test, and nothing is broken.",
            "action": "Tell whoever announced the test that it reached you. There is nothing to mend.",
            "runbook_url": plan.runbook_url,
        },
        "startsAt": now.isoformat(),
        "endsAt": ends.isoformat(),
    }


def waiting(plan: PagePlan, now: datetime) -> tuple[str, ...]:
    """Say which quiet times hold when a page that is sent now would arrive; nobody is notified while one does."""
    notified = now + timedelta(milliseconds=plan.group_wait.milliseconds)
    return tuple(words for quiet, words in zip(plan.quiet, plan.waits, strict=True) if _holds(quiet, notified))


def _holds(quiet: QuietTime, moment: datetime) -> bool:
    try:
        local = moment.astimezone(zoneinfo.ZoneInfo(quiet.zone))
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise ToolError(f'this machine does not know the time zone "{quiet.zone}"; install tzdata') from None
    day, clock = DAYS[local.weekday()], f"{local:%H:%M}"
    return any(_today(part.days, day) and part.start <= clock < part.end for part in quiet.ranges)


def _today(days: Iterable[str], day: str) -> bool:
    named = tuple(days)
    return not named or day in named
