"""Proofs of one alert: it fires on its example, keeps firing, resolves, and is quiet about everything else."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from watchbill import naming
from watchbill.model.alerts import Alert, Direction, Rule
from watchbill.model.bundle import Environment, Service
from watchbill.model.examples import Example, ExampleSeries, Floor, Phase
from watchbill.model.proof import AlertCheck, Fired, Input, Proof, SampleCheck
from watchbill.outputs.promtests import notation
from watchbill.outputs.promtests.clock import Clock, clock
from watchbill.outputs.promtests.decoys import Place, at_fault, decoys, elsewhere, still
from watchbill.promql import Matcher, selector
from watchbill.quantity import Duration
from watchbill.words import firing

LOOKBACK = Duration.parse("5m")  # how long promtool still sees a series after its last sample
Phases = tuple[tuple[Phase, Duration], ...]


def proofs(alert: Alert, service: Service) -> Iterable[Proof]:
    """Prove every rule of an alert, and every way to it.

    What always fires does so everywhere at once, so its first rule's test speaks for all.
    """
    first = alert.rules[0]
    if first.example.constant:
        yield AlertProver(alert, first, first.example, service).fires_all_the_time()
        return
    for rule in alert.rules:
        prover = AlertProver(alert, rule, rule.example, service)
        yield prover.fires_and_resolves()
        if _can_fall_short(rule.example):
            yield prover.stays_quiet_below()
        if rule.example.floor is not None:
            yield from prover.floor(rule.example.floor)
        for number, example in enumerate(rule.example.alternatives, 2):
            yield AlertProver(alert, rule, example, service).fires_and_resolves(f" in way {number}")
    yield AlertProver(alert, first, first.example, service).without_data()


def _can_fall_short(example: Example) -> bool:
    """Whether there is anything between healthy and fault; a probe succeeds or fails."""
    return any(series.just_below != series.healthy for series in example.series)


class AlertProver:
    """One rule of an alert in its environment, on a timeline of healthy, fault, and healthy again."""

    def __init__(self, alert: Alert, rule: Rule, example: Example, service: Service) -> None:
        self.alert, self.rule, self.service, self.example = alert, rule, service, example
        self.clock: Clock = clock(alert)
        self.signal = service.signal(alert.subject)
        environment = service.environments[0]
        self.place = dict(rule.place) or {"cluster": environment.clusters[0], "env": environment.name}
        self.two_steps = self.clock.evaluation.times(2)
        self.onset = self.clock.up(example.history) + self.two_steps
        self.firing = self.onset + self.clock.up(example.settles) + self.clock.up(alert.for_) + self.two_steps
        self.end = self.firing + self.two_steps
        clearing = self.clock.up(example.clears) + self.clock.up(alert.keep_firing_for)
        self.resolved = self.end + clearing + self.two_steps.times(2)

    def fires_and_resolves(self, how: str = "") -> Proof:
        """Quiet until `for` is nearly over, firing with exact labels and texts after it, kept, resolved in the end."""
        checks = [self._quiet("quiet while healthy", self.onset)]
        lasting = self.clock.up(self.example.rises) + self.alert.for_
        if lasting > self.two_steps:
            checks.append(self._quiet("quiet before for is over", self.onset + (lasting - self.two_steps)))
        checks.append(self._fires("fires", self.firing))
        checks.append(self._quiet("resolves", self.resolved))
        kept = self.alert.keep_firing_for
        at = self.end + (kept - self.two_steps)
        samples = [self._firing("keeps firing", at)] if kept > self.two_steps else []
        phases = ((Phase.HEALTHY, self.onset), (Phase.FIRING, self.end), (Phase.HEALTHY, self.resolved))
        return self._proof(f"fires and resolves{how}", self._inputs(phases), checks, samples)

    def stays_quiet_below(self) -> Proof:
        """Quiet although just short of the threshold for as long as it would take to fire."""
        phases = ((Phase.HEALTHY, self.onset), (Phase.JUST_BELOW, self.end))
        checks = [self._quiet("quiet just short of the threshold", self.end)]
        return self._proof("stays quiet below", self._inputs(phases), checks)

    def floor(self, floor: Floor) -> Iterable[Proof]:
        """Quiet at the same fault with too few events, firing with just enough."""
        phases = ((Phase.HEALTHY, self.onset), (Phase.FIRING, self.end))
        quiet = [self._quiet("quiet with too few events", self.end)]
        yield self._proof("stays quiet with too few events", self._moving(floor.few, phases), quiet)
        fires = [self._firing("fires with just enough events", self.end)]
        yield self._proof("fires with just enough events", self._moving(floor.enough, phases), [], fires)

    def _moving(self, every: tuple[ExampleSeries, ...], phases: Phases) -> tuple[Input, ...]:
        found: dict[str, str] = {}
        for series in every:
            self._add(found, series, self.place, phases)
        for series, labels in self._decoys(every):
            self._add(found, series, {**self.place, **labels}, phases)
        return tuple(Input(series, values) for series, values in found.items())

    def without_data(self) -> Proof:
        """Quiet where there is nothing at all; what asks for absence fires in every environment."""
        at = self.clock.up(self.alert.for_) + self.clock.up(LOOKBACK) + self.two_steps
        if not self.example.without_data:
            return self._proof("stays quiet without data", (), [self._quiet("quiet without data", at)])
        places = [dict(rule.place) for rule in self.alert.rules]
        return self._proof("fires without data", (), [self._fires("fires without data", at, places)])

    def fires_all_the_time(self) -> Proof:
        """Fire from the first evaluation on, and later too, without any series."""
        places = [dict(rule.place) for rule in self.alert.rules]
        first = self.clock.up(self.alert.for_)
        checks = [self._fires("fires all the time", at, places) for at in (first, first + self.onset)]
        return self._proof("fires all the time", (), checks)

    # What goes in.

    def _inputs(self, phases: Phases) -> tuple[Input, ...]:
        """Write the example, and beside it what must change nothing: decoys, and other environments, healthy."""
        found: dict[str, str] = {}
        for series in self.example.series:
            self._add(found, series, self.place, phases)
        for series, labels in self._decoys(self.example.series):
            self._add(found, series, {**self.place, **labels}, phases)
        for place in self._other_places():
            for series in self.example.series:
                self._add(found, still(series), place, phases)
        return tuple(Input(series, values) for series, values in found.items())

    def _add(self, found: dict[str, str], series: ExampleSeries, labels: Place, phases: Phases) -> None:
        name = notation.series(series.metric, {**notation.target(self.signal), **dict(series.labels), **labels})
        found.setdefault(name, notation.values(series, phases, self.clock.sample))

    def _decoys(self, every: tuple[ExampleSeries, ...]) -> Iterable[tuple[ExampleSeries, Place]]:
        higher = self.alert.threshold is not None and self.alert.threshold.direction is Direction.ABOVE
        for decoy in decoys(self.signal, excluded=not self.alert.authored):
            for series in every:
                if not decoy.needs or decoy.needs in dict(series.labels):
                    yield at_fault(series, higher=higher), decoy.labels

    def _other_places(self) -> Iterable[Place]:
        """Name every other environment of an alert that is asked for each by name, and one other of any alert."""
        if not self.rule.place:
            yield elsewhere(self.service.environments, self.place)
            return
        for environment, cluster in _places(self.service.environments):
            place = {"cluster": cluster, "env": environment}
            if place != self.place:
                yield place

    # What must come out.

    def _quiet(self, case: str, at: Duration) -> AlertCheck:
        return AlertCheck(case, at, self.alert.name)

    def _fires(self, case: str, at: Duration, places: Iterable[Place] = ({},)) -> AlertCheck:
        fired = tuple(
            self.fired({**place, **dict(each.labels)}, each.value) for place in places for each in self.example.firing
        )
        return AlertCheck(case, at, self.alert.name, fired)

    def _firing(self, case: str, at: Duration) -> SampleCheck:
        """Ask for the alert itself, where its texts show a value that is only nearly known."""
        state = {"alertstate": "firing"}
        own = {"alertname": self.alert.name, **state}
        expr = selector("ALERTS", (Matcher(label, "=", value) for label, value in own.items()))
        series = ({**self.place, **dict(each.labels)} for each in self.example.firing)
        fired = (firing.labels(self.alert, each) | state for each in series)
        samples = tuple((notation.series("ALERTS", labels), Decimal(1)) for labels in fired)
        return SampleCheck(case, at, expr, samples)

    def fired(self, own: Place, value: Decimal) -> Fired:
        """Write the alert with its labels and texts, rendered for a value."""
        return firing.fired(self.alert, {**self.place, **own}, value)

    def _proof(
        self,
        name: str,
        inputs: tuple[Input, ...],
        checks: Iterable[AlertCheck],
        samples: Iterable[SampleCheck] = (),
    ) -> Proof:
        where = f" in {self.place['env']}/{self.place['cluster']}" if self.rule.place and inputs else ""
        return alert_proof(
            self.alert, f"{name}{where}", self.clock, inputs=inputs, alerts=tuple(checks), samples=tuple(samples)
        )


def alert_proof(
    alert: Alert,
    name: str,
    clock_: Clock,
    *,
    inputs: tuple[Input, ...],
    alerts: tuple[AlertCheck, ...],
    samples: tuple[SampleCheck, ...] = (),
) -> Proof:
    """Put a test of an alert into the file of its area and steps."""
    return Proof(
        subject=alert.id,
        name=name,
        file=naming.test_file(alert.service, alert.area, str(clock_.evaluation)),
        rule_files=(naming.rule_file(alert.service, alert.area),),
        alert=alert.name,
        groups=(),
        interval=clock_.sample,
        evaluation=clock_.evaluation,
        inputs=inputs,
        alerts=alerts,
        samples=samples,
    )


def _places(environments: Iterable[Environment]) -> Iterable[tuple[str, str]]:
    return ((environment.name, cluster) for environment in environments for cluster in environment.clusters)
