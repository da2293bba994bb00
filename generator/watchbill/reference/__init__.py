"""The reference for authors: a page for everything that they may name, made of the code and of compiled examples."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from watchbill import naming
from watchbill.errors import UsageError, choose
from watchbill.reference import markdown
from watchbill.reference.terminal import terminal

SITE = naming.REFERENCE_PAGE.removesuffix(markdown.INDEX)

_UNSEARCHED = "---\nsearch: {exclude: true}\n---\n"
_LEAD = (
    "What authors may write, and what comes of it. Every page is generated: fields come from the compiler's own "
    "models, and every example is compiled, so that rules, sentences and panels are what you would get."
)


def sections() -> tuple[ModuleType, ...]:
    """Find the modules of this room that have pages, by their titles."""
    entries = (importlib.import_module(f"{__name__}.{entry.name}") for entry in pkgutil.iter_modules(__path__))
    return tuple(sorted((module for module in entries if hasattr(module, "TITLE")), key=lambda module: module.TITLE))


def page(section: str, name: str) -> str:
    """Write one page for a terminal; raises `UsageError` with the choices where there is none of that name."""
    module = importlib.import_module(f"{__name__}.{section}")
    if name not in module.names():
        raise UsageError(f'{module.TITLE} of the reference have no "{name}"; {choose(name, module.names())}')
    return terminal(module.page(name))


@cache
def render() -> dict[str, str]:
    """Render all pages, and the one that links them; paths are below `docs/reference`, sorted."""
    found: dict[str, dict[str, str]] = {module.TITLE: dict(sorted(_written(module).items())) for module in sections()}
    pages = {path: text for each in found.values() for path, text in each.items()}
    return dict(sorted({**pages, markdown.INDEX: markdown.index(found, _LEAD)}.items()))


def _written(module: ModuleType) -> dict[str, str]:
    """Write the pages of a section: one for each of its names, unless it puts several on a page by its `render`."""
    if hasattr(module, "render"):
        found: dict[str, str] = module.render()
        return found
    return markdown.written(tuple(map(module.page, module.names())))


def of_site() -> dict[str, str]:
    """Render the same pages where the runbook site has them; its search skips them, as it is for alerts."""
    return {f"{SITE}{path}": f"{_UNSEARCHED}{text}" for path, text in render().items()}
