"""A page for each output: what it writes, who reads that, and what checks it."""

from __future__ import annotations

import re
from functools import cache
from types import ModuleType

from watchbill import outputs
from watchbill.reference.house import house
from watchbill.reference.page import Block, Facts, Heading, Listing, Page, Text, paragraphs

TITLE = "Outputs"
LABELS = {"Read by", "Checked by"}
_FACT = re.compile(r"^(Read by|Checked by): (.+)$", re.DOTALL)


@cache
def _modules() -> dict[str, ModuleType]:
    return dict(sorted(outputs.modules()))


def names() -> tuple[str, ...]:
    """List the outputs, sorted."""
    return tuple(_modules())


def page(name: str) -> Page:
    """Tell of an output; the paths are those of the example house."""
    module = _modules()[name]
    texts = paragraphs(module.__doc__)
    facts = [match for text in texts if (match := _FACT.match(text.text))]
    for label in LABELS - {match[1] for match in facts}:
        raise ValueError(f'watchbill/outputs/{name}: its docstring has no paragraph "{label}: …"; write one')
    blocks: tuple[Block, ...] = (
        *(text for text in texts if not _FACT.match(text.text)),
        Facts(tuple((match[1], match[2]) for match in facts)),
        Heading("Files"),
        Text("Of the example house (one service, one runbook), below `out/`."),
        Listing("\n".join(sorted(module.render(house()))), "text"),
    )
    return Page(f"outputs/{name}.md", name, blocks)
