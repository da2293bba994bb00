"""Change the routing in one place: a route, a matcher, a receiver, a rule of inhibition."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchbill.errors import ToolError
from watchbill.model.alerts import Severity
from watchbill.model.bundle import Bundle
from watchbill.proof import inhibition, routing
from watchbill.proof.inhibition import Pair
from watchbill.proof.promtests import cores
from watchbill.proof.routing import RoutingQuestion
from watchbill.stack.loopback import alertmanager, inhibited, post_alerts, reload
from watchbill.verify import amtool

SERVERS = 4  # that check inhibition at once; each mostly waits
Done = Callable[[int], None]
_FLIPPED = {"=~": "!~", "!~": "=~", "!=": "=", "=": "!="}


@dataclass(frozen=True, slots=True)
class ConfigMutant:
    """One change of Alertmanager's configuration; `rule` is the rule of inhibition that it changes, if it does."""

    what: str
    content: Mapping[str, Any]
    rule: Mapping[str, Any] | None = None

    @property
    def inhibits(self) -> bool:
        """Whether inhibition is changed, not a route."""
        return self.rule is not None

    def __str__(self) -> str:
        return f"alertmanager.yml: {self.what}"


def every_mutant(content: Any) -> Iterator[ConfigMutant]:
    """List all changes of routes and of inhibition."""
    receivers = [receiver["name"] for receiver in content["receivers"]]
    for path, route in _routes(content["route"], ()):
        for what, changed in _of_route(route, receivers):
            mutated = copy.deepcopy(content)
            _replace(mutated, path, changed)
            where = f"route {'.'.join(map(str, path)) or 'root'} to {route.get('receiver', 'its parent')}"
            yield ConfigMutant(f"{where}: {what}", mutated)
    for number, rule in enumerate(content.get("inhibit_rules", [])):
        for what, rules in _of_inhibition(content["inhibit_rules"], number):
            where = f"inhibition {number} by {' and '.join(rule.get('source_matchers', []))}"
            yield ConfigMutant(f"{where}: {what}", {**content, "inhibit_rules": rules}, rule)


def _routes(route: Mapping[str, Any], path: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Mapping[str, Any]]]:
    yield path, route
    for index, inner in enumerate(route.get("routes", ())):
        yield from _routes(inner, (*path, index))


def _of_route(route: Mapping[str, Any], receivers: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    if route.get("continue"):
        yield "continue dropped", {key: value for key, value in route.items() if key != "continue"}
    if "receiver" in route:
        other = receivers[(receivers.index(route["receiver"]) + 1) % len(receivers)]
        yield f"receiver swapped for {other}", {**route, "receiver": other}
    for what, matchers in _of_matchers(route.get("matchers", [])):
        yield what, {**route, "matchers": matchers}


def _of_inhibition(rules: Sequence[Mapping[str, Any]], number: int) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    before, rule, after = rules[:number], rules[number], rules[number + 1 :]
    yield "dropped", [*before, *after]
    for label in rule.get("equal", ()):
        less = [other for other in rule["equal"] if other != label]
        yield f"equal {label} dropped", [*before, {**rule, "equal": less}, *after]
    for side in ("source_matchers", "target_matchers"):
        for what, matchers in _of_matchers(rule.get(side, [])):
            yield f"{side}: {what}", [*before, {**rule, side: matchers}, *after]


def _of_matchers(matchers: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    for number, matcher in enumerate(matchers):
        rest = [*matchers[:number], *matchers[number + 1 :]]
        if rest:
            yield f"matcher {matcher} dropped", rest
        yield f"matcher {matcher} negated", [*matchers[:number], _negated(matcher), *matchers[number + 1 :]]


def _negated(matcher: str) -> str:
    sign = next(sign for sign in _FLIPPED if sign in matcher)
    return matcher.replace(sign, _FLIPPED[sign], 1)


def _replace(content: dict[str, Any], path: tuple[int, ...], route: dict[str, Any]) -> None:
    if not path:
        content["route"] = route
        return
    place = content["route"]
    for index in path[:-1]:
        place = place["routes"][index]
    place["routes"][path[-1]] = route


def argument(mutant: ConfigMutant, bundle: Bundle) -> str | None:
    """Argue why a change of inhibition is the same rule in other words; None where it is not."""
    _, side, what = mutant.what.rsplit(": ", 2) if mutant.what.count(": ") > 1 else ("", "", "")
    if mutant.rule is None or not (what.startswith("matcher ") and what.endswith(" dropped")):
        return None
    matcher = what.removeprefix("matcher ").removesuffix(" dropped")
    label = matcher.split("=")[0].rstrip("!")
    other = mutant.rule["target_matchers" if side == "source_matchers" else "source_matchers"]
    if label in mutant.rule.get("equal", ()) and matcher in other:
        return "both sides are equal in this label, and the other one still asks for it"
    own = {m.split("!=")[0] for m in mutant.rule["source_matchers"] if m.endswith('!=""')} & _groupings(bundle)
    if side == "source_matchers" and matcher.endswith('=""') and label in _groupings(bundle):
        wider = [a for a in bundle.alerts if a.severity is Severity.P0 and own | {label} <= set(a.grouping)]
        if not wider:
            return "no page has this label but those that the rule is about"
    return None


def _groupings(bundle: Bundle) -> set[str]:
    return {label for alert in bundle.alerts for label in alert.grouping}


def route_survivors(
    tool: Path, mutants: Sequence[ConfigMutant], asked: Iterable[RoutingQuestion], content: Any, done: Done
) -> list[ConfigMutant]:
    """Ask amtool about one alert of each kind until one goes astray; gives those by which none does."""
    kinds = [group[0] for group in routing.alike(asked, content)]

    def survives(mutant: ConfigMutant) -> bool:
        with tempfile.TemporaryDirectory(prefix="watchbill-") as folder:
            place = Path(folder) / "alertmanager.yml"
            place.write_text(json.dumps(mutant.content, ensure_ascii=False), encoding="utf-8")
            try:
                return all(amtool.receivers(tool, place, kind.labels) == kind.receivers for kind in kinds)
            except ToolError:  # it does not load at all
                return False
            finally:
                done(1)

    with ThreadPoolExecutor(cores()) as pool:
        return [mutant for mutant, left in zip(mutants, pool.map(survives, mutants), strict=True) if left]


def inhibition_survivors(
    program: Path, mutants: Sequence[ConfigMutant], pairs: Iterable[Pair], content: Any, done: Done
) -> list[ConfigMutant]:
    """Ask real Alertmanagers for a pair of each kind under each mutant; gives those under which none is wrong."""
    kinds = inhibition.alike(pairs, content)
    shares = [mutants[number::SERVERS] for number in range(SERVERS)]

    def survivors(share: Sequence[ConfigMutant]) -> list[ConfigMutant]:
        left = []
        with tempfile.TemporaryDirectory(prefix="watchbill-") as name:
            folder = Path(name)
            place = inhibition.config(content, folder / "inhibition.yml")
            alerts = inhibition.posted(kinds)
            with alertmanager(program, place, folder) as url:
                for mutant in share:
                    inhibition.config(mutant.content, place)
                    reload(url)
                    post_alerts(url, alerts)
                    muted = inhibited(url, alerts, by=inhibition.BY)
                    if next(inhibition.wrong(kinds, muted), None) is None:
                        left.append(mutant)
                    done(1)
        return left

    with ThreadPoolExecutor(SERVERS) as pool:
        return [mutant for left in pool.map(survivors, filter(None, shares)) for mutant in left]
