"""promtool tests: every alert fires on its witness, resolves, and stays quiet just short of its threshold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from pathlib import PurePosixPath

from watchbill import naming
from watchbill.model.alerts import Alert, Rule
from watchbill.model.bundle import Bundle, Environment, Service
from watchbill.model.signals import Signal
from watchbill.model.witness import Motion, Regime, Stream
from watchbill.quantity import Duration, decimal_text
from watchbill.targets.annotations import dashboard_url_rendered, rendered, texts
from watchbill.targets.yamltext import Plain, dump

BASE = Decimal(5000)  # counters do not start at zero, which would hide how `increase` extrapolates


@dataclass(frozen=True, slots=True)
class Clock:
    """The steps of a test file: of its series, and of the rules' evaluation (promtool knows one for a file)."""

    sample: Duration
    evaluation: Duration

    def up(self, duration: Duration) -> Duration:
        """Round up to whole evaluations."""
        step = self.evaluation.milliseconds
        return Duration(-(-duration.milliseconds // step) * step)


def _clock(sample: str, evaluation: str) -> Clock:
    return Clock(Duration.parse(sample), Duration.parse(evaluation))


FINE, USUAL, COARSE, LONG = _clock("15s", "15s"), _clock("30s", "30s"), _clock("1m", "1m"), _clock("1m", "2m")


_SAMPLES = tuple(map(Duration.parse, ("1m", "30s", "15s", "5s", "1s")))  # each divides every evaluation


def clock(alert: Alert) -> Clock:
    """Choose the coarsest steps that still show an alert's `for`: promtool evaluates every rule at each.

    Samples come closer where a window would else hold a single one, of which there is no rate.
    """
    steps = _steps(alert)
    windows = [rule.witness.settles.milliseconds for rule in alert.rules if rule.witness.settles.milliseconds]
    shortest = min(windows, default=steps.sample.milliseconds * 2)
    finer = (step for step in _SAMPLES if step.milliseconds * 2 <= shortest)
    return Clock(min(steps.sample, next(finer, _SAMPLES[-1])), steps.evaluation)


def _steps(alert: Alert) -> Clock:
    if any(rule.witness.long_history for rule in alert.rules):
        return LONG
    if alert.for_ >= Duration.parse("10m"):
        return COARSE
    return USUAL if alert.for_ >= Duration.parse("5m") else FINE


def names_of_cases(alert: Alert) -> list[str]:
    """Name the cases that an alert's tests hold."""
    if alert.rules[0].witness.constant:
        return ["fires all the time"]
    cases = ["quiet while calm", "fires", "resolves"]
    cases += ["quiet before for is over"] if _shows_for(alert) else []
    return sorted(cases + (["quiet just short of the threshold"] if _can_fall_short(alert) else []))


def _shows_for(alert: Alert) -> bool:
    return alert.for_.milliseconds > clock(alert).evaluation.times(2).milliseconds


def _can_fall_short(alert: Alert) -> bool:
    """Whether there is anything between calm and fault; a probe succeeds or fails."""
    return any(stream.below != stream.calm for rule in alert.rules for stream in rule.witness.streams)


def render(bundle: Bundle) -> dict[str, str]:
    """Render a test file for each area and step of each service."""
    tree: dict[str, str] = {}
    for service in bundle.services:
        files: dict[str, tuple[str, Clock, list[Plain]]] = {}
        for alert in service.alerts:
            steps = clock(alert)
            path = naming.test_file(service.name, alert.area, str(steps.evaluation))
            _, _, tests = files.setdefault(path, (alert.area, steps, []))
            tests += [test for rule in alert.rules for test in cases(alert, rule, service)]
        for path, (area, steps, tests) in files.items():
            content: dict[str, Plain] = {
                "rule_files": [f"../rules/{PurePosixPath(naming.rule_file(service.name, area)).name}"],
                "evaluation_interval": str(steps.evaluation),
                "tests": tests,
            }
            tree[path] = dump(content, source=service.origin.document)
    return tree


def cases(alert: Alert, rule: Rule, service: Service) -> Iterable[Plain]:
    """Write a rule's tests: one in which it fires and resolves, and one in which it falls short.

    What always fires does so everywhere at once, so its first rule's test speaks for all.
    """
    case = _Case(alert, rule, service)
    if rule.witness.constant:
        yield from [case.always_fires()] if rule is alert.rules[0] else []
        return
    yield case.fires_and_resolves()
    if _can_fall_short(alert):
        yield case.stays_quiet()


class _Case:
    """One rule of an alert in its environment, on a timeline of calm, fault, and calm again."""

    def __init__(self, alert: Alert, rule: Rule, service: Service) -> None:
        self.alert, self.rule, self.service = alert, rule, service
        self.witness = rule.witness
        self.clock = clock(alert)
        self.signal = next(s for s in service.signals if s.key == alert.subject)
        first = service.environments[0]
        self.place = dict(rule.place) or {"cluster": first.clusters[0], "env": first.name}
        two_steps = self.clock.evaluation.times(2)
        self.onset = self.clock.up(self.witness.history) + two_steps
        self.firing = self.onset + self.clock.up(self.witness.settles) + self.clock.up(alert.for_) + two_steps
        self.end = self.firing + two_steps
        clearing = self.clock.up(self.witness.clears) + self.clock.up(alert.keep_firing_for)
        self.resolved = self.end + clearing + two_steps.times(2)

    def fires_and_resolves(self) -> Plain:
        """Quiet until `for` is nearly over, firing with exact labels and texts after it, resolved in the end."""
        checks: list[Plain] = [self._check(self.onset, firing=False)]
        if _shows_for(self.alert):
            lasting = self.alert.for_.milliseconds - self.clock.evaluation.times(2).milliseconds
            checks.append(self._check(self.onset + Duration(lasting), firing=False))
        checks.append(self._check(self.firing, firing=True))
        checks.append(self._check(self.resolved, firing=False))
        phases = ((Regime.CALM, self.onset), (Regime.ABOVE, self.end), (Regime.CALM, self.resolved))
        return self._test("fires and resolves", phases, checks)

    def always_fires(self) -> Plain:
        """Write that it fires from the first evaluation on, and later too."""
        first = self.clock.up(self.alert.for_)
        checks: list[Plain] = [self._check(at, firing=True) for at in (first, first + self.onset)]
        return self._test("fires all the time", ((Regime.CALM, self.onset),), checks)

    def stays_quiet(self) -> Plain:
        """Quiet although just short of the threshold for as long as it would take to fire."""
        phases = ((Regime.CALM, self.onset), (Regime.BELOW, self.end))
        return self._test("stays quiet below", phases, [self._check(self.end, firing=False)])

    def _test(self, name: str, phases: tuple[tuple[Regime, Duration], ...], checks: list[Plain]) -> Plain:
        where = f" in {self.place['env']}/{self.place['cluster']}" if self.rule.place else ""
        return {
            "name": f"{self.alert.id} {name}{where}",
            "interval": str(self.clock.sample),
            "input_series": [*self._series(phases), *self._elsewhere(phases[-1][1])],
            "alert_rule_test": checks,
        }

    def _series(self, phases: tuple[tuple[Regime, Duration], ...]) -> Iterable[Plain]:
        for stream in self.witness.streams:
            yield _series(stream, self._labels(stream, self.place), values(stream, phases, self.clock.sample))

    def _elsewhere(self, end: Duration) -> Iterable[Plain]:
        """Keep the other environments of an alert that is asked for each by name calm, so that they are quiet."""
        if not self.rule.place:
            return
        for environment, cluster in _places(self.service.environments):
            place = {"cluster": cluster, "env": environment}
            if place != self.place:
                for stream in self.witness.streams:
                    calm = values(stream, ((Regime.CALM, end),), self.clock.sample)
                    yield _series(stream, self._labels(stream, place), calm)

    def _labels(self, stream: Stream, place: dict[str, str]) -> dict[str, str]:
        return {**_target(self.signal), **dict(stream.labels), **place}

    def _check(self, at: Duration, *, firing: bool) -> Plain:
        check: dict[str, Plain] = {"eval_time": str(at), "alertname": self.alert.name}
        if firing:
            places = [dict(rule.place) for rule in self.alert.rules] if self.witness.constant else [{}]
            expected = (
                (place | dict(firing.labels), firing.value) for place in places for firing in self.witness.firing
            )
            check["exp_alerts"] = [self._expected(own, value) for own, value in expected]
        return check

    def _expected(self, own: dict[str, str], value: Decimal) -> Plain:
        series = {**self.place, **own}
        return {
            "exp_labels": dict(sorted({**series, **dict(self.alert.labels)}.items())),
            "exp_annotations": {
                **{name: rendered(text, series, value) for name, text in texts(self.alert).items()},
                "runbook_url": self.alert.runbook_url,
                "dashboard_url": dashboard_url_rendered(self.alert, series),
            },
        }


def _places(environments: Iterable[Environment]) -> Iterable[tuple[str, str]]:
    return ((environment.name, cluster) for environment in environments for cluster in environment.clusters)


def _target(signal: Signal) -> dict[str, str]:
    return {matcher.label: matcher.value for matcher in signal.matchers}


def _series(stream: Stream, labels: dict[str, str], written: str) -> Plain:
    inside = ",".join(f"{label}={_quoted(value)}" for label, value in sorted(labels.items()))
    return {"series": f"{stream.metric}{{{inside}}}", "values": written}


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def values(stream: Stream, phases: tuple[tuple[Regime, Duration], ...], step: Duration) -> str:
    """Write a stream in promtool's notation (docs, "Unit testing for rules"): `5000+10x40 5412+12x20`."""
    written: list[str] = []
    at, now = BASE, Duration(0)
    for index, (regime, until) in enumerate(phases):
        count = (until.milliseconds - now.milliseconds) // step.milliseconds + (index == 0)
        now = until
        motion = stream.motion(regime)
        rise = _exact(motion.slope * step.seconds)
        start = motion.level if motion.level is not None else at + (rise if index else 0)
        written.append(_stretch(motion, _exact(start), rise, count))
        at = start + rise * (count - 1)
    return " ".join(written)


def _stretch(motion: Motion, start: Decimal, rise: Decimal, count: int) -> str:
    if not motion.present:
        return f"_x{count}"
    sign = "-" if rise < 0 else "+"
    return f"{decimal_text(start)}{sign}{decimal_text(abs(rise))}x{count - 1}"


def _exact(number: Decimal) -> Decimal:
    """Cut digits that no double could hold; what is shown has four."""
    with localcontext(prec=40):
        return number.quantize(Decimal("1e-9")) if number != number.to_integral_value() else number
