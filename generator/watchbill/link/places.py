"""Resolve places: a service's environments, and those of its scrape targets."""

from __future__ import annotations

from watchbill.errors import choose
from watchbill.language.base import Diagnostics
from watchbill.model.bundle import Environment, Scrape, ScrapeTargets
from watchbill.spec.platform import PlatformSpec
from watchbill.spec.service import ScrapeSpec, ServiceSpec


def link_environments(spec: ServiceSpec, platform: PlatformSpec, diagnostics: Diagnostics) -> tuple[Environment, ...]:
    """Find the environments that a service runs in: those that it names, or all."""
    names = spec.environments if spec.environments is not None else tuple(platform.environments)
    if not names:
        diagnostics.add(
            spec.span("environments"), "spec/empty", "a service in no environment", "name one, or remove the key"
        )
    for index, name in enumerate(names):
        if name not in platform.environments:
            diagnostics.add(
                spec.span("environments", index),
                "environment/unknown",
                f'environment "{name}" is unknown',
                choose(name, platform.environments),
            )
    known = sorted(set(names) & set(platform.environments))
    return tuple(Environment(n, platform.environments[n].clusters, platform.environments[n].pages) for n in known)


def link_scrape(job: str, scrape: ScrapeSpec, platform: PlatformSpec, diagnostics: Diagnostics) -> Scrape:
    """Find where a scrape job's targets run: an environment, and its cluster where it has several."""
    found = (_link_targets(place, scrape, platform, diagnostics) for place in scrape.targets)
    targets = [each for each in found if each is not None]
    return Scrape(
        job=job,
        interval=scrape.interval or platform.defaults.scrape_interval,
        path=scrape.path or ("/probe" if scrape.probe else "/metrics"),
        scheme=scrape.scheme,
        targets=tuple(sorted(targets, key=lambda t: (t.env, t.cluster))),
        prober=scrape.probe.exporter if scrape.probe else "",
        module=scrape.probe.module if scrape.probe else "",
    )


def _link_targets(
    place: str, scrape: ScrapeSpec, platform: PlatformSpec, diagnostics: Diagnostics
) -> ScrapeTargets | None:
    """Find where the targets of one place run; `None` where that is wrong."""
    span, addresses = scrape.span("targets", place, key=True), scrape.targets[place]
    env, _, cluster = place.partition("/")
    known = platform.environments.get(env)
    if known is None:
        todo = choose(env, platform.environments)
        diagnostics.add(span, "environment/unknown", f'environment "{env}" is unknown', todo)
        return None
    if not cluster and len(known.clusters) > 1:
        what, todo = f'environment "{env}" has several clusters', f"write {env}/{known.clusters[0]}"
        diagnostics.add(span, "environment/cluster-missing", what, todo)
        return None
    if cluster and cluster not in known.clusters:
        what, todo = f'"{env}" has no cluster "{cluster}"', choose(cluster, known.clusters)
        diagnostics.add(span, "environment/unknown-cluster", what, todo)
        return None
    index = next((i for i, address in enumerate(addresses) if "/" in address), None)
    if scrape.probe is None and index is not None:
        what = f'"{addresses[index]}" is a URL, and Prometheus scrapes a host and port'
        todo = "write host:port, and the rest as scheme and path; or probe it by an exporter"
        diagnostics.add(scrape.span("targets", place, index), "service/target-is-a-url", what, todo)
        return None
    return ScrapeTargets(env, cluster or known.clusters[0], addresses)
