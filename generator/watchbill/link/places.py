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
    targets = []
    for place, addresses in scrape.targets.items():
        env, _, cluster = place.partition("/")
        known = platform.environments.get(env)
        if known is None:
            diagnostics.add(
                scrape.span("targets", place, key=True),
                "environment/unknown",
                f'environment "{env}" is unknown',
                choose(env, platform.environments),
            )
        elif not cluster and len(known.clusters) > 1:
            diagnostics.add(
                scrape.span("targets", place, key=True),
                "environment/cluster-missing",
                f'environment "{env}" has several clusters',
                f"write {env}/{known.clusters[0]}",
            )
        elif cluster and cluster not in known.clusters:
            diagnostics.add(
                scrape.span("targets", place, key=True),
                "environment/unknown-cluster",
                f'"{env}" has no cluster "{cluster}"',
                choose(cluster, known.clusters),
            )
        elif scrape.probe is None and any("/" in address for address in addresses):
            index = next(i for i, address in enumerate(addresses) if "/" in address)
            diagnostics.add(
                scrape.span("targets", place, index),
                "service/target-is-a-url",
                f'"{addresses[index]}" is a URL, and Prometheus scrapes a host and port',
                "write host:port, and the rest as scheme and path; or probe it by an exporter",
            )
        else:
            targets.append(ScrapeTargets(env, cluster or known.clusters[0], addresses))
    return Scrape(
        job=job,
        interval=scrape.interval or platform.defaults.scrape_interval,
        path=scrape.path or ("/probe" if scrape.probe else "/metrics"),
        scheme=scrape.scheme,
        targets=tuple(sorted(targets, key=lambda t: (t.env, t.cluster))),
        prober=scrape.probe.exporter if scrape.probe else "",
        module=scrape.probe.module if scrape.probe else "",
    )
