"""Resolve names: what a spec tree says becomes typed things that know each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import islice
from pathlib import PurePosixPath
from typing import TypeVar

from watchbill import library
from watchbill.errors import DiagnosticLevel, Span, SpecError, choose
from watchbill.language.base import Authored, Diagnostics, read
from watchbill.link.alerts import validate_history
from watchbill.link.dashboards import require_unique_uids
from watchbill.link.deadline import validate_deadline
from watchbill.link.dependencies import validate_dependencies
from watchbill.link.drills import link_drills
from watchbill.link.linked import Linked, LinkedAlert, LinkedDrill, LinkedService, Registry
from watchbill.link.routing import validate_alerts, validate_platform
from watchbill.link.secrets import require_no_secrets
from watchbill.link.services import link_service
from watchbill.source import Document
from watchbill.source.text import Text
from watchbill.spec.drill import DrillSpec
from watchbill.spec.pack import PackSpec
from watchbill.spec.platform import PlatformSpec
from watchbill.spec.profile import ProfileSpec
from watchbill.spec.service import ServiceSpec

__all__ = ["Linked", "LinkedAlert", "LinkedDrill", "LinkedService", "link"]

Model = TypeVar("Model", bound=Authored)
MOST_UNFILLED = 100  # of a file; nobody reads more
_UNFILLED = re.compile(r"FILL IN: (?P<what>[^\"\n]{1,200})")
SHELVES = ("services", "profiles", "packs", "drills")


def link(documents: Iterable[Document]) -> Linked:
    """Read and resolve a spec tree; raises `SpecError` with all that is wrong in each phase."""
    diagnostics = Diagnostics()
    sorted_out = _sort_out(_require_filled(require_no_secrets(documents, diagnostics), diagnostics), diagnostics)
    profiles = _shelve(ProfileSpec, "profile", sorted_out["profiles"], diagnostics, shipped=_shipped_profiles())
    for name, profile in profiles.items():
        if profile is not _shipped_profiles().get(name):
            profile.check(diagnostics)
    packs = _shelve(PackSpec, "pack", sorted_out["packs"], diagnostics, shipped=_shipped_packs())
    platforms = [read(PlatformSpec, document, diagnostics) for document in sorted_out["platform"]]
    services = [(document, read(ServiceSpec, document, diagnostics)) for document in sorted_out["services"]]
    drills = [(document, read(DrillSpec, document, diagnostics)) for document in sorted_out["drills"]]
    _stop_if_fatal(diagnostics)
    platform = platforms[0]
    if platform is None:
        raise ValueError("a platform without faults was read")
    registry = Registry(profiles, packs)
    if platform.defaults.team not in platform.teams:
        span = platform.defaults.span("team")
        diagnostics.add(
            span,
            "team/unknown",
            f'team "{platform.defaults.team}" is unknown',
            choose(platform.defaults.team, platform.teams),
        )
    validate_platform(platform, diagnostics)
    linked = [
        link_service(spec, document, platform, registry, diagnostics=diagnostics) for document, spec in services if spec
    ]
    drilled = link_drills(((document, spec) for document, spec in drills if spec), platform, diagnostics)
    validate_alerts(platform, linked, diagnostics)
    validate_dependencies(linked, diagnostics)
    _require_own_targets(linked, diagnostics)
    require_unique_uids(linked, diagnostics)
    _require_own_jobs(linked, diagnostics)
    _warn_of_shared_targets(linked, diagnostics)
    _stop_if_fatal(diagnostics)
    # These two ask for example series, which conditions give once they have been accepted.
    validate_deadline(linked, platform, diagnostics)
    validate_history(linked, platform, diagnostics)
    _stop_if_fatal(diagnostics)
    in_order = tuple(sorted(linked, key=lambda s: s.spec.service))
    return Linked(platform, in_order, tuple(diagnostics.found), drilled)


def _stop_if_fatal(diagnostics: Diagnostics) -> None:
    if diagnostics.fatal:
        raise SpecError(diagnostics.found)


def _sort_out(documents: Iterable[Document], diagnostics: Diagnostics) -> dict[str, list[Document]]:
    """Tell what each document is by its place in the tree."""
    found: dict[str, list[Document]] = {"platform": [], **{registry: [] for registry in SHELVES}}
    root = "specs/platform.yaml"
    for document in documents:
        parts = PurePosixPath(document.pointer).parts[1:]
        if parts == ("platform.yaml",):
            found["platform"].append(document)
        elif len(parts) == 2 and parts[0] in SHELVES:
            found[parts[0]].append(document)
        else:
            what = f"a spec does not belong at {'/'.join(parts)}"
            registry = parts[0] if parts[0] in SHELVES else "services"
            todo = f"move it to {registry}/{parts[-1]}, or to platform.yaml, profiles/, packs/ or drills/"
            diagnostics.add(_start(document), "file/wrong-place", what, todo)
        root = document.path[: len(document.path) - len("/".join(parts))] + "platform.yaml"
    if not found["platform"]:
        diagnostics.add(
            Span(root, 1, 1, 1, 1),
            "platform/missing",
            "the platform's spec is missing",
            "write it: teams, environments, urls, defaults",
        )
    elif not found["services"]:
        services = f"{root.removesuffix('platform.yaml')}services"
        diagnostics.add(
            Span(root, 1, 1, 1, 1), "service/none", "there is no service to compile", f"write {services}/<name>.yaml"
        )
    return found


def _require_own_jobs(services: Iterable[LinkedService], diagnostics: Diagnostics) -> None:
    seen: dict[str, Span] = {}
    for service in services:
        for job in service.spec.scrape:
            span = service.spec.span("scrape", job, key=True)
            if job in seen:
                todo = "give it another name, and the target of its signals the same"
                diagnostics.add(span, "spec/name-taken", f'scrape job "{job}" stands at {seen[job]} already', todo)
            seen.setdefault(job, span)


def _warn_of_shared_targets(services: Iterable[LinkedService], diagnostics: Diagnostics) -> None:
    seen: dict[tuple[tuple[str, str], ...], LinkedService] = {}
    for service in services:
        target = tuple(sorted(service.spec.target.items()))
        other = seen.setdefault(target, service)
        if other is not service:
            what = (
                f'"{service.spec.service}" selects the same target as "{other.spec.service}", so each fault tells twice'
            )
            diagnostics.add(
                service.spec.span("target"),
                "service/shared-target",
                what,
                "give each its own target",
                level=DiagnosticLevel.WARNING,
            )


def _start(document: Document) -> Span:
    return Span(document.path, 1, 1, 1, 1)


@cache
def _shipped_profiles() -> Mapping[str, ProfileSpec]:
    """Read the profiles that are shipped, once: they stay as they are while this program runs."""
    diagnostics = Diagnostics()
    registry = _shelve(ProfileSpec, "profile", library.documents("profiles"), diagnostics)
    for profile in registry.values():
        profile.check(diagnostics)
    _stop_if_fatal(diagnostics)
    return registry


@cache
def _shipped_packs() -> Mapping[str, PackSpec]:
    diagnostics = Diagnostics()
    registry = _shelve(PackSpec, "pack", library.documents("packs"), diagnostics)
    _stop_if_fatal(diagnostics)
    return registry


def _shelve(
    model: type[Model],
    word: str,
    documents: Iterable[Document],
    diagnostics: Diagnostics,
    *,
    shipped: Mapping[str, Model] | None = None,
) -> dict[str, Model]:
    """Read profiles or packs beside those that are shipped; each is named as its file, and no name is given twice."""
    registry: dict[str, Model] = {**(shipped or {})}
    for document in documents:
        spec = read(model, document, diagnostics)
        if spec is None:
            continue
        name = str(getattr(spec, word))
        if PurePosixPath(document.pointer).stem != name:
            diagnostics.add(
                spec.span(word),
                "file/name-differs",
                f'{word} "{name}" stands in a file of another name',
                f"call the file {name}.yaml",
            )
        if name in registry:
            diagnostics.add(
                spec.span(word),
                "spec/name-taken",
                f'{word} "{name}" exists already',
                "choose another name; change single alerts by override",
            )
        registry[name] = spec
    return registry


def _require_own_targets(services: Iterable[LinkedService], diagnostics: Diagnostics) -> None:
    seen: dict[str, Span] = {}
    for service in services:
        name, span = service.spec.service, service.spec.span("service")
        if name in seen:
            diagnostics.add(
                span,
                "spec/name-taken",
                f'service "{name}" stands at {seen[name]} already',
                "give each service one file",
            )
        seen.setdefault(name, span)


def _require_filled(documents: Iterable[Document], diagnostics: Diagnostics) -> tuple[Document, ...]:
    """Note each line that is still to be written; return the documents in which there is none."""
    filled = []
    for document in documents:
        text, found = Text(document.path, document.text), list(islice(_UNFILLED.finditer(document.text), MOST_UNFILLED))
        for match in found:
            what = f"the skeleton is not filled in: {match['what'].strip()}"
            diagnostics.add(text.between(*match.span()), "skeleton/unfilled", what, "write it")
        filled += [] if found else [document]
    return tuple(filled)
