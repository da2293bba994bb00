"""The Prometheus programs that check what we compile: where they are, and how they get here.

`find` and `ensure` serve the commands, `generation` serves the tests, `fetch` and `table` serve
`watchbill tools`. Nothing here decides whether a rule is right; that is for promtool and amtool.
"""

from __future__ import annotations

from watchbill.tools.fetch import fetch
from watchbill.tools.generations import GENERATIONS, Generation, generation
from watchbill.tools.lookup import ensure, find
from watchbill.tools.place import checkout_root
from watchbill.tools.report import as_json, table
from watchbill.tools.version import MINIMUM, Tool, Version

__all__ = [
    "GENERATIONS",
    "MINIMUM",
    "Generation",
    "Tool",
    "Version",
    "as_json",
    "checkout_root",
    "ensure",
    "fetch",
    "find",
    "generation",
    "table",
]
