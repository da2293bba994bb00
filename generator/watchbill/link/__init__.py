"""Resolve names: what a spec tree says becomes typed things that know each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import PurePosixPath
from typing import TypeVar

from watchbill import library
from watchbill.errors import Level, Span, SpecError, choose
from watchbill.language.base import Authored, Faults, read
from watchbill.link.dashboards import refuse_shared_uids
from watchbill.link.deadline import judge_deadline
from watchbill.link.dependencies import judge_dependencies
from watchbill.link.drills import link_drills
from watchbill.link.history import judge_history
from watchbill.link.linked import Linked, LinkedAlert, LinkedDrill, LinkedService, Shelf
from watchbill.link.routing import judge_alerts, judge_platform
from watchbill.link.secrets import refuse_secrets
from watchbill.link.services import link_service
from watchbill.link.unfilled import refuse_unfilled
from watchbill.source import Document
from watchbill.spec.drill import DrillSpec
from watchbill.spec.pack import PackSpec
from watchbill.spec.platform import PlatformSpec
from watchbill.spec.profile import ProfileSpec
from watchbill.spec.service import ServiceSpec

__all__ = ["Linked", "LinkedAlert", "LinkedDrill", "LinkedService", "link"]

Model = TypeVar("Model", bound=Authored)
SHELVES = ("services", "profiles", "packs", "drills")


def link(documents: Iterable[Document]) -> Linked:
    """Read and resolve a spec tree; raises `SpecError` with all that is wrong in each phase."""
    faults = Faults()
    sorted_out = _sort_out(refuse_unfilled(refuse_secrets(documents, faults), faults), faults)
    profiles = _shelve(ProfileSpec, "profile", sorted_out["profiles"], faults, shipped=_shipped_profiles())
    for name, profile in profiles.items():
        if profile is not _shipped_profiles().get(name):
            profile.check(faults)
    packs = _shelve(PackSpec, "pack", sorted_out["packs"], faults, shipped=_shipped_packs())
    platforms = [read(PlatformSpec, document, faults) for document in sorted_out["platform"]]
    services = [(document, read(ServiceSpec, document, faults)) for document in sorted_out["services"]]
    drills = [(document, read(DrillSpec, document, faults)) for document in sorted_out["drills"]]
    _stop_if_fatal(faults)
    platform = platforms[0]
    if platform is None:
        raise ValueError("a platform without faults was read")
    shelf = Shelf(profiles, packs)
    if platform.defaults.team not in platform.teams:
        span = platform.defaults.span("team")
        faults.add(
            span,
            f'team "{platform.defaults.team}" is unknown',
            choose(platform.defaults.team, platform.teams),
        )
    judge_platform(platform, faults)
    linked = [link_service(spec, document, platform, shelf, faults=faults) for document, spec in services if spec]
    drilled = link_drills(((document, spec) for document, spec in drills if spec), platform, faults)
    judge_alerts(platform, linked, faults)
    judge_dependencies(linked, faults)
    _refuse_twins(linked, faults)
    refuse_shared_uids(linked, faults)
    _refuse_shared_jobs(linked, faults)
    _warn_of_shared_targets(linked, faults)
    _stop_if_fatal(faults)
    # These two ask for witnesses, which conditions give once they have been accepted.
    judge_deadline(linked, platform, faults)
    judge_history(linked, platform, faults)
    _stop_if_fatal(faults)
    in_order = tuple(sorted(linked, key=lambda s: s.spec.service))
    return Linked(platform, in_order, tuple(faults.found), drilled)


def _stop_if_fatal(faults: Faults) -> None:
    if faults.fatal:
        raise SpecError(faults.found)


def _sort_out(documents: Iterable[Document], faults: Faults) -> dict[str, list[Document]]:
    """Tell what each document is by its place in the tree."""
    found: dict[str, list[Document]] = {"platform": [], **{shelf: [] for shelf in SHELVES}}
    root = "specs/platform.yaml"
    for document in documents:
        parts = PurePosixPath(document.pointer).parts[1:]
        if parts == ("platform.yaml",):
            found["platform"].append(document)
        elif len(parts) == 2 and parts[0] in SHELVES:
            found[parts[0]].append(document)
        else:
            what = f"a spec does not belong at {'/'.join(parts)}"
            shelf = parts[0] if parts[0] in SHELVES else "services"
            todo = f"move it to {shelf}/{parts[-1]}, or to platform.yaml, profiles/, packs/ or drills/"
            faults.add(_start(document), what, todo)
        root = document.path[: len(document.path) - len("/".join(parts))] + "platform.yaml"
    if not found["platform"]:
        faults.add(
            Span(root, 1, 1, 1, 1),
            "the platform's spec is missing",
            "write it: teams, environments, urls, defaults",
        )
    elif not found["services"]:
        services = f"{root.removesuffix('platform.yaml')}services"
        faults.add(Span(root, 1, 1, 1, 1), "there is no service to compile", f"write {services}/<name>.yaml")
    return found


def _refuse_shared_jobs(services: Iterable[LinkedService], faults: Faults) -> None:
    seen: dict[str, Span] = {}
    for service in services:
        for job in service.spec.scrape:
            span = service.spec.span("scrape", job, key=True)
            if job in seen:
                todo = "give it another name, and the target of its signals the same"
                faults.add(span, f'scrape job "{job}" stands at {seen[job]} already', todo)
            seen.setdefault(job, span)


def _warn_of_shared_targets(services: Iterable[LinkedService], faults: Faults) -> None:
    seen: dict[tuple[tuple[str, str], ...], LinkedService] = {}
    for service in services:
        target = tuple(sorted(service.spec.target.items()))
        other = seen.setdefault(target, service)
        if other is not service:
            what = (
                f'"{service.spec.service}" selects the same target as "{other.spec.service}", so each fault tells twice'
            )
            faults.add(service.spec.span("target"), what, "give each its own target", level=Level.WARNING)


def _start(document: Document) -> Span:
    return Span(document.path, 1, 1, 1, 1)


@cache
def _shipped_profiles() -> Mapping[str, ProfileSpec]:
    """Read the profiles that are shipped, once: they stay as they are while this program runs."""
    faults = Faults()
    shelf = _shelve(ProfileSpec, "profile", library.documents("profiles"), faults)
    for profile in shelf.values():
        profile.check(faults)
    _stop_if_fatal(faults)
    return shelf


@cache
def _shipped_packs() -> Mapping[str, PackSpec]:
    faults = Faults()
    shelf = _shelve(PackSpec, "pack", library.documents("packs"), faults)
    _stop_if_fatal(faults)
    return shelf


def _shelve(
    model: type[Model],
    word: str,
    documents: Iterable[Document],
    faults: Faults,
    *,
    shipped: Mapping[str, Model] | None = None,
) -> dict[str, Model]:
    """Read profiles or packs beside those that are shipped; each is named as its file, and no name is given twice."""
    shelf: dict[str, Model] = {**(shipped or {})}
    for document in documents:
        spec = read(model, document, faults)
        if spec is None:
            continue
        name = str(getattr(spec, word))
        if PurePosixPath(document.pointer).stem != name:
            faults.add(
                spec.span(word),
                f'{word} "{name}" stands in a file of another name',
                f"call the file {name}.yaml",
            )
        if name in shelf:
            faults.add(
                spec.span(word),
                f'{word} "{name}" exists already',
                "choose another name; change single alerts by override",
            )
        shelf[name] = spec
    return shelf


def _refuse_twins(services: Iterable[LinkedService], faults: Faults) -> None:
    seen: dict[str, Span] = {}
    for service in services:
        name, span = service.spec.service, service.spec.span("service")
        if name in seen:
            faults.add(span, f'service "{name}" stands at {seen[name]} already', "give each service one file")
        seen.setdefault(name, span)
